/** A year as a field of days and hours; pure. Days and hours are those of the viewer's zone. */

import type { Point, Range } from './series'

/** The mean of an hour of a day: [number of the day in the year, hour, value]. */
export type Cell = [day: number, hour: number, value: number]

export const yearRange = (year: number): Range => ({
  from: new Date(year, 0, 1).getTime(),
  to: new Date(year + 1, 0, 1).getTime(),
})

/** The day of a year by its number, from 0. */
export const dayOf = (year: number, number: number): Date => new Date(year, 0, 1 + number)

export const daysIn = (year: number): number => numberOf(new Date(year, 11, 31)) + 1

// By the calendar, for not all days have 24 hours.
const numberOf = (at: Date): number =>
  Math.round(
    (Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) - Date.UTC(at.getFullYear(), 0, 1)) / 86_400_000,
  )

/** Hourly values as cells of a year; an hour that clocks repeat is the mean of both. */
export function cells(points: readonly Point[], year: number): Cell[] {
  const found = new Map<number, { sum: number; count: number }>()
  for (const [at, value] of points) {
    const when = new Date(at)
    if (value === null || when.getFullYear() !== year) continue
    const key = numberOf(when) * 24 + when.getHours()
    const cell = found.get(key) ?? { sum: 0, count: 0 }
    found.set(key, { sum: cell.sum + value, count: cell.count + 1 })
  }
  return [...found].map(([key, { sum, count }]) => [Math.floor(key / 24), key % 24, sum / count])
}

export interface Day {
  number: number
  mean: number
  /** Its hour of the highest value, and that value. */
  hour: number
  peak: number
}

/** The days that have any hour, in their order. */
export function days(all: readonly Cell[]): Day[] {
  const found = new Map<number, Cell[]>()
  for (const cell of all) {
    const own = found.get(cell[0])
    if (own) own.push(cell)
    else found.set(cell[0], [cell])
  }
  return [...found]
    .sort(([one], [other]) => one - other)
    .map(([number, own]) => {
      const [, hour, peak] = own.reduce((best, cell) => (cell[2] > best[2] ? cell : best))
      return { number, mean: own.reduce((sum, [, , value]) => sum + value, 0) / own.length, hour, peak }
    })
}

/** The range of one day. */
export const dayRange = (year: number, number: number): Range => ({
  from: dayOf(year, number).getTime(),
  to: dayOf(year, number + 1).getTime(),
})

/** The ends of a scale that a few outliers do not stretch: the 1st and the 99th of a hundred. */
export function scaleEnds(all: readonly Cell[]): [least: number, most: number] {
  const values = all.map(([, , value]) => value).sort((one, other) => one - other)
  const at = (share: number) => values[Math.round((values.length - 1) * share)] ?? 0
  return [Math.min(0, at(0.01)), at(0.99) || 1]
}
