import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lag, learn, present } from './now'

const HERE = Date.UTC(2026, 10, 23, 12)
const MINUTE = 60_000

describe('the clock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: HERE })
  })
  afterEach(() => {
    learn(Date.now())
    vi.useRealTimers()
  })

  it("is the viewer's while it agrees with the server", () => {
    learn(HERE - 800)
    expect(present()).toBe(HERE)
  })

  it("is the server's where the viewer's is wrong, and goes on", () => {
    learn(HERE + 7 * MINUTE)
    vi.setSystemTime(HERE + MINUTE)
    expect(present()).toBe(HERE + 8 * MINUTE)
    learn(HERE + 8 * MINUTE + 900)
    expect([present(), lag()]).toEqual([HERE + 8 * MINUTE, 7 * MINUTE])
  })

  it('follows a clock that is put right', () => {
    learn(HERE + 7 * MINUTE)
    vi.setSystemTime(HERE + 7 * MINUTE)
    learn(HERE + 7 * MINUTE + 300)
    expect(present()).toBe(HERE + 7 * MINUTE)
  })

  it('is not moved by what is no time', () => {
    learn(Number.NaN)
    expect(present()).toBe(HERE)
  })
})
