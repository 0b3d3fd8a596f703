/** The ranges of the history and their place in the address; pure. */

import type { Range } from './series'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export const PRESETS = [
  { value: '1h', label: '1 h', ms: HOUR_MS },
  { value: '6h', label: '6 h', ms: 6 * HOUR_MS },
  { value: '24h', label: '24 h', ms: DAY_MS },
  { value: '7d', label: '7 d', ms: 7 * DAY_MS },
  { value: '30d', label: '30 d', ms: 30 * DAY_MS },
  { value: '1y', label: '1 y', ms: 365 * DAY_MS },
] as const

export type Preset = (typeof PRESETS)[number]['value'] | 'all' | 'custom'

/** Where a device's readings begin and end, Unix milliseconds; null when it has none. */
export type Span = Range | null

/** The range of a preset at `now`; the whole span when it is asked for. */
export function rangeOf(preset: Preset, now: number, whole: Span): Range {
  const length = PRESETS.find(({ value }) => value === preset)?.ms
  if (length) return { from: now - length, to: now }
  if (!whole) return { from: now - DAY_MS, to: now }
  // A little room, so that the first and the last reading do not stand on the edge.
  const room = Math.max((whole.to - whole.from) * 0.01, 30_000)
  return { from: Math.floor(whole.from - room), to: Math.ceil(whole.to + room) }
}

/** What to show first: the last day, or everything when the newest reading is older than that. */
export function firstPreset(now: number, whole: Span): Preset {
  if (!whole || whole.to >= now - DAY_MS) return whole && now - whole.from < 2 * HOUR_MS ? '1h' : '24h'
  return 'all'
}

const SHORTEST_MS = 10_000
/** The years in which readings can be; the server takes no others. */
const YEARS: Range = { from: 0, to: Date.UTC(2200, 0) }

/** How far one may move: from some time before the first reading to now, and what is in view already. */
export function bounds(shown: Range, now: number, whole: Span): Range {
  const first = Math.min(whole?.from ?? now - 365 * DAY_MS, now)
  const least = first - Math.max(HOUR_MS, (now - first) * 0.05)
  return { from: Math.min(least, shown.from), to: Math.max(now, shown.to) }
}

/** A range moved and cut to where it may be, as long as it was if that has room. */
export function clamped({ from, to }: Range, within: Range): Range {
  const length = Math.min(Math.max(to - from, SHORTEST_MS), within.to - within.from)
  const start = Math.min(Math.max(from, within.from), within.to - length)
  return { from: Math.round(start), to: Math.round(start + length) }
}

/** A range as it was asked for, whatever there is to see in it. */
export const exact = ({ from, to }: Range): Range =>
  clamped({ from: Math.max(from, YEARS.from), to: Math.min(to, YEARS.to) }, YEARS)

export interface Choice {
  preset: Preset
  range: Range
}

/** Read the choice from an address's query; null when it names none that is valid. */
export function readChoice(search: string, now: number, whole: Span): Choice | null {
  const query = new URLSearchParams(search)
  const preset = query.get('range') as Preset | null
  if (preset === 'all' || PRESETS.some(({ value }) => value === preset)) {
    return { preset: preset as Preset, range: rangeOf(preset as Preset, now, whole) }
  }
  const [from, to] = ['from', 'to'].map((name) => Date.parse(query.get(name) ?? ''))
  if (from === undefined || to === undefined || !(from < to)) return null
  return { preset: 'custom', range: exact({ from, to }) }
}

/** Write the choice as a query. */
export function writeChoice({ preset, range }: Choice): string {
  if (preset !== 'custom') return `range=${preset}`
  const text = (at: number) => new Date(at).toISOString()
  return `from=${text(range.from)}&to=${text(range.to)}`
}

/** How often a range that ends now is worth asking again, ms. */
export const refreshMs = ({ from, to }: Range): number =>
  Math.min(300_000, Math.max(10_000, (to - from) / 300))
