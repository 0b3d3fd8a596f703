import { expect, it } from 'vitest'
import { kept } from './retention'

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
