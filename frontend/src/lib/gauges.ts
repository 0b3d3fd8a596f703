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

/**
 * The gauges for these readings.
 *
 * `highest` is the largest power (W) and current (A) seen lately: the gauge ends above it.
 */
export function gauges(
  readings: readonly ReadingProps[],
  highest: { power_w: number; current_a: number },
): GaugeSpec[] {
  const several = readings.length > 1
  const [power, current] = [
    sum(readings.map((reading) => reading.active_power_w)),
    most(readings.map((reading) => reading.current_a)),
  ]
  const fedIn = power < 0
  const end = niceCeiling(Math.max(Math.abs(power), highest.power_w))
  return [
    {
      label: several ? 'Total power' : 'Power',
      value: readings.length ? power : null,
      unit: 'W',
      least: fedIn ? -end : 0,
      most: end,
    },
    {
      label: several ? 'Max current' : 'Current',
      value: current,
      unit: 'A',
      least: 0,
      most: niceCeiling(Math.max(current ?? 0, highest.current_a)),
    },
    voltageGauge(mean(readings.map((reading) => reading.voltage_v)), several),
    { label: 'Power factor', value: powerFactor(readings), unit: '', least: fedIn ? -1 : 0, most: 1 },
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
  if (usual === null) return { label, value, unit: 'V', least: 0, most: niceCeiling(value ?? 1) }
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
  const gauge: GaugeSpec = { label: 'Frequency', value, unit: 'Hz', least: 0, most: niceCeiling(value ?? 1) }
  return usual === null
    ? gauge
    : { ...gauge, least: usual - 1, most: usual + 1, normal: [usual * 0.99, usual * 1.01] }
}
