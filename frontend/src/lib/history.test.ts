import { describe, expect, it } from 'vitest'
import type { ReadingProps } from '@/props'
import {
  asSeries,
  type Band,
  bands,
  barSeconds,
  completeness,
  earlierMs,
  figures,
  gaps,
  nearest,
  offered,
  outlined,
  readBefore,
  readField,
  readFields,
  type Series,
  summands,
  together,
  withTotal,
} from './history'

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

const METER = { uuid: 'u', name: '' }

describe('bands', () => {
  it('give the envelope as foot and height', () => {
    expect(bands(series([10, 11], [5, null]), 'power_w', METER)[0]).toEqual({
      key: 'u/L1',
      name: 'L1',
      place: 0,
      ofAll: false,
      stepMs: 1000,
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
    const [slow] = bands(series([0, 1, 900, 901], [1, 1, 1, null]), 'power_w', METER)
    expect(slow?.mean.map(([, value]) => value)).toEqual([1, 1, 1, null])
  })

  it('have nothing of a field that was not asked', () => {
    expect(bands(series([1], [1]), 'voltage_v', METER)[0]?.mean).toEqual([[1000, null]])
  })
})

describe('an outline', () => {
  const drawn = (values: (number | null)[], most: number) => {
    const [band] = bands(series([...values.keys()], values), 'power_w', METER)
    const { foot, height } = outlined(band as Band, most)
    return foot.map(([at, low], index) => {
      const tall = height[index]?.[1] ?? null
      return [at, low, low === null || tall === null ? null : low + tall]
    })
  }

  it('covers neighbours together, all extremes among them', () => {
    expect(drawn([5, 9, 7, 1, 3], 3)).toEqual([
      [500, 4, 11],
      [2500, 0, 9],
      [4000, 2, 5],
    ])
  })

  it('keeps gaps, and reaches over none', () => {
    expect(drawn([5, null, 7, 1, null, null], 3)).toEqual([
      [0, 4, 7],
      [1000, null, null],
      [2500, 0, 9],
      [4000, null, null],
      [5000, null, null],
    ])
  })

  it('of few points is as they are', () => {
    expect(drawn([5, null], 2)).toEqual([
      [0, 4, 7],
      [1000, null, null],
    ])
  })
})

describe('figures', () => {
  const of = (values: (number | null)[], field: 'power_w' | 'energy_wh') =>
    bands(series([1, 2, 3], values), field, METER).map(figures)[0]

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
  expect(completeness([{ ...one, phases: [...one.phases, other] }])).toBe(0.75)
  expect(completeness([{ ...one, phases: [] }])).toBeNull()
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
  expect(readFields('voltage_v,secret,power_w')).toEqual(['power_w', 'voltage_v'])
  expect(readFields('')).toEqual(['power_w'])
})

it('names the lines of several devices, each with a colour and, of the range before, moved', () => {
  const [band] = bands(series([10], [5]), 'power_w', { uuid: 'u', name: 'Roof' }, 3, 1000)
  expect(band).toMatchObject({ key: 'u/L1', name: 'Roof · L1', place: 3, mean: [[11_000, 5]] })
})

it('takes what devices give together as the series of one', () => {
  const total = { from: '', to: '', step_s: 900, tier: '5m', columns: [], completeness: 0.5 }
  const made = asSeries({ ...total, ts: [900], power_w: { avg: [7], min: [6], max: [9] } })
  const [band] = bands(made, 'power_w', { uuid: null, name: 'Campus' })
  expect(band).toMatchObject({ key: '/', name: 'Campus', mean: [[900_000, 7]], height: [[900_000, 3]] })
  expect(bands(made, 'current_a', METER)[0]?.mean).toEqual([[900_000, null]])
  expect(completeness([made])).toBe(0.5)
})

describe('the nearest point', () => {
  const points: [number, number | null][] = [
    [0, 1],
    [10, null],
    [20, 3],
  ]
  it.each([
    [4, 0],
    [16, 2],
    [-3, 0],
    [24, 2],
    [40, -1],
    [10, -1],
  ])('to %d is number %d', (at, index) => {
    expect(nearest(points, at, 9)).toBe(index)
  })
  it('is the nearer of two that a line joins', () => {
    const joined: [number, number | null][] = [
      [0, 1],
      [100, 2],
      [200, null],
    ]
    expect([40, 60, 108, 150].map((at) => nearest(joined, at, 9))).toEqual([0, 1, 1, -1])
  })
})

describe('gaps', () => {
  const of = (minutes: number[], values: (number | null)[]) =>
    bands(
      {
        ...series(
          minutes.map((minute) => minute * 60),
          values,
        ),
        step_s: 60,
      },
      'power_w',
      METER,
    )
  const MIN = 60_000
  const found = (drawn: ReturnType<typeof of>, to: number, now = to) =>
    gaps(drawn, { from: 0, to: to * MIN }, now * MIN).map(({ from, to }) => [from / MIN, to / MIN])

  it('are before the first reading, where it was silent, and after the last', () => {
    expect(found(of([5, 6, 7, 20, 21], [1, 1, null, 1, 1]), 30)).toEqual([
      [0, 5],
      [7, 20],
      [22, 30],
    ])
  })
  it('are not of the future, nor where the first or next reading may be on its way', () => {
    expect(found(of([1, 2, 3, 4], [1, 1, 1, 1]), 30, 7)).toEqual([])
  })
  it('are all that the server tells, be they shorter than two steps', () => {
    expect(found(of([0, 1, 2, 4], [1, 1, null, 1]), 5)).toEqual([[2, 4]])
  })
  it('are where all lines are silent', () => {
    expect(found([...of([0, 10], [1, 1]), ...of([11, 30], [1, 1])], 30)).toEqual([])
  })
})

it('sums what lines give together, and knows nothing where none does', () => {
  const [one, other] = [series([1, 2, 3], [1, null, 3]), series([2, 3, 4], [null, 4, 5])]
  const all = [one, other].flatMap((each) => bands(each, 'power_w', METER))
  expect(together(all)).toEqual([
    [1000, 1],
    [2000, null],
    [3000, 7],
    [4000, 5],
  ])
})

it('adds up devices, or takes the organization that holds them', () => {
  const [device] = bands(series([1], [1]), 'energy_wh', METER)
  const [whole] = bands(series([1], [9]), 'energy_wh', { uuid: null, name: 'Campus' })
  expect(summands([device as Band, device as Band])).toHaveLength(2)
  expect(summands([device as Band, whole as Band])).toEqual([whole])
})

describe('what phases give together', () => {
  const phases = (...all: [number[], (number | null)[]][]) =>
    all.flatMap(([ts, avg], place) => bands(series(ts, avg), 'power_w', METER, place))

  it('is told where all of them tell', () => {
    const [, , total] = withTotal(
      phases(
        [
          [1, 2, 3],
          [1, 2, null],
        ],
        [
          [1, 2, 4],
          [10, 20, 40],
        ],
      ),
      'power_w',
      METER,
    )
    expect(total).toMatchObject({
      key: 'u/total',
      name: 'Total',
      place: 2,
      foot: [
        [1000, null],
        [2000, null],
        [3000, null],
        [4000, null],
      ],
    })
    expect(total?.mean).toEqual([
      [1000, 11],
      [2000, 22],
      [3000, null],
      [4000, null],
    ])
  })
  it('is nothing of one, of what does not add up, and of phases that tell at other times', () => {
    const two = phases(
      [
        [1, 2],
        [1, 2],
      ],
      [
        [1, 2],
        [1, 2],
      ],
    )
    expect(withTotal(two.slice(1), 'power_w', METER)).toHaveLength(1)
    expect(withTotal(two, 'voltage_v', METER)).toHaveLength(2)
    expect(
      withTotal(
        phases(
          [
            [1, 3],
            [1, 2],
          ],
          [
            [2, 4],
            [1, 2],
          ],
        ),
        'power_w',
        METER,
      ),
    ).toHaveLength(2)
    expect(withTotal([], 'power_w', METER)).toEqual([])
  })
})

it('gives bars lengths that people reckon with', () => {
  const hours = [1, 6, 24, 24 * 7, 24 * 30, 24 * 365, 24 * 3650]
  const found = (width: number) =>
    hours.map((hour) => barSeconds({ from: 0, to: hour * 3_600_000 }, width) / 3600)
  expect(found(1200)).toEqual([1 / 12, 1 / 12, 1 / 4, 1, 24, 24 * 7, 24 * 28])
  expect(found(330)).toEqual([1 / 12, 1 / 4, 1, 24, 24, 24 * 7, 24 * 28])
})

it('compares by the calendar', () => {
  const from = new Date(2026, 9, 28, 12).getTime()
  const back = (before: Parameters<typeof earlierMs>[1]) =>
    new Date(from - earlierMs({ from, to: from + 1 }, before))
  expect([back('day').getDate(), back('day').getHours()]).toEqual([27, 12])
  expect([back('week').getDate(), back('week').getHours()]).toEqual([21, 12])
  expect(back('year').getDay()).toBe(new Date(from).getDay())
  expect(earlierMs({ from, to: from + 1 }, 'none')).toBe(0)
  expect([readBefore('week'), readBefore('ever'), readBefore(null)]).toEqual(['week', 'none', 'none'])
})
