import { describe, expect, it } from 'vitest'
import type { DeviceRowProps } from '@/props'
import { withReadings, withStatus } from './deviceRow'

const ROW: DeviceRowProps = {
  id: 1,
  uuid: 'u',
  name: 'Chiller',
  slug: 'chiller',
  status: 'online',
  model: '',
  location: '',
  tags: [],
  last_seen_at: null,
  power_w: null,
}
const at = (second: number) => new Date(Date.UTC(2026, 10, 23, 12, 0, second)).toISOString()
const reading = (second: number, active_power_w: number) => ({ ts: at(second), active_power_w })

describe('a row of the device list', () => {
  it('sums the phases of the newest frame', () => {
    const first = withReadings(ROW, [reading(1, 100), reading(1, 50)])
    const next = withReadings(first, [reading(2, 120)])
    expect([first.power_w, next.power_w, next.last_seen_at]).toEqual([150, 120, at(2)])
  })

  it('is not changed by an older frame that comes late, nor by an empty one', () => {
    const newer = withReadings(ROW, [reading(5, 100)])
    expect(withReadings(newer, [reading(3, 900)])).toBe(newer)
    expect(withReadings(newer, [])).toBe(newer)
  })

  it('has no power once the device is silent, and a new one when it is back', () => {
    const off = withStatus(withReadings(ROW, [reading(1, 100)]), 'offline')
    expect([off.status, off.power_w]).toEqual(['offline', null])
    expect(withReadings(off, [reading(0, 100)]).power_w).toBeNull()
    expect(withReadings(off, [reading(9, 70)]).power_w).toBe(70)
  })

  it('keeps its power in maintenance', () => {
    expect(withStatus({ ...ROW, power_w: 5 }, 'maintenance').power_w).toBe(5)
  })
})
