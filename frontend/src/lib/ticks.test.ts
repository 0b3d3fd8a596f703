import { describe, expect, it } from 'vitest'
import { evenTicks } from './ticks'

const local = (...parts: [number, number, number?, number?, number?]) => new Date(...parts).getTime()
const text = (ticks: number[]) =>
  ticks.map((at) => new Date(at).toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit' }))

describe('the labels of a time axis', () => {
  it('stand on round minutes', () => {
    const from = Date.UTC(2026, 10, 23, 12, 3, 7)
    const ticks = evenTicks({ from, to: from + 3_600_000 }, 7)
    expect(ticks.map((at) => (at - Date.UTC(2026, 10, 23, 12)) / 60_000)).toEqual([10, 20, 30, 40, 50, 60])
  })

  it('stand on the hours of the zone', () => {
    const ticks = evenTicks({ from: local(2026, 10, 23, 9, 30), to: local(2026, 10, 24, 9, 30) }, 5)
    expect(ticks.map((at) => new Date(at).getHours())).toEqual([12, 18, 0, 6])
  })

  it('are as far apart across the end of a month', () => {
    const ticks = evenTicks({ from: local(2006, 11, 31), to: local(2007, 2, 2) }, 7)
    const days = ticks.slice(1).map((at, n) => Math.round((at - (ticks[n] as number)) / 86_400_000))
    expect(new Set(days)).toEqual(new Set([14]))
  })

  it('stay where they are when the range moves', () => {
    const range = { from: local(2026, 0, 1), to: local(2026, 0, 20) }
    const later = { from: local(2026, 0, 2), to: local(2026, 0, 21) }
    const both = evenTicks(range, 4).filter((at) => at >= later.from)
    expect(evenTicks(later, 4)).toEqual(expect.arrayContaining(both))
  })

  it('stand on first days of months over years', () => {
    expect(text(evenTicks({ from: local(2025, 4, 12), to: local(2026, 4, 12) }, 4))).toEqual(
      text([local(2025, 6, 1), local(2025, 9, 1), local(2026, 0, 1), local(2026, 3, 1)]),
    )
  })

  it.each([1, 30, 400, 9000, 40_000])('are few over %d days', (days) => {
    const ticks = evenTicks({ from: local(1970, 5, 5), to: local(1970, 5, 5) + days * 86_400_000 }, 6)
    expect(ticks.length).toBeLessThan(9)
  })
})
