/** Refused readings and how they could be stored after all; pure. */

import type { RejectionProps } from '@/props'

/** Why, in one line a field: `current: must not be negative`. */
export const reasons = ({ errors }: RejectionProps): string[] =>
  Object.entries(errors).map(([field, said]) => [field, said.join(', ')].filter(Boolean).join(': '))

/** What was sent, set out in lines where it is whole. */
export function laidOut(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2)
  } catch {
    return `${payload}…`
  }
}

/** The names of the fields that were sent, of all of them; `data.amps` is one of the object `data`. */
export function fieldsOf(rejections: readonly RejectionProps[]): string[] {
  const found = new Set<string>()
  for (const { payload } of rejections) {
    try {
      for (const name of namesIn(JSON.parse(payload))) found.add(name)
    } catch {
      // What was cut has no fields that could be named.
    }
  }
  return [...found].sort()
}

const namesIn = (sent: unknown): string[] =>
  typeof sent === 'object' && sent !== null && !Array.isArray(sent)
    ? Object.entries(sent).flatMap(([name, value]) => {
        const inner = namesIn(value).map((each) => `${name}.${each}`)
        return inner.length ? inner : [name]
      })
    : []

export const UNITS: { value: number; label: string }[] = [
  { value: 1, label: 'seconds' },
  { value: 60, label: 'minutes' },
  { value: 3600, label: 'hours' },
  { value: 86_400, label: 'days' },
]

export interface FixForm {
  shift: number
  shiftUnit: number
  factors: { field: string; factor: number }[]
  names: { from: string; to: string }[]
}

export const emptyFix = (): FixForm => ({ shift: 0, shiftUnit: 3600, factors: [], names: [] })

/** The fix as the API takes it; what is not filled in is left out. */
export function fixOf({ shift, shiftUnit, factors, names }: FixForm) {
  return {
    shift_s: shift * shiftUnit,
    factors: Object.fromEntries(
      factors
        .filter(({ field, factor }) => field && Number.isFinite(factor))
        .map(({ field, factor }) => [field, factor]),
    ),
    names: Object.fromEntries(
      names.filter(({ from, to }) => from && to.trim()).map(({ from, to }) => [from, to.trim()]),
    ),
  }
}
