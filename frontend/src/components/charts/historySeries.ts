/** How a history is drawn: lines with their envelope, bars, the range before, gaps and markers; pure. */

import { type Bar, faded, type Line, lineColour, type Palette } from '@/lib/charts'
import { again, type Band, outlined, summands, together } from '@/lib/history'
import type { Marker } from '@/lib/markers'
import { dotted, type Point, type Range } from '@/lib/series'

export interface Picture {
  bands: readonly Band[]
  /** The same of the range before, moved onto this one. */
  past: readonly Band[]
  asBars: boolean
  range: Range
  width: number
  gaps: readonly Range[]
  markers: readonly Marker[]
}

export function historySeries(picture: Picture, colours: Palette): (Line | Bar)[] {
  const { bands, past, asBars } = picture
  const shapes = asBars
    ? [...bands.map((band) => bar(band, colours, picture)), ...pastSum(picture, colours)]
    : [
        ...past.map((band) => pastLine(band, lineColour(colours, band.place))),
        ...bands.flatMap((band) => lines(band, lineColour(colours, band.place), picture)),
      ]
  return [marks(picture, colours), ...shapes]
}

/**
 * A step's bar stands over the whole step; those of phases and devices stand on each other, and before
 * that of the organization, which holds them.
 */
function bar({ mean, place, ofAll, stepMs }: Band, colours: Palette, { range, width }: Picture): Bar {
  const share = stepMs / (range.to - range.from)
  return {
    type: 'bar',
    stack: ofAll ? 'all' : 'together',
    barGap: '-100%',
    data: mean.map(([at, value]) => [at + stepMs / 2, value]),
    barWidth: Math.max(1, width * share * 0.85),
    silent: true,
    color: lineColour(colours, place),
  }
}

function lines(band: Band, colour: string, { bands, width }: Picture): Line[] {
  const { key, place, mean } = band
  const { foot, height } = outlined(band, width / 2)
  // Where points stand close a broad line would fill what is between them.
  const broad = mean.length > width / 2 ? 1 : 1.5
  const isMany = bands.length > 4
  const edge: Line = {
    type: 'line',
    stack: `band ${key}`,
    stackStrategy: 'all',
    showSymbol: false,
    silent: true,
    color: colour,
    // An edge, for of a peak of a moment the area alone is too thin to be seen.
    lineStyle: { width: 1, opacity: isMany ? 0.2 : 0.4 },
  }
  return [
    { ...edge, data: foot },
    // Many envelopes over each other would hide the lines.
    { ...edge, data: height, areaStyle: { color: faded(colour, isMany ? 0.1 : 0.18) } },
    {
      type: 'line',
      data: dotted(mean),
      symbol: 'none',
      silent: true,
      color: colour,
      lineStyle: again(place) === 'solid' ? { width: broad } : { width: 2, type: again(place) },
    },
  ]
}

const pastLine = ({ mean }: Band, colour: string): Line => ({
  type: 'line',
  data: mean,
  symbol: 'none',
  silent: true,
  color: colour,
  lineStyle: { width: 1.25, type: [5, 4], opacity: 0.6 },
})

/** Bars are compared in sum: one step line over them. */
function pastSum({ past }: Picture, colours: Palette): Line[] {
  const parts = summands(past)
  const [first] = parts
  if (!first) return []
  const middles = together(parts).map(([at, value]): Point => [at + first.stepMs / 2, value])
  return [{ ...pastLine({ ...first, mean: middles }, colours.text), step: 'middle' }]
}

/** What lies behind the lines: shaded where it was silent, a line where something happened. */
const marks = ({ gaps, markers }: Picture, colours: Palette): Line => ({
  type: 'line',
  data: [],
  silent: true,
  markArea: {
    silent: true,
    itemStyle: { color: faded(colours.text, 0.08) },
    data: gaps.map(({ from, to }) => [{ xAxis: from }, { xAxis: to }]),
  },
  markLine: {
    silent: true,
    symbol: ['none', 'circle'],
    symbolSize: 6,
    label: { show: false },
    animation: false,
    data: markers.map(({ at, tone }) => ({
      xAxis: at,
      lineStyle: { color: colours.tones[tone], type: 'solid', width: 1, opacity: 0.7 },
    })),
  },
})
