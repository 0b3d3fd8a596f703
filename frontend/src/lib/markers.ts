/** What is marked on charts over time: changes of status and alerts; pure. */

import type { Range } from './series'

export type MarkerTone = 'good' | 'bad' | 'warn' | 'info'

export interface Marker {
  at: number
  text: string
  tone: MarkerTone
}

/** The markers of a range; of too many the newest, from `since` on. */
export interface Marked {
  markers: readonly Marker[]
  since: number | null
}

export const NONE_MARKED: Marked = { markers: [], since: null }

/** A line of `GET /api/devices/{…}/markers`. */
export interface MarkerAnswer {
  at: string
  type: string
}

const SAID: Record<string, readonly [text: string, tone: MarkerTone]> = {
  'device.online': ['came online', 'good'],
  'device.offline': ['went offline', 'bad'],
  'device.maintenance_on': ['maintenance began', 'warn'],
  'device.maintenance_off': ['maintenance ended', 'info'],
  'device.decommissioned': ['decommissioned', 'info'],
  'alert.triggered': ['alert', 'bad'],
  'alert.resolved': ['alert resolved', 'good'],
}

/** What happened to a device as markers; of several devices each says which. */
export const markersOf = (answers: readonly MarkerAnswer[], name: string): Marker[] =>
  answers.flatMap(({ at, type }) => {
    const [text, tone] = SAID[type] ?? []
    if (!text || !tone) return []
    return [{ at: Date.parse(at), text: name ? `${name} ${text}` : capital(text), tone }]
  })

/** What was answered about one device; of a cut answer only what is after its oldest line is all there. */
export function markedOf(answers: readonly MarkerAnswer[], isCut: boolean, name: string): Marked {
  const oldest = answers[0]
  return { markers: markersOf(answers, name), since: isCut && oldest ? Date.parse(oldest.at) : null }
}

/** The markers of several devices. */
export function together(all: readonly Marked[]): Marked {
  const starts = all.flatMap(({ since }) => since ?? [])
  return {
    markers: all.flatMap(({ markers }) => markers),
    since: starts.length > 0 ? Math.max(...starts) : null,
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The markers that can be told apart in `width` pixels; of those close together the gravest stays. */
export function spread(markers: readonly Marker[], { from, to }: Range, width: number): Marker[] {
  const apart = ((to - from) / Math.max(width, 1)) * 6
  const found: Marker[] = []
  for (const marker of [...markers].sort((one, other) => one.at - other.at)) {
    const last = found.at(-1)
    if (!last || marker.at - last.at >= apart) found.push(marker)
    else if (GRAVITY[marker.tone] > GRAVITY[last.tone]) found[found.length - 1] = marker
  }
  return found
}

const GRAVITY: Record<MarkerTone, number> = { info: 0, good: 1, warn: 2, bad: 3 }

/** The markers around a time, as near as `reachMs`. */
export const around = (markers: readonly Marker[], at: number, reachMs: number): Marker[] =>
  markers.filter((marker) => Math.abs(marker.at - at) <= reachMs)
