/** How long what is kept, as people read it; pure. */

import type { RetentionRuleProps } from '@/props'

export type Kept = Exclude<keyof RetentionRuleProps, 'tag'>

export const KEPT: readonly { name: Kept; label: string; help: string }[] = [
  { name: 'raw_days', label: 'Readings', help: 'Each as it was sent.' },
  { name: 'days_5m', label: 'Five-minute values', help: 'Mean, least, greatest and energy of five minutes.' },
  { name: 'days_1h', label: 'Hourly values', help: 'The same of hours.' },
  { name: 'days_1d', label: 'Daily values', help: 'The same of days: a few kilobytes a device and year.' },
]

/** `for ever`, `7 days`, `2 years`. */
export function kept(days: number): string {
  if (days === 0) return 'for ever'
  if (days >= 365 && days % 365 === 0) return plural(days / 365, 'year')
  return plural(days, 'day')
}

/** `readings 7 days, hourly values for ever`, in the order of the ladder. */
export const inWords = (rule: RetentionRuleProps): string =>
  KEPT.map(({ name, label }) => `${label.toLowerCase()} ${kept(rule[name])}`).join(', ')

/** What the server says of a field, with the names that people see. */
export const plainly = (message: string): string =>
  KEPT.reduce((told, { name, label }) => told.replace(name, label.toLowerCase()), message)

const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
