import { describe, expect, it } from 'vitest'
import { around, type Marker, markedOf, markersOf, NONE_MARKED, spread, together } from './markers'

const at = (minute: number, tone: Marker['tone'] = 'good'): Marker => ({
  at: minute * 60_000,
  text: '',
  tone,
})

describe('markers', () => {
  it('say what happened, and to which of several devices', () => {
    const answers = [
      { at: '2026-01-01T00:00:00Z', type: 'device.offline' },
      { at: '2026-01-01T01:00:00Z', type: 'device.renamed' },
    ]
    expect(markersOf(answers, '')).toEqual([{ at: Date.UTC(2026, 0, 1), text: 'Went offline', tone: 'bad' }])
    expect(markersOf(answers, 'Roof')[0]?.text).toBe('Roof went offline')
  })

  it('of several devices are all there from where the last cut answer begins', () => {
    const answers = (minute: number) => [
      { at: new Date(minute * 60_000).toISOString(), type: 'device.offline' },
      { at: new Date(90 * 60_000).toISOString(), type: 'device.online' },
    ]
    const whole = markedOf(answers(1), false, 'Roof')
    expect(whole.since).toBeNull()
    expect(together([whole, NONE_MARKED])).toEqual({ markers: whole.markers, since: null })
    const found = together([markedOf(answers(2), true, 'A'), whole, markedOf(answers(3), true, 'B')])
    expect(found.since).toBe(180_000)
    expect(found.markers).toHaveLength(6)
    expect(markedOf([], true, '').since).toBeNull()
  })

  it('keep apart, the gravest first', () => {
    const range = { from: 0, to: 600_000 }
    const all = [at(5, 'bad'), at(1), at(5.1, 'good'), at(1.05, 'warn'), at(9)]
    expect(spread(all, range, 60)).toEqual([at(1.05, 'warn'), at(5, 'bad'), at(9)])
    expect(spread(all, range, 6000)).toHaveLength(5)
  })

  it('are found by what is near', () => {
    expect(around([at(1), at(2)], 70_000, 15_000)).toEqual([at(1)])
  })
})
