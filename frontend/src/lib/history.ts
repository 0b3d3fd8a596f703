/** What charts over time show: quantities, sources, and the server's answers ready to draw; pure. */

import type { ReadingProps } from '@/props'
import { type Point, type Range, statistics } from './series'
import type { Unit } from './units'

interface Shown {
  label: string
  unit: Unit
}

/** The quantities one can look back on, by their name in the API. */
export const FIELDS = {
  power_w: { label: 'Power', unit: 'W' },
  energy_wh: { label: 'Energy', unit: 'Wh' },
  apparent_power_va: { label: 'Apparent power', unit: 'VA' },
  current_a: { label: 'Current', unit: 'A' },
  voltage_v: { label: 'Voltage', unit: 'V' },
  power_factor: { label: 'Power factor', unit: '' },
  frequency_hz: { label: 'Frequency', unit: 'Hz' },
  temperature_c: { label: 'Temperature', unit: '°C' },
} as const satisfies Record<string, Shown>

export type Field = keyof typeof FIELDS

export const FIELD_NAMES = Object.keys(FIELDS) as Field[]
// What not every meter measures, and how its newest reading tells that it does. Without a power factor
// apparent power is the power itself.
const SOME: { [Name in Field]?: 'power_factor' | 'frequency_hz' | 'temperature_c' } = {
  apparent_power_va: 'power_factor',
  power_factor: 'power_factor',
  frequency_hz: 'frequency_hz',
  temperature_c: 'temperature_c',
}
/** What devices give together. */
export const TOTAL_FIELDS = [
  'power_w',
  'energy_wh',
  'apparent_power_va',
  'voltage_v',
] as const satisfies Field[]

/** What there is to look back on: what its newest readings have, or `also`, which the address names. */
export const offered = (readings: readonly ReadingProps[], also: Field): Field[] =>
  FIELD_NAMES.filter((name) => {
    const measured = SOME[name]
    return !measured || name === also || readings.some((reading) => reading[measured] !== null)
  })

/** Fields by their names in an address, each once; power without any. */
export function readFields(names: string | null): Field[] {
  const asked = (names ?? '').split(',')
  const found = FIELD_NAMES.filter((name) => asked.includes(name))
  return found.length ? found : ['power_w']
}
export const readField = (name: string | null): Field => readFields(name)[0] as Field

/** Energy is of a step, so it is drawn as bars, few enough to tell apart. */
export const isOfSteps = (field: Field): boolean => field === 'energy_wh'
/** How many steps a chart of `width` pixels can show: a point each pixel, for the envelope tells the rest. */
export const mostPoints = (width: number): number =>
  Math.min(2000, Math.max(300, Math.ceil(width / 100) * 100))

const HOUR_S = 3600
const DAY_S = 24 * HOUR_S
/** How long bars may stand for: what people reckon with. Seven days are a week from Monday. */
const BARS_S = [300, 900, HOUR_S, DAY_S, 7 * DAY_S, 28 * DAY_S] as const
const BARS_MOST = 170
const BAR_PX = 6

/** The shortest bars that can be told apart on a chart of `width` pixels, seconds. */
export function barSeconds({ from, to }: Range, width: number): number {
  const most = Math.min(BARS_MOST, Math.max(1, Math.floor(width / BAR_PX)))
  const seconds = (to - from) / 1000
  // Of the longest there may be more.
  return BARS_S.find((length) => seconds / length <= most) ?? BARS_S.at(-1) ?? DAY_S
}

/** Where readings are from: a device, or (`uuid` null) all of the organization together. */
export interface Source {
  uuid: string | null
  name: string
}

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

type TotalField = (typeof TOTAL_FIELDS)[number]

/** The answer of `GET /api/series`: with an envelope its columns are those of devices, of means plain. */
export type TotalSeries<C = Column> = Omit<Series, 'phases'> & {
  completeness: number | null
  ts: number[]
} & { [Name in TotalField]?: C }

/** What devices give together, as the series of a device with one phase. */
export const asSeries = ({ completeness, ts, ...rest }: TotalSeries): Series => ({
  ...rest,
  phases: [{ phase: '', completeness, ts, ...rest }],
})

