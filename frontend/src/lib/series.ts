/** Points over time as the charts want them; pure. Times are Unix milliseconds. */

import type { ReadingProps } from '@/props'

export type Point = [at: number, value: number | null]
export type Quantity = 'power_w' | 'current_a' | 'voltage_v'

/** The newest stretch of a line: appends in order, forgets what is older than its window. */
export class Window {
  readonly points: Point[] = []

  constructor(
    readonly lengthMs: number,
    /** A longer silence than this is shown as a gap. */
    readonly gapMs: number,
  ) {}

  /** Append a value; one at or before the newest is ignored (a retry, or out of order). */
  push(at: number, value: number | null): boolean {
    const newest = this.points.at(-1)
    if (newest && at <= newest[0]) return false
    if (newest && newest[1] !== null && at - newest[0] > this.gapMs) this.points.push([newest[0] + 1, null])
    this.points.push([at, value])
    this.forget(at - this.lengthMs)
    return true
  }

  /** Drop points before `before`, but keep one so that the line reaches the edge. */
  private forget(before: number): void {
    let gone = 0
    while (gone + 1 < this.points.length && (this.points[gone + 1] as Point)[0] < before) gone++
    if (gone > 0) this.points.splice(0, gone)
  }
}

/** A point that stands alone between gaps: a line through it has no length, so it gets a dot. */
export interface Dot {
  value: Point
  symbol: 'circle'
  symbolSize: number
}

/** What a line chart draws of points: those without a neighbour as dots. */
export function dotted(points: readonly Point[]): (Point | Dot)[] {
  const there = (index: number) => typeof points[index]?.[1] === 'number'
  return points.map((value, index) =>
    there(index) && !there(index - 1) && !there(index + 1)
      ? { value, symbol: 'circle', symbolSize: 6 }
      : value,
  )
}

/** Smallest, mean and largest of the values that are there; null when none is. */
export function statistics(points: Iterable<Point>): { min: number; mean: number; max: number } | null {
  let [n, sum, min, max] = [0, 0, Infinity, -Infinity]
  for (const [, value] of points) {
    if (value === null) continue
    n++
    sum += value
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  return n === 0 ? null : { min, mean: sum / n, max }
}

/** What a sparkline draws: an SVG path over `width` × `height`, broken at gaps. */
export function sparkPath(points: readonly Point[], width: number, height: number): string {
  const stats = statistics(points)
  const [first, last] = [points[0], points.at(-1)]
  if (!stats || !first || !last || last[0] === first[0]) return ''
  const [min, spread] = [stats.min, stats.max - stats.min || 1]
  const x = (at: number) => ((at - first[0]) / (last[0] - first[0])) * width
  const y = (value: number) => height - ((value - min) / spread) * height
  let pen = 'M'
  return points
    .map(([at, value]) => {
      if (value === null) {
        pen = 'M'
        return ''
      }
      const step = `${pen}${x(at).toFixed(1)} ${y(value).toFixed(1)}`
      pen = 'L'
      return step
    })
    .join('')
}

/** The quantity of a reading that a chart of `quantity` shows. */
export function quantityOf(reading: ReadingProps, quantity: Quantity): number {
  return quantity === 'power_w' ? reading.active_power_w : reading[quantity]
}

// --- ranges --------------------------------------------------------------------------

/** A range of time, Unix milliseconds. */
export interface Range {
  from: number
  to: number
}

const SHORTEST_MS = 10_000

/** Zoom by `factor` (below 1 is closer) about a time, by default the middle; never shorter than 10 s. */
export function zoomed({ from, to }: Range, factor: number, about = (from + to) / 2): Range {
  const length = Math.max((to - from) * factor, SHORTEST_MS)
  const start = about - ((about - from) / (to - from)) * length
  return { from: Math.round(start), to: Math.round(start + length) }
}

/** Move a range by a share of its own length. */
export function shifted({ from, to }: Range, share: number): Range {
  const by = Math.round((to - from) * share)
  return { from: from + by, to: to + by }
}
