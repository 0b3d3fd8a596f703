import { expect, it } from 'vitest'
import { curveWindow, peak } from './curve'

it('appends live values to the curve the page came with', () => {
  const window = curveWindow({ step_s: 10, ts: [0, 10, 20], power_w: [1, null, 3] })
  window.push(21_000, 4)
  expect(window.points).toEqual([
    [0, 1],
    [10_000, null],
    [20_000, 3],
    [21_000, 4],
  ])
})

it('finds the newest of the highest points', () => {
  expect(peak([])).toBeNull()
  expect(
    peak([
      [1, 5],
      [2, null],
      [3, 5],
      [4, 2],
    ]),
  ).toEqual({ at: 3, value: 5 })
})
