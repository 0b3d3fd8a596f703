import { describe, expect, it } from 'vitest'
import {
  bands,
  dotted,
  type Point,
  type Series,
  shifted,
  sparkPath,
  statistics,
  usualStep,
  Window,
  zoomed,
} from './series'

it('draws a point without a neighbour as a dot', () => {
  const points: Point[] = [
    [1, 5],
    [2, null],
    [3, 6],
    [4, 7],
  ]
  const [lone, ...others] = dotted(points)
  expect(lone).toMatchObject({ value: [1, 5], symbol: 'circle' })
  expect(others).toEqual(points.slice(1))
})

describe('Window', () => {
  it('forgets what is older, but keeps the line reaching its edge', () => {
    const window = new Window(10_000, 5_000)
    for (let at = 0; at <= 20_000; at += 1000) window.push(at, at)
    expect(window.points[0]?.[0]).toBe(9000)
    expect(window.points.at(-1)?.[0]).toBe(20_000)
  })

  it('ignores a repeated or late point', () => {
    const window = new Window(10_000, 5_000)
    expect([window.push(5, 1), window.push(5, 2), window.push(4, 3)]).toEqual([true, false, false])
    expect(window.points).toEqual([[5, 1]])
  })

  it('breaks the line over a silence', () => {
    const window = new Window(100_000, 5_000)
    window.push(0, 1)
    window.push(20_000, 2)
    expect(window.points).toEqual([
      [0, 1],
      [1, null],
      [20_000, 2],
    ])
  })
})

describe('statistics', () => {
  it('leaves gaps out', () => {
    const points: Point[] = [
      [0, 1],
      [1, null],
      [2, 5],
    ]
    expect(statistics(points)).toEqual({ min: 1, mean: 3, max: 5 })
    expect(statistics([[0, null]])).toBeNull()
  })
})

describe('sparkPath', () => {
  it('starts a new stroke after a gap', () => {
    const path = sparkPath(
      [
        [0, 0],
        [1, null],
        [2, 10],
      ],
      100,
      20,
    )
    expect(path).toBe('M0.0 20.0M100.0 0.0')
  })

  it('draws nothing of a single point', () => {
    expect(sparkPath([[0, 1]], 10, 10)).toBe('')
  })
})

const column = (...values: (number | null)[]) => ({
  avg: values,
  min: values.map((value) => (value === null ? null : value - 1)),
  max: values.map((value) => (value === null ? null : value + 2)),
})

function series(ts: number[], values: (number | null)[], step_s: number): Series {
  const one = column(...values)
  const phases = [{ phase: 'L1', ts, power_w: one, current_a: one, voltage_v: one }]
  return { from: '', to: '', step_s, tier: 'raw', columns: [], phases }
}

describe('bands', () => {
  it('gives the envelope as foot and height', () => {
    const [band] = bands(series([10, 11], [5, null], 1), 'power_w')
    expect(band).toEqual({
      phase: 'L1',
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

  it('breaks over a silence but not over a slow meter', () => {
    const silent = bands(series([0, 1, 2, 100, 101], [1, 1, 1, 1, 1], 1), 'power_w')
    expect(silent[0]?.mean.filter(([, value]) => value === null)).toHaveLength(1)
    const slow = bands(series([0, 900, 1800], [1, 1, 1], 1), 'power_w')
    expect(slow[0]?.mean.filter(([, value]) => value === null)).toHaveLength(0)
  })
})

describe('ranges', () => {
  it('zooms about the middle and not below 10 s', () => {
    expect(zoomed({ from: 0, to: 100_000 }, 0.5)).toEqual({ from: 25_000, to: 75_000 })
    expect(zoomed({ from: 0, to: 10_000 }, 0.5)).toEqual({ from: 0, to: 10_000 })
  })

  it('shifts by a share of the length', () => {
    expect(shifted({ from: 0, to: 100 }, -0.5)).toEqual({ from: -50, to: 50 })
  })

  it('knows the usual step', () => {
    expect([usualStep([]), usualStep([0, 60, 120, 900])]).toEqual([0, 60])
  })
})
