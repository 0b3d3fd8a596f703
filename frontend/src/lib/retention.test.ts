import { expect, it } from 'vitest'
import { inWords, kept, plainly } from './retention'

it('reads a rule, and what is wrong with it, in words', () => {
  const rule = { tag: '', raw_days: 7, days_5m: 400, days_1h: 3650, days_1d: 0 }
  expect(inWords(rule)).toBe(
    'readings 7 days, five-minute values 400 days, hourly values 10 years, daily values for ever',
  )
  expect(plainly('Keep these at least as long as raw_days.')).toBe('Keep these at least as long as readings.')
})

it.each([
  [0, 'for ever'],
  [1, '1 day'],
  [7, '7 days'],
  [365, '1 year'],
  [730, '2 years'],
  [400, '400 days'],
])('says that %d days are %s', (days, words) => {
  expect(kept(days)).toBe(words)
})
