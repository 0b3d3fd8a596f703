/** What the gauges of a device show: one phase, or all of them together; pure. */

import type { ReadingProps, Status } from '@/props'
import { niceCeiling, type Unit } from './units'

export interface GaugeSpec {
  label: string
  value: number | null
  unit: Unit
  least: number
  most: number
  normal?: readonly [number, number]
}

/** Whether a newest reading (Unix milliseconds) says nothing about now: the device is gone or silent for too long. */
export function outdated(status: Status, newestAt: number | null, heartbeat_s: number, now: number): boolean {
  if (status === 'offline' || status === 'decommissioned') return true
  return newestAt !== null && newestAt < now - heartbeat_s * 1000
}

/** Phases in the order of a cabinet: L1, L2, L3, then others by name. */
export const byPhase = (one: ReadingProps, other: ReadingProps): number =>
  one.phase.localeCompare(other.phase)

const known = (values: (number | null)[]): number[] => values.filter((value) => value !== null)
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: number[]): number | null => (values.length ? sum(values) / values.length : null)
const most = (values: number[]): number | null => (values.length ? Math.max(...values) : null)

/** Active over apparent power of all phases that report a power factor. */
export function powerFactor(readings: readonly ReadingProps[]): number | null {
  const measured = readings.filter(({ power_factor }) => power_factor !== null)
  const apparent = sum(measured.map(({ power_va }) => power_va))
  if (!measured.length) return null
  return apparent > 0
    ? sum(measured.map(({ active_power_w }) => active_power_w)) / apparent
    : mean(known(measured.map((reading) => reading.power_factor)))
}

// EN 50160: supply voltage within ±10 % of nominal, frequency within ±1 %.
const NOMINAL_V = [100, 120, 230, 277, 400, 480, 690]
const NOMINAL_HZ = [50, 60]

/** The nominal value a measured one is nearest to, or null when it is near none. */
export function nominal(value: number | null, of: readonly number[], within: number): number | null {
  if (value === null) return null
  const nearest = of.reduce((best, next) => (Math.abs(next - value) < Math.abs(best - value) ? next : best))
  return Math.abs(nearest - value) <= nearest * within ? nearest : null
}

/** The least and the greatest power (W) and the greatest current (A) that were seen. */
export interface Seen {
  power_w: readonly [least: number, most: number]
  current_a: number
}

/** What was seen at either time: the ends of a gauge only ever move outwards. */
export const widened = (one: Seen, other: Seen): Seen => ({
  power_w: [Math.min(one.power_w[0], other.power_w[0]), Math.max(one.power_w[1], other.power_w[1])],
  current_a: Math.max(one.current_a, other.current_a),
})

const HEADROOM = 1.2
const endFor = (highest: number): number => niceCeiling(highest * HEADROOM)

/** Where a power gauge begins and ends: at zero, unless power goes both ways. */
function powerEnds([least, most]: Seen['power_w']): { least: number; most: number } {
  const [fedIn, drawn] = [Math.max(0, -least), Math.max(0, most)]
  // What an inverter draws at night is no reason for a second half.
  if (fedIn <= drawn / 50) return { least: 0, most: endFor(drawn) }
  if (drawn <= fedIn / 50) return { least: 0, most: -endFor(fedIn) }
  const end = endFor(Math.max(fedIn, drawn))
  return { least: -end, most: end }
}

/** The gauges for these readings; those of power and current end with room above what was seen. */
export function gauges(readings: readonly ReadingProps[], seen: Seen): GaugeSpec[] {
  const several = readings.length > 1
  const [power, current] = [
    sum(readings.map((reading) => reading.active_power_w)),
    most(readings.map((reading) => reading.current_a)),
  ]
  const { power_w, current_a } = widened(seen, { power_w: [power, power], current_a: current ?? 0 })
  const ends = powerEnds(power_w)
  return [
    {
      label: several ? 'Total power' : 'Power',
      value: readings.length ? power : null,
      unit: 'W',
      ...ends,
    },
    {
      label: several ? 'Max current' : 'Current',
      value: current,
      unit: 'A',
      least: 0,
      most: endFor(current_a),
    },
    voltageGauge(mean(readings.map((reading) => reading.voltage_v)), several),
    {
      label: 'Power factor',
      value: powerFactor(readings),
      unit: '',
      least: Math.sign(ends.least),
      most: Math.sign(ends.most),
    },
    frequencyGauge(known(readings.map((reading) => reading.frequency_hz))[0] ?? null),
    {
      label: several ? 'Max temperature' : 'Temperature',
      value: most(known(readings.map((reading) => reading.temperature_c))),
      unit: '°C',
      least: 0,
      most: 100,
    },
  ]
}

function voltageGauge(value: number | null, several: boolean): GaugeSpec {
  const label = several ? 'Mean voltage' : 'Voltage'
  const usual = nominal(value, NOMINAL_V, 0.2)
  if (usual === null) return { label, value, unit: 'V', least: 0, most: endFor(value ?? 1) }
  return {
    label,
    value,
    unit: 'V',
    least: usual * 0.8,
    most: usual * 1.2,
    normal: [usual * 0.9, usual * 1.1],
  }
}

function frequencyGauge(value: number | null): GaugeSpec {
  const usual = nominal(value, NOMINAL_HZ, 0.1)
  const gauge: GaugeSpec = { label: 'Frequency', value, unit: 'Hz', least: 0, most: endFor(value ?? 1) }
  return usual === null
    ? gauge
    : { ...gauge, least: usual - 1, most: usual + 1, normal: [usual * 0.99, usual * 1.01] }
}