/** How many lines have a colour of their own. */
export const LINE_COLOURS = 8
const AGAIN = ['solid', 'dotted', 'dashed'] as const
/** How a line is drawn: where its colour comes again, otherwise than before. */
export const again = (place: number): (typeof AGAIN)[number] =>
  AGAIN[Math.floor(place / LINE_COLOURS) % AGAIN.length] ?? 'solid'

/** What a chart draws of one phase: mean line, and the envelope as its foot and its height. */
export interface Band {
  /** Tells it from the others; the same in the range before. */
  key: string
  name: string
  /** Its place among all, which decides its colour. */
  place: number
  /** It is of the whole organization, so all others are in it. */
  ofAll: boolean
  stepMs: number
  mean: Point[]
  foot: Point[]
  height: Point[]
}

/**
 * A source's series as drawable bands.
 *
 * Bands are placed from `place` on; readings of a range before are moved later by `laterMs`.
 */
export const bands = (series: Series, field: Field, source: Source, place = 0, laterMs = 0): Band[] =>
  series.phases.map(({ phase, ts, ...columns }, index) => {
    const { avg, min, max } = columns[field] ?? { avg: [], min: [], max: [] }
    const over = (of: (index: number) => number | null): Point[] =>
      ts.map((second, at) => [second * 1000 + laterMs, of(at)])
    return {
      key: `${source.uuid ?? ''}/${phase}`,
      name: [source.name, phase].filter(Boolean).join(' · '),
      place: place + index,
      ofAll: source.uuid === null,
      stepMs: series.step_s * 1000,
      mean: over((at) => avg[at] ?? null),
      foot: over((at) => min[at] ?? null),
      height: over((at) => difference(max[at], min[at])),
    }
  })

/** What adds up over the phases of a device. */
const ADDED: readonly Field[] = ['power_w', 'apparent_power_va']

/** The bands of a device's phases with what they give together; of several devices they would be too many. */
export function withTotal(phases: readonly Band[], field: Field, { uuid, name }: Source): Band[] {
  const [first] = phases
  const times = first && phases.length > 1 && ADDED.includes(field) ? summed(phases) : []
  // Phases that tell at different times have no sum.
  const isKnown = times.filter(([, value]) => value !== null).length * 2 > (first?.mean.length ?? 0)
  if (!first || !isKnown) return [...phases]
  const none = times.map(([at]): Point => [at, null])
  const key = `${uuid ?? ''}/total`
  const title = [name, 'Total'].filter(Boolean).join(' · ')
  const place = first.place + phases.length
  return [...phases, { ...first, key, name: title, place, mean: times, foot: none, height: none }]
}

/** The sums of lines at the times of which all tell. */
function summed(lines: readonly Band[]): Point[] {
  const told = new Map<number, number>()
  for (const { mean } of lines)
    for (const [at, value] of mean) if (value !== null) told.set(at, (told.get(at) ?? 0) + 1)
  return together(lines).map(([at, sum]) => [at, told.get(at) === lines.length ? sum : null])
}

const difference = (one: number | null | undefined, other: number | null | undefined): number | null =>
  typeof one === 'number' && typeof other === 'number' ? one - other : null

/**
 * An envelope of at most about `most` points that covers the whole: neighbours are taken together.
 *
 * To fill a jagged shape takes a browser longer than all else, and twice as long with twice the points.
 */
export function outlined({ foot, height }: Band, most: number): Pick<Band, 'foot' | 'height'> {
  const size = Math.ceil(foot.length / most)
  if (size <= 1) return { foot, height }
  const tall = (index: number) => height[index]?.[1] ?? 0
  const made = neighbours(foot, size).map(({ start, end }) => {
    const taken = foot.slice(start, end)
    const stats = statistics(taken)
    const tops = taken.map(([, low], index) => (low ?? 0) + tall(start + index))
    const at = ((taken[0] as Point)[0] + (taken.at(-1) as Point)[0]) / 2
    return { at, low: stats?.min ?? null, tall: stats ? Math.max(...tops) - stats.min : null }
  })
  return { foot: made.map(({ at, low }) => [at, low]), height: made.map((one) => [one.at, one.tall]) }
}

