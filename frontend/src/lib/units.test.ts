import { describe, expect, it } from 'vitest'
import { axisFormatter, count, format, niceCeiling, quantity, share } from './units'

const plain = (text: string) => text.replaceAll('\u202f', ' ')

describe('format', () => {
  it.each([
    [0, 'W', '0 W'],
    [0.4, 'W', '0.40 W'],
    [61.25, 'W', '61.3 W'],
    [999.4, 'W', '999.4 W'],
    [1000, 'W', '1.00 kW'],
    [12_345, 'W', '12.35 kW'],
    [999_999, 'W', '1.00 MW'],
    [3_456_789, 'W', '3.46 MW'],
    [2.5e9, 'W', '2.50 GW'],
    [-1500, 'W', '−1.50 kW'],
    [5.2, 'A', '5.20 A'],
    [1250, 'A', '1.25 kA'],
    [230.04, 'V', '230.0 V'],
    [4160, 'V', '4160 V'],
    [20_000, 'V', '20.00 kV'],
    [49.987, 'Hz', '49.99 Hz'],
    [21.26, '°C', '21.3 °C'],
    [1_500_000, 'Wh', '1.50 MWh'],
    [0.954, '', '0.95'],
  ] as const)('shows %d %s as %s', (value, unit, expected) => {
    expect(plain(format(value, unit))).toBe(expected)
  })

  it('shows what is not known as a dash', () => {
    expect([null, undefined, Number.NaN, Infinity].map((value) => format(value, 'W'))).toEqual(
      Array(4).fill('–'),
    )
  })

  it('drops the sign of a zero', () => {
    expect(plain(format(-0.0001, 'Hz'))).toBe('0.00 Hz')
  })
})

describe('quantity', () => {
  it('keeps number and unit apart', () => {
    expect(quantity(4321, 'W')).toEqual({ number: '4.32', unit: 'kW' })
  })
})

describe('axisFormatter', () => {
  it('gives every label the prefix of the largest', () => {
    const label = axisFormatter(4000, 'W')
    expect([0, 500, 4000].map((value) => plain(label(value)))).toEqual(['0 kW', '0.5 kW', '4 kW'])
    expect(plain(label(-1500))).toBe('−1.5 kW')
  })
})

describe('count, share, niceCeiling', () => {
  it('separates thousands', () => {
    expect(plain(count(1234567))).toBe('1 234 567')
  })

  it('says 100 % only of all', () => {
    expect([share(999, 1000), share(1000, 1000), share(0, 0)].map(plain)).toEqual(['99 %', '100 %', '–'])
  })

  it('says no share of what is fed in', () => {
    expect([share(-474, 100), share(10, -50)]).toEqual(['–', '–'])
  })

  it.each([
    [0, 1],
    [7, 8],
    [230, 300],
    [1000, 1000],
    [0.03, 0.03],
  ])('ends a gauge for %d at %d', (value, expected) => {
    expect(niceCeiling(value)).toBeCloseTo(expected)
  })
})
