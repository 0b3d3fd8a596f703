import { describe, expect, it } from 'vitest'
import type { ReadingProps } from '@/props'
import { gauges, nominal, outdated, powerFactor, type Seen, widened } from './gauges'

const reading = (over: Partial<ReadingProps>): ReadingProps => ({
  phase: 'L1',
  ts: '2026-11-23T12:00:00Z',
  current_a: 5,
  voltage_v: 230,
  power_va: 1150,
  active_power_w: 1035,
  power_factor: 0.9,
  frequency_hz: 50,
  temperature_c: null,
  energy_wh: null,
  ...over,
})
const none: Seen = { power_w: [0, 0], current_a: 0 }
const shown = (readings: ReadingProps[]) =>
  Object.fromEntries(gauges(readings, none).map((gauge) => [gauge.label, gauge]))

describe('gauges', () => {
  it('sum power, take the highest current and the mean voltage of several phases', () => {
    const all = shown([reading({}), reading({ phase: 'L2', current_a: 7, voltage_v: 234 })])
    expect(all['Total power']?.value).toBe(2070)
    expect(all['Max current']?.value).toBe(7)
    expect(all['Mean voltage']?.value).toBe(232)
  })

  it('know what is normal around the nominal voltage and frequency', () => {
    const all = shown([reading({})])
    expect(all.Voltage?.normal).toEqual([207, 230 * 1.1])
    expect(all.Frequency).toMatchObject({ least: 49, most: 51 })
  })

  it('begin at zero also when power is fed in', () => {
    const all = shown([reading({ active_power_w: -3000, power_factor: -0.98 })])
    expect(all.Power).toMatchObject({ least: 0, most: -4000 })
    expect(all['Power factor']).toMatchObject({ least: 0, most: -1 })
  })

  it('have zero in the middle where power goes both ways', () => {
    const [power] = gauges([reading({})], { power_w: [-2000, 1000], current_a: 0 })
    expect(power).toMatchObject({ least: -3000, most: 3000 })
  })

  it('end where they did while the value is within what was seen', () => {
    const seen: Seen = { power_w: [0, 12_050], current_a: 17.4 }
    const ends = [900, 5000, 12_000].map(
      (power) => gauges([reading({ active_power_w: power })], seen)[0]?.most,
    )
    expect(ends).toEqual([15_000, 15_000, 15_000])
    expect(widened(seen, none)).toEqual(seen)
  })

  it('show what no phase reports as unknown', () => {
    expect(shown([reading({})]).Temperature?.value).toBeNull()
    expect(gauges([], none).every(({ value }) => value === null)).toBe(true)
  })
})

describe('a newest reading is outdated', () => {
  const NOW = Date.UTC(2026, 10, 23, 12)
  it.each([
    ['online', 100, false],
    ['online', 130, true],
    ['maintenance', 130, true],
    ['offline', 5, true],
    ['decommissioned', 5, true],
  ] as const)('of a device that is %s after %d s: %s', (status, age, expected) => {
    expect(outdated(status, NOW - age * 1000, 120, NOW)).toBe(expected)
  })
})

it('weighs the power factor by apparent power', () => {
  const factor = powerFactor([reading({}), reading({ power_va: 0, active_power_w: 0, power_factor: 0 })])
  expect(factor).toBeCloseTo(0.9)
  expect(powerFactor([reading({ power_factor: null })])).toBeNull()
})

it('is near a nominal value or near none', () => {
  expect([nominal(238, [120, 230], 0.2), nominal(12, [120, 230], 0.2)]).toEqual([230, null])
})