/** The places of points by as many as `size` side by side; those of a gap stand alone. */
function neighbours(points: readonly Point[], size: number): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = []
  const isGap = (index: number) => points[index]?.[1] === null
  for (const index of points.keys()) {
    const last = found.at(-1)
    if (last && last.end - last.start < size && !isGap(index) && !isGap(last.start)) last.end++
    else found.push({ start: index, end: index + 1 })
  }
  return found
}

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

/** The share of the expected readings that are there, over all phases; null when none was expected. */
export function completeness(all: readonly Series[]): number | null {
  const known = all
    .flatMap(({ phases }) => phases.map((phase) => phase.completeness))
    .filter((share) => share !== null)
  return known.length ? known.reduce((sum, share) => sum + share, 0) / known.length : null
}

/**
 * The index of the point nearest to a time; -1 when none is within reach.
 *
 * Between two points that a line joins it is the nearer, however far they are apart.
 */
export function nearest(points: readonly Point[], at: number, reachMs: number): number {
  let [low, high] = [0, points.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((points[middle] as Point)[0] < at) low = middle + 1
    else high = middle
  }
  const off = (index: number) => {
    const [when, value] = points[index] ?? [Infinity, null]
    return value === null ? Infinity : Math.abs(when - at)
  }
  const found = off(low - 1) <= off(low) ? low - 1 : low
  const isJoined = Math.max(off(low - 1), off(low)) < Infinity
  return isJoined || off(found) <= reachMs ? found : -1
}

const SILENCE_MS = 120_000

/**
 * Where in a range no band has readings, up to `now`.
 *
 * What is silent between readings the server tells. The first reading and the next one may still be on
 * their way: only what is longer than that is silence.
 */
export function gaps(drawn: readonly Band[], range: Range, now: number): Range[] {
  const spoken = drawn.flatMap(stretches).sort((a, b) => a.from - b.from)
  const edgeMs = Math.max(SILENCE_MS, ...drawn.map(({ stepMs }) => 2 * stepMs))
  const end = { from: Math.min(range.to, now), to: Infinity }
  const found: Range[] = []
  let silentFrom = range.from
  for (const [index, { from, to }] of [...spoken, end].entries()) {
    const isEdge = index === 0 || index === spoken.length
    if (from - silentFrom > (isEdge ? edgeMs : 0)) found.push({ from: silentFrom, to: from })
    silentFrom = Math.max(silentFrom, to)
  }
  return found
}

/** The stretches over which points follow each other; each lasts a step beyond its last point. */
function stretches({ mean, stepMs }: Band): Range[] {
  const found: Range[] = []
  let open: Range | null = null
  for (const [at, value] of mean) {
    if (value === null) open = null
    else if (open) open.to = at + stepMs
    else {
      open = { from: at, to: at + stepMs }
      found.push(open)
    }
  }
  return found
}

/** The bands that can be added up: those of the organization hold all others, and stand for them. */
export function summands(bands: readonly Band[]): readonly Band[] {
  const whole = bands.filter(({ ofAll }) => ofAll)
  return whole.length ? whole : bands
}

/** The sums of bands at the times of the first; what phases or devices give together. */
export function together(drawn: readonly Band[]): Point[] {
  const sums = new Map<number, number | null>()
  for (const { mean } of drawn)
    for (const [at, value] of mean) {
      const sum = sums.get(at) ?? null
      sums.set(at, value === null ? sum : (sum ?? 0) + value)
    }
  return [...sums].sort(([one], [other]) => one - other)
}

// --- the range before ----------------------------------------------------------------

export const BEFORE = [
  { value: 'none', label: 'Compare…', days: 0 },
  { value: 'day', label: 'Day before', days: 1 },
  { value: 'week', label: 'Week before', days: 7 },
  // The same days of the week.
  { value: 'year', label: 'Year before', days: 364 },
] as const
export type Before = (typeof BEFORE)[number]['value']

export const readBefore = (name: string | null): Before =>
  BEFORE.find(({ value }) => value === name)?.value ?? 'none'

/** How much earlier the range to compare with is, by the calendar of the viewer's zone, ms; 0 without one. */
export function earlierMs({ from }: Range, before: Before): number {
  const days = BEFORE.find(({ value }) => value === before)?.days ?? 0
  const moved = new Date(from)
  moved.setDate(moved.getDate() - days)
  return from - moved.getTime()
}
