/** Instants in the viewer's own zone; pure, the present is an argument. */

const LOCALE = 'en-GB'
const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

const CLOCK = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const SHORT = new Intl.DateTimeFormat(LOCALE, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const DATE = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' })
const DAY_NAME = new Intl.DateTimeFormat(LOCALE, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
})
const FULL = new Intl.DateTimeFormat(LOCALE, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

/** The viewer's zone by name, such as `Europe/Berlin`. */
export const ZONE: string = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

/** An ISO text, Unix milliseconds or a Date as Unix milliseconds. */
export function millis(at: string | number | Date): number {
  return typeof at === 'number' ? at : new Date(at).getTime()
}

/** `Mon, 15 Jan 2007`. */
export const dayName = (at: string | number): string => DAY_NAME.format(millis(at))

export const clock = (at: string | number): string => CLOCK.format(millis(at))
export const date = (at: string | number): string => DATE.format(millis(at))
export const dateTime = (at: string | number): string => FULL.format(millis(at))

/** The time of day, with its date unless that is today's. */
export const moment = (at: string | number, now: number): string =>
  date(at) === date(now) ? clock(at) : dateTime(at)

/** Everything there is to know, for a tooltip: `23 Nov 2026, 23:18:05 (Europe/Berlin)`. */
export function withZone(at: string | number): string {
  return `${dateTime(at)} (${ZONE})`
}

/** Recent instants by their distance, older ones by their date. */
export function relative(at: string | number, now: number): string {
  const age = (now - millis(at)) / 1000
  if (age < -MINUTE) return SHORT.format(millis(at))
  if (age < 2) return 'now'
  if (age < MINUTE) return `${Math.floor(age)} s ago`
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`
  if (age < DAY) return `${Math.floor(age / HOUR)} h ago`
  if (age < 7 * DAY) return `${Math.floor(age / DAY)} d ago`
  return date(at)
}

/** A length of time as people say it, in at most two units: `90 s`, `5 min`, `2 h 50 min`, `3 d`. */
export function duration(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`
  const [size, unit, less, lesser] = SIZES.find(([each]) => seconds >= each) ?? SIZES[3]
  const total = Math.round(seconds / less) * less
  const [whole, rest] = [Math.floor(total / size), Math.round((total % size) / less)]
  return rest ? `${whole} ${unit} ${rest} ${lesser}` : `${whole} ${unit}`
}

const SIZES = [
  [YEAR, 'y', DAY, 'd'],
  [DAY, 'd', HOUR, 'h'],
  [HOUR, 'h', MINUTE, 'min'],
  [MINUTE, 'min', 1, 's'],
] as const

/** A range in words, with the date said once when both ends share it. */
export function span(from: number, to: number): string {
  const sameDay = date(from) === date(to)
  if (sameDay) return `${date(from)}, ${clock(from)} – ${clock(to)}`
  return [from, to].map((at) => `${date(at)}, ${clock(at).slice(0, 5)}`).join(' – ')
}

/** The text an `<input type="datetime-local">` takes, in the viewer's zone. */
export function toInput(at: number): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}

/** Unix milliseconds of such a text, or null when it is none. */
export function fromInput(text: string): number | null {
  const at = new Date(text).getTime()
  return Number.isNaN(at) ? null : at
}
