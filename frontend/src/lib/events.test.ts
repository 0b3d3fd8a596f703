import { describe, expect, it } from 'vitest'
import type { EventProps } from '@/props'
import { tell, titleOf } from './events'

const event = (over: Partial<EventProps>): EventProps => ({
  id: 1,
  at: '2026-11-23T12:00:00Z',
  type: 'device.online',
  device_uuid: 'u',
  device_name: 'Pump 3',
  user: null,
  data: {},
  ...over,
})

const sentence = (over: Partial<EventProps>) => {
  const { before, device, after } = tell(event(over))
  return before + (device ?? '') + after
}

describe('tell', () => {
  it.each([
    [{}, 'Pump 3 came online'],
    [{ type: 'device.maintenance_on', user: 'Ann' }, 'Ann put Pump 3 into maintenance'],
    [
      { type: 'device.updated', user: 'Ann', data: { fields: ['name', 'heartbeat_interval_s'] } },
      'Ann changed name, heartbeat interval s of Pump 3',
    ],
    [{ type: 'device.registered' }, 'The system registered Pump 3'],
    [{ type: 'ingest.accepted', data: { count: 60 } }, '60 readings accepted from Pump 3'],
    [
      { type: 'ingest.rejected_auth', device_uuid: null, device_name: null },
      '1 request refused from an unknown device: wrong credentials',
    ],
    [{ type: 'auth.login', device_uuid: null, user: 'ann@x.org' }, 'ann@x.org signed in'],
    [{ type: 'meter.exploded' }, 'Meter exploded: Pump 3'],
  ])('tells %j as %s', (over, expected) => {
    expect(sentence(over)).toBe(expected)
  })

  it('keeps the device apart, so that it can be a link', () => {
    expect(tell(event({ type: 'device.decommissioned', user: 'Ann' }))).toMatchObject({
      before: 'Ann decommissioned ',
      device: 'Pump 3',
      after: '',
    })
  })

  it('titles a type it does not know by its name', () => {
    expect(titleOf('some.new_thing')).toBe('Some new thing')
  })
})
