import { describe, expect, it } from 'vitest'
import { firstPreset, rangeOf, readChoice, refreshMs, writeChoice } from './ranges'

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
