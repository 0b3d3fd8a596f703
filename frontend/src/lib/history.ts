/** What a device's history shows: its quantities, and the server's answer ready to draw; pure. */

import type { ReadingProps } from '@/props'
import { type Point, statistics } from './series'
import type { Unit } from './units'

interface Shown {
  label: string
  unit: Unit
}

/** The quantities one can look back on, by their name in the API. */
export const FIELDS = {
  power_w: { label: 'Power', unit: 'W' },
  energy_wh: { label: 'Energy', unit: 'Wh' },
  current_a: { label: 'Current', unit: 'A' },
  voltage_v: { label: 'Voltage', unit: 'V' },
  power_factor: { label: 'Power factor', unit: '' },
  frequency_hz: { label: 'Frequency', unit: 'Hz' },
  temperature_c: { label: 'Temperature', unit: '°C' },
} as const satisfies Record<string, Shown>

export type Field = keyof typeof FIELDS

const NAMES = Object.keys(FIELDS) as Field[]
// What not every meter measures.
const SOME = ['power_factor', 'frequency_hz', 'temperature_c'] as const

/** What there is to look back on: what its newest readings have, or `also`, which the address names. */
export const offered = (readings: readonly ReadingProps[], also: Field): Field[] =>
  NAMES.filter((name) => {
    const measured = SOME.find((each) => each === name)
    return !measured || name === also || readings.some((reading) => reading[measured] !== null)
  })

/** A field by its name in an address; power without one. */
export const readField = (name: string | null): Field => NAMES.find((each) => each === name) ?? 'power_w'

/** Energy is of a step, so it is drawn as bars, few enough to tell apart. */
export const isOfSteps = (field: Field): boolean => field === 'energy_wh'
export const mostPoints = (field: Field): number => (isOfSteps(field) ? 80 : 1500)

export interface Column {
  avg: (number | null)[]
  min: (number | null)[]
  max: (number | null)[]
}

export type PhaseSeries = { phase: string; completeness: number | null; ts: number[] } & {
  [Name in Field]?: Column
}

/** The answer of `GET /api/devices/{…}/series`; `ts` in Unix seconds, null where it was silent. */
export interface Series {
  from: string
  to: string
  step_s: number
  tier: string
  columns: string[]
  phases: PhaseSeries[]
}

/** What a chart draws of one phase: mean line, and the envelope as its foot and its height. */
export interface Band {
  phase: string
  /** Its place among the phases, which decides its colour. */
  place: number
  mean: Point[]
  foot: Point[]
  height: Point[]
}

/** A series as drawable bands. */
export const bands = (series: Series, field: Field): Band[] =>
  series.phases.map(({ phase, ts, ...columns }, place) => {
    const { avg, min, max } = columns[field] ?? { avg: [], min: [], max: [] }
    const over = (of: (index: number) => number | null): Point[] =>
      ts.map((second, index) => [second * 1000, of(index)])
    return {
      phase,
      place,
      mean: over((index) => avg[index] ?? null),
      foot: over((index) => min[index] ?? null),
      height: over((index) => difference(max[index], min[index])),
    }
  })

const difference = (one: number | null | undefined, other: number | null | undefined): number | null =>
  typeof one === 'number' && typeof other === 'number' ? one - other : null

/** The least, mean and greatest of a band and the sum of its steps; null when nothing was read. */
export function figures({ mean, foot, height }: Band) {
  const middle = statistics(mean)
  if (!middle) return null
  const tops = foot.map(([at, value], index): Point => {
    const more = height[index]?.[1] ?? null
    return [at, value === null || more === null ? null : value + more]
  })
  return {
    low: statistics(foot)?.min ?? middle.min,
    mean: middle.mean,
    high: statistics(tops)?.max ?? middle.max,
    sum: mean.reduce((total, [, value]) => total + (value ?? 0), 0),
  }
}

/** The share of the range for which readings speak, over all phases; null when nothing was read. */
export function completeness({ phases }: Series): number | null {
  const known = phases.map((phase) => phase.completeness).filter((share) => share !== null)
  return known.length ? known.reduce((sum, share) => sum + share, 0) / known.length : null
}
