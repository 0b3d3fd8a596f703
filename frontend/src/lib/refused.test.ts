import { describe, expect, it } from 'vitest'
import type { RejectionProps } from '@/props'
import { fieldsOf, fixOf, laidOut, reasons } from './refused'

const refused = (payload: string, errors: Record<string, string[]> = {}) =>
  ({ payload, errors }) as RejectionProps

describe('a refused reading', () => {
  it('says why, by field', () => {
    expect(reasons(refused('', { current: ['must not be negative'], ts: ['is old', 'is odd'] }))).toEqual([
      'current: must not be negative',
      'ts: is old, is odd',
    ])
  })

  it('is laid out, and told as cut where it was', () => {
    expect(laidOut('{"a":1}')).toBe('{\n  "a": 1\n}')
    expect(laidOut('{"a":')).toBe('{"a":…')
  })

  it('has fields, where it is whole', () => {
    expect(fieldsOf([refused('{"volts":1,"ts":2}'), refused('{"amps":1}'), refused('{"x')])).toEqual([
      'amps',
      'ts',
      'volts',
    ])
    expect(fieldsOf([refused('{"data":{"amps":1,"at":{"ts":2}},"list":[1]}'), refused('[{"x":1}]')])).toEqual(
      ['data.amps', 'data.at.ts', 'list'],
    )
  })
})

it('makes a fix of what is filled in', () => {
  const form = {
    shift: -2,
    shiftUnit: 3600,
    factors: [
      { field: 'current', factor: 0.001 },
      { field: '', factor: 2 },
    ],
    names: [
      { from: 'amps', to: ' current ' },
      { from: 'volts', to: '' },
    ],
  }
  expect(fixOf(form)).toEqual({ shift_s: -7200, factors: { current: 0.001 }, names: { amps: 'current' } })
})
