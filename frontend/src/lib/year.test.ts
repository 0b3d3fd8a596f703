import { describe, expect, it } from 'vitest'
import { cells, dayRange, days, daysIn, scaleEnds, yearRange } from './year'

const at = (month: number, day: number, hour: number) => new Date(2007, month - 1, day, hour).getTime()

describe('a year', () => {
  it('has its days, and they their hours', () => {
    expect([daysIn(2007), daysIn(2024)]).toEqual([365, 366])
    const { from, to } = yearRange(2007)
    expect(to - from).toBe(365 * 86_400_000)
    expect(dayRange(2007, 1)).toEqual({ from: at(1, 2, 0), to: at(1, 3, 0) })
  })

  it('is made of hours; what is silent or of another year is left out', () => {
    const points: [number, number | null][] = [
      [at(1, 1, 5), 7],
      [at(1, 1, 5) + 60_000, 9],
      [at(1, 1, 6), null],
      [at(12, 31, 23), 3],
      [new Date(2008, 0, 1).getTime(), 1],
    ]
    expect(cells(points, 2007)).toEqual([
      [0, 5, 8],
      [364, 23, 3],
    ])
  })

  it('tells of each day its mean and its highest hour', () => {
    const all = cells(
      [
        [at(2, 1, 8), 2],
        [at(2, 1, 9), 6],
        [at(1, 31, 0), 1],
      ],
      2007,
    )
    expect(days(all)).toEqual([
      { number: 30, mean: 1, hour: 0, peak: 1 },
      { number: 31, mean: 4, hour: 9, peak: 6 },
    ])
  })

  it('is scaled without its outliers, and by what flows back', () => {
    const many = Array.from({ length: 200 }, (_, n): [number, number, number] => [n, 0, n === 7 ? 999 : n])
    expect(scaleEnds(many)).toEqual([0, 198])
    expect(scaleEnds([[0, 0, -5]])[0]).toBe(-5)
    expect(scaleEnds([])).toEqual([0, 1])
  })
})
