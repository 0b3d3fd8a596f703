/** A row of the device list as live frames change it; pure. */

import type { DeviceRowProps, ReadingProps, Status } from '@/props'

/** `measured_at` is when its power was measured, Unix milliseconds, once a frame has told. */
export type LiveRow = DeviceRowProps & { measured_at?: number }

type Frame = readonly Pick<ReadingProps, 'ts' | 'active_power_w'>[]

/** The row after a frame, which has every phase that is live; one older than what is shown changes nothing. */
export function withReadings(row: LiveRow, frame: Frame): LiveRow {
  const measured_at = Math.max(...frame.map(({ ts }) => Date.parse(ts)))
  if (!frame.length || measured_at < (row.measured_at ?? 0)) return row
  const power_w = frame.reduce((sum, { active_power_w }) => sum + active_power_w, 0)
  const seen = Math.max(measured_at, row.last_seen_at ? Date.parse(row.last_seen_at) : 0)
  return { ...row, measured_at, power_w, last_seen_at: new Date(seen).toISOString() }
}

/** The row after a change of status: a device that is silent or gone has no power now. */
export function withStatus(row: LiveRow, status: Status): LiveRow {
  const silent = status === 'offline' || status === 'decommissioned'
  return { ...row, status, power_w: silent ? null : row.power_w }
}
