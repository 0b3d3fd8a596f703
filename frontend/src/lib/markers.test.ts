import { describe, expect, it } from 'vitest'
import { around, type Marker, markersOf, spread } from './markers'

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
