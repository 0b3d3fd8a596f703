/** The load curve of the last hour, from the server's first answer and the live summaries; pure. */

import type { CurveProps } from '@/props'
import { type Point, Window } from './series'

export const HOUR_MS = 3_600_000

/** A curve as points over time. */
export const curvePoints = ({ ts, power_w }: CurveProps): Point[] =>
  ts.map((second, index) => [second * 1000, power_w[index] ?? null])

/** The curve as a window to which live values are appended. */
export function curveWindow(curve: CurveProps): Window {
  // The first live value may be a step and some seconds after the last of the answer.
  const window = new Window(HOUR_MS, Math.max(curve.step_s * 2500, 30_000))
  for (const [at, value] of curvePoints(curve)) window.push(at, value)
  return window
}

/** The highest point, the newest of equals; null while nothing is known. */
export function peak(points: readonly Point[]): { at: number; value: number } | null {
  let best: { at: number; value: number } | null = null
  for (const [at, value] of points) if (value !== null && (!best || value >= best.value)) best = { at, value }
  return best
}
