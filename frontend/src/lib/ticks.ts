/** Where a time axis has its labels: evenly, on round times of the viewer's zone; pure. */

import type { Range } from './series'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MONTH = 30.5 * DAY

const SHORT = [1, 2, 5, 10, 15, 30].flatMap((n) => [n * SECOND, n * MINUTE]).sort((one, other) => one - other)
const HOURS = [1, 2, 3, 6, 12]
const DAYS = [1, 2, 7, 14]
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120]

/** The round times within a range, at most about `most` of them, Unix milliseconds. */
export function evenTicks({ from, to }: Range, most: number): number[] {
  const wanted = (to - from) / most
  const found = (SHORT.some((step) => step >= wanted) ? byLength : byCalendar)(from, to, wanted)
  return found.filter((at) => at >= from && at <= to)
}

function byLength(from: number, to: number, wanted: number): number[] {
  const step = SHORT.find((each) => each >= wanted) as number
  const first = Math.ceil(from / step) * step
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, n) => first + n * step)
}

// Hours, days and months are as long as the zone makes them, so the calendar is asked.
function byCalendar(from: number, to: number, wanted: number): number[] {
  const start = new Date(from)
  const [year, month, day] = [start.getFullYear(), start.getMonth(), start.getDate()]
  const hours = HOURS.find((n) => n * HOUR >= wanted)
  if (hours) return walk(to, (n) => new Date(year, month, day, n * hours))
  const days = DAYS.find((n) => n * DAY >= wanted)
  // Counted from a fixed day, so that moving the range does not move the labels.
  if (days) {
    const back = (Date.UTC(year, month, day) / DAY) % days
    return walk(to, (n) => new Date(year, month, day - back + n * days))
  }
  const months = MONTHS.find((n) => n * MONTH >= wanted) ?? 1200
  return walk(to, (n) => new Date(year, month - ((year * 12 + month) % months) + n * months))
}

function walk(to: number, nth: (n: number) => Date): number[] {
  const found: number[] = []
  for (let n = 0; nth(n).getTime() <= to; n++) found.push(nth(n).getTime())
  return found
}
