/** What the lines of a history say in figures; pure. */

import { type Band, FIELDS, type Field, figures, isOfSteps } from './history'
import { change, format } from './units'

export interface LegendLine {
  key: string
  name: string
  place: number
  text: string
  /** The same of the range before, and how much more it is now. */
  compared: string
}

export function legend(
  bands: readonly Band[],
  field: Field,
  past: readonly Band[],
  pastName: string,
): LegendLine[] {
  const told = (value: number) => format(value, FIELDS[field].unit)
  const of = isOfSteps(field) ? 'sum' : 'mean'
  return bands.map((band) => {
    const { key, name, place } = band
    const found = figures(band)
    if (!found) return { key, name, place, text: 'no readings', compared: '' }
    const text =
      of === 'sum'
        ? `${told(found.sum)} in all`
        : `mean ${told(found.mean)}, ${told(found.low)} to ${told(found.high)}`
    const earlier = past.find((each) => each.key === key)
    const before = earlier ? figures(earlier) : null
    const compared = before
      ? `${pastName.toLowerCase()} ${told(before[of])}, ${change(before[of], found[of])}`
      : ''
    return { key, name, place, text, compared }
  })
}
