import { describe, expect, it } from 'vitest'
import { bounds, clamped, exact, firstPreset, rangeOf, readChoice, refreshMs, writeChoice } from './ranges'
import type { Range } from './series'

const NOW = Date.UTC(2026, 10, 23, 12)
const HOUR = 3_600_000
const JANUARY = { from: Date.UTC(2007, 0, 1), to: Date.UTC(2007, 1, 28) }

describe('rangeOf', () => {
  it('ends a preset now', () => {
    expect(rangeOf('6h', NOW, null)).toEqual({ from: NOW - 6 * HOUR, to: NOW })
  })

  it('gives the whole span a little room', () => {
    const range = rangeOf('all', NOW, JANUARY)
    expect(range.from).toBeLessThan(JANUARY.from)
    expect(range.to).toBeGreaterThan(JANUARY.to)
  })
})

it.each([
  [null, '24h'],
  [JANUARY, 'all'],
  [{ from: NOW - 60_000, to: NOW }, '1h'],
  [{ from: NOW - 90 * HOUR, to: NOW }, '24h'],
] as const)('opens %j on %s', (whole, preset) => {
  expect(firstPreset(NOW, whole)).toBe(preset)
})

describe('a range that is moved is clamped', () => {
  const whole = { from: NOW - 10 * HOUR, to: NOW }
  const shown = { from: NOW - 2 * HOUR, to: NOW }
  const moved = (range: Range) => clamped(range, bounds(shown, NOW, whole))

  it('not at all where there can be readings', () => {
    expect(clamped(JANUARY, bounds(shown, NOW, JANUARY))).toEqual(JANUARY)
  })

  it('to some time before the first reading, and to now', () => {
    expect(moved({ from: -8e15, to: 8e15 })).toEqual({ from: NOW - 11 * HOUR, to: NOW })
  })

  it('as long as it was, when it is moved too far', () => {
    expect(moved({ from: NOW + HOUR, to: NOW + 3 * HOUR })).toEqual({ from: NOW - 2 * HOUR, to: NOW })
    expect(moved({ from: NOW, to: NOW }).to).toBe(NOW)
  })

  it('not away from what is in view, where that has no readings', () => {
    const ahead = { from: NOW + HOUR, to: NOW + 3 * HOUR }
    const closer = { from: NOW + HOUR, to: NOW + 2 * HOUR }
    expect(clamped(closer, bounds(ahead, NOW, whole))).toEqual(closer)
    expect(clamped({ from: 0, to: HOUR }, bounds({ from: 0, to: 2 * HOUR }, NOW, null)).from).toBe(0)
  })
})

it('a range that is asked for is taken as it is, in the years that the server knows', () => {
  expect(exact(JANUARY)).toEqual(JANUARY)
  const christmas = { from: NOW + 700 * HOUR, to: NOW + 748 * HOUR }
  expect(exact(christmas)).toEqual(christmas)
  expect(exact({ from: -1, to: 8e15 })).toEqual({ from: 0, to: Date.UTC(2200, 0) })
})

describe('the address', () => {
  it('brings a choice back', () => {
    const custom = { preset: 'custom' as const, range: JANUARY }
    expect(readChoice(writeChoice(custom), NOW, null)).toEqual(custom)
    expect(readChoice('?range=7d', NOW, null)?.preset).toBe('7d')
  })

  it.each(['', '?range=9z', '?from=x&to=y', '?from=2007-02-01&to=2007-01-01'])('ignores %s', (search) => {
    expect(readChoice(search, NOW, null)).toBeNull()
  })
})

it('asks a short range often and a long one seldom', () => {
  expect([HOUR, 24 * HOUR, 9000 * HOUR].map((length) => refreshMs({ from: NOW - length, to: NOW }))).toEqual([
    12_000, 288_000, 300_000,
  ])
})
