import { describe, expect, it } from 'vitest'
import { dotted, type Point, shifted, sparkPath, statistics, Window, zoomed } from './series'

it('draws a point without a neighbour as a dot', () => {
  const points: Point[] = [
    [1, 5],
    [2, null],
    [3, 6],
    [4, 7],
  ]
  const [lone, ...others] = dotted(points)
  expect(lone).toMatchObject({ value: [1, 5], symbol: 'circle' })
  expect(others).toEqual(points.slice(1))
})

describe('Window', () => {
  it('forgets what is older, but keeps the line reaching its edge', () => {
    const window = new Window(10_000, 5_000)
    for (let at = 0; at <= 20_000; at += 1000) window.push(at, at)
    expect(window.points[0]?.[0]).toBe(9000)
    expect(window.points.at(-1)?.[0]).toBe(20_000)
  })

  it('ignores a repeated or late point', () => {
    const window = new Window(10_000, 5_000)
    expect([window.push(5, 1), window.push(5, 2), window.push(4, 3)]).toEqual([true, false, false])
    expect(window.points).toEqual([[5, 1]])
  })

  it('breaks the line over a silence', () => {
    const window = new Window(100_000, 5_000)
    window.push(0, 1)
    window.push(20_000, 2)
    expect(window.points).toEqual([
      [0, 1],
      [1, null],
      [20_000, 2],
    ])
  })
})

describe('statistics', () => {
  it('leaves gaps out', () => {
    const points: Point[] = [
      [0, 1],
      [1, null],
      [2, 5],
    ]
    expect(statistics(points)).toEqual({ min: 1, mean: 3, max: 5 })
    expect(statistics([[0, null]])).toBeNull()
  })
})

describe('sparkPath', () => {
  it('starts a new stroke after a gap', () => {
    const path = sparkPath(
      [
        [0, 0],
        [1, null],
        [2, 10],
      ],
      100,
      20,
    )
    expect(path).toBe('M0.0 20.0M100.0 0.0')
  })

  it('draws nothing of a single point', () => {
    expect(sparkPath([[0, 1]], 10, 10)).toBe('')
  })
})

describe('ranges', () => {
  it('zooms about the middle and not below 10 s', () => {
    expect(zoomed({ from: 0, to: 100_000 }, 0.5)).toEqual({ from: 25_000, to: 75_000 })
    expect(zoomed({ from: 0, to: 10_000 }, 0.5)).toEqual({ from: 0, to: 10_000 })
    expect(zoomed({ from: 0, to: 100_000 }, 0.5, 20_000)).toEqual({ from: 10_000, to: 60_000 })
  })

  it('shifts by a share of the length', () => {
    expect(shifted({ from: 0, to: 100 }, -0.5)).toEqual({ from: -50, to: 50 })
  })
})
