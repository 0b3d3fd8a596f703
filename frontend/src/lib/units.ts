/** Quantities as people read them: a sensible prefix, three or four digits, the unit always shown. */

export type Unit = 'W' | 'VA' | 'A' | 'V' | 'Hz' | '°C' | 'Wh' | ''

interface Rule {
  prefixes: readonly (readonly [factor: number, prefix: string])[]
  /** Fixed decimals; without it, as many as show about four digits. */
  decimals?: number
}

const KILO = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
] as const
const PLAIN = [[1, '']] as const

const RULES: Record<Unit, Rule> = {
  W: { prefixes: KILO },
  VA: { prefixes: KILO },
  Wh: { prefixes: KILO },
  A: { prefixes: KILO.slice(2) },
  V: { prefixes: KILO.slice(2) },
  Hz: { prefixes: PLAIN, decimals: 2 },
  '°C': { prefixes: PLAIN, decimals: 1 },
  '': { prefixes: PLAIN, decimals: 2 },
}

/** A quantity in two parts, for layouts that set them in different type. */
export interface Quantity {
  number: string
  unit: string
}

const NONE = '–'
const NNBSP = '\u202f' // narrow and unbroken, as SI sets a unit beside its number

/** `format(12345, 'W')` is `12.35 kW`; unknown is a dash without unit. */
export function format(value: number | null | undefined, unit: Unit): string {
  const { number, unit: symbol } = quantity(value, unit)
  return symbol ? `${number}${NNBSP}${symbol}` : number
}

/** Split a value into number and prefixed unit. */
export function quantity(value: number | null | undefined, unit: Unit): Quantity {
  if (value === null || value === undefined || !Number.isFinite(value)) return { number: NONE, unit: '' }
  const rule = RULES[unit]
  const [factor, prefix] = scaleFor(value, unit)
  const scaled = value / factor
  return { number: text(scaled, rule.decimals ?? decimalsFor(scaled, prefix)), unit: prefix + unit }
}

/** The factor and prefix that suit a value; an axis asks for its largest. */
export function scaleFor(value: number, unit: Unit): readonly [factor: number, prefix: string] {
  const { prefixes } = RULES[unit]
  const size = Math.abs(value)
  const [base] = prefixes.slice(-1) as [readonly [number, string]]
  return prefixes.find(([factor]) => factor > 1 && size >= thresholdOf(factor, unit)) ?? base
}

// A volt meter of a house shows 230 V; kilovolts begin where people say them.
function thresholdOf(factor: number, unit: Unit): number {
  return unit === 'V' ? 10_000 : factor * 0.99995
}

function decimalsFor(scaled: number, prefix: string): number {
  const size = Math.abs(scaled)
  if (size === 0 || (size >= 1000 && !prefix)) return 0
  if (size < 10) return 2
  // With a prefix a digit more: 12.35 kW says what 12 350 W does.
  return size >= 100 || !prefix ? 1 : 2
}

function text(value: number, decimals: number): string {
  const rounded = value.toFixed(decimals)
  // "-0.0" says nothing that "0.0" does not.
  return /^-0(\.0+)?$/.test(rounded) ? rounded.slice(1) : signed(rounded)
}

/** Labels of an axis share one prefix, that of its largest value. */
export function axisFormatter(largest: number, unit: Unit): (value: number) => string {
  const [factor, prefix] = scaleFor(largest, unit)
  return (value) => `${signed(Number((value / factor).toPrecision(6)))}${unit ? NNBSP : ''}${prefix}${unit}`
}

// The minus of print, as wide as a figure, on axes as in values.
const signed = (value: number | string): string => `${value}`.replace('-', '−')

/** A whole number with thin separators: `12 345`. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

/** A share in percent, "100 %" only when it is all of it; a dash where one of them is no part of a whole. */
export function share(part: number, whole: number): string {
  if (whole <= 0 || part < 0) return NONE
  const percent = (part / whole) * 100
  const shown = percent === 100 ? 100 : Math.min(Math.round(percent), 99)
  return `${shown}${NNBSP}%`
}

/** A change in percent with its sign: `+12 %`; a dash where there was nothing before. */
export function change(before: number, now: number): string {
  if (!(before > 0)) return NONE
  const percent = Math.round(((now - before) / before) * 100)
  return `${percent > 0 ? '+' : ''}${signed(percent)}${NNBSP}%`
}

/** The next of 1, 2, 2.5, 5, 10 × 10ⁿ at or above a value: the end of a gauge. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10
  return step * power
}
