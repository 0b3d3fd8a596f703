import { describe, expect, it } from 'vitest'
import { clock, dateTime, duration, fromInput, moment, relative, span, toInput, withZone, ZONE } from './time'

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0)
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()

it('leaves out the date where it is today', () => {
  expect(moment(NOW - 1000, NOW)).toBe(clock(NOW - 1000))
  expect(moment(NOW - 86_400_000, NOW)).toBe(dateTime(NOW - 86_400_000))
})

describe('relative', () => {
  it.each([
    [0, 'now'],
    [-3, 'now'],
    [12, '12 s ago'],
    [61, '1 min ago'],
    [3 * 3600, '3 h ago'],
    [2 * 86_400, '2 d ago'],
  ])('says %d s ago as %s', (seconds, expected) => {
    expect(relative(ago(seconds), NOW)).toBe(expected)
  })

  it('gives old instants their date', () => {
    expect(relative('2007-01-15T12:00:00Z', NOW)).toBe('15 Jan 2007')
  })
})

describe('duration', () => {
  it.each([
    [90, '90 s'],
    [120, '2 min'],
    [7200, '2 h'],
    [173, '2 min 53 s'],
    [10_200, '2 h 50 min'],
    [31_536, '8 h 46 min'],
    [86_399, '24 h'],
    [90_000, '1 d 1 h'],
    [172_800, '2 d'],
    [7208 * 86_400 + 14_400, '19 y 273 d'],
  ])('says %d s as %s', (seconds, expected) => {
    expect(duration(seconds)).toBe(expected)
  })
})

describe('the viewer’s zone', () => {
  it('is named beside a full time', () => {
    expect(withZone(NOW)).toContain(`(${ZONE})`)
  })

  it('comes back from an input as it went in', () => {
    expect(fromInput(toInput(NOW))).toBe(NOW)
    expect(fromInput('soon')).toBeNull()
  })

  it('says the date of a range once when both ends share it', () => {
    expect(span(NOW, NOW + 60_000).match(/2026/g)).toHaveLength(1)
    expect(span(NOW, NOW + 86_400_000 * 400).match(/202[67]/g)).toHaveLength(2)
  })
})
