import { describe, expect, it } from 'vitest'
import type { ReadingProps } from '@/props'
import { bands, completeness, figures, offered, readField, type Series } from './history'

function series(ts: number[], avg: (number | null)[]): Series {
  const power_w = {
    avg,
    min: avg.map((value) => (value === null ? null : value - 1)),
    max: avg.map((value) => (value === null ? null : value + 2)),
  }
  const energy_wh = { avg, min: avg.map(() => null), max: avg.map(() => null) }
  const phases = [{ phase: 'L1', completeness: 0.5, ts, power_w, energy_wh }]
  return { from: '', to: '', step_s: 1, tier: 'raw', columns: [], phases }
}

describe('bands', () => {
  it('give the envelope as foot and height', () => {
    expect(bands(series([10, 11], [5, null]), 'power_w')[0]).toEqual({
      phase: 'L1',
      place: 0,
      mean: [
        [10_000, 5],
        [11_000, null],
      ],
      foot: [
        [10_000, 4],
        [11_000, null],
      ],
      height: [
        [10_000, 3],
        [11_000, null],
      ],
    })
  })

  it('break where the server says, however far apart readings are', () => {
    const [slow] = bands(series([0, 1, 900, 901], [1, 1, 1, null]), 'power_w')
    expect(slow?.mean.map(([, value]) => value)).toEqual([1, 1, 1, null])
  })

  it('have nothing of a field that was not asked', () => {
    expect(bands(series([1], [1]), 'voltage_v')[0]?.mean).toEqual([[1000, null]])
  })
})

describe('figures', () => {
  const of = (values: (number | null)[], field: 'power_w' | 'energy_wh') =>
    bands(series([1, 2, 3], values), field).map(figures)[0]

  it('reach from the least to the greatest that was measured', () => {
    expect(of([5, null, 7], 'power_w')).toEqual({ low: 4, mean: 6, high: 9, sum: 12 })
  })

  it('go by the means where there is no envelope, and are none of nothing', () => {
    expect(of([5, null, 7], 'energy_wh')).toMatchObject({ low: 5, high: 7, sum: 12 })
    expect(of([null, null, null], 'power_w')).toBeNull()
  })
})

it('tells the completeness over all phases', () => {
  const one = series([1], [1])
  const other = { ...one.phases[0], phase: 'L2', ts: [1], completeness: 1 }
  expect(completeness({ ...one, phases: [...one.phases, other] })).toBe(0.75)
  expect(completeness({ ...one, phases: [] })).toBeNull()
})

it('offers what a device reports, and what the address names', () => {
  const reading = { power_factor: null, frequency_hz: 50, temperature_c: null } as ReadingProps
  expect(offered([reading], 'power_w')).toEqual([
    'power_w',
    'energy_wh',
    'current_a',
    'voltage_v',
    'frequency_hz',
  ])
  expect(offered([], 'temperature_c')).toContain('temperature_c')
  expect([readField('energy_wh'), readField('secret'), readField(null)]).toEqual([
    'energy_wh',
    'power_w',
    'power_w',
  ])
})
