/** ECharts with only the parts our charts use, and the colours of the page. */

import {
  type BarSeriesOption,
  type HeatmapSeriesOption,
  LineChart,
  type LineSeriesOption,
} from 'echarts/charts'
import {
  type DataZoomComponentOption,
  GridComponent,
  type GridComponentOption,
  TooltipComponent,
  type TooltipComponentOption,
  type VisualMapComponentOption,
} from 'echarts/components'
import { type ComposeOption, type EChartsType, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { LINE_COLOURS } from './history'
import type { Range } from './series'
import { evenTicks } from './ticks'

use([LineChart, GridComponent, TooltipComponent, CanvasRenderer])

export type Chart = EChartsType
export type ChartOption = ComposeOption<
  | LineSeriesOption
  | BarSeriesOption
  | HeatmapSeriesOption
  | GridComponentOption
  | TooltipComponentOption
  | DataZoomComponentOption
  | VisualMapComponentOption
>
export type Line = LineSeriesOption
export type Bar = BarSeriesOption

export interface Palette {
  lines: string[]
  /** Of markers, by what they mean. */
  tones: Record<'good' | 'bad' | 'warn' | 'info', string>
  /** From least to most. */
  heat: string[]
  grid: string
  text: string
  surface: string
}

export const createChart = (element: HTMLElement): Chart => init(element, null, { renderer: 'canvas' })

/** The colours in force, from the style sheet: they differ by day and night. */
export function palette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(`--chart-${name}`).trim()
  return {
    lines: Array.from({ length: LINE_COLOURS }, (_, index) => colour(`${index + 1}`)),
    tones: { good: colour('good'), bad: colour('bad'), warn: colour('warn'), info: colour('info') },
    heat: ['1', '2', '3', '4', '5'].map((number) => colour(`heat-${number}`)),
    grid: colour('grid'),
    text: colour('text'),
    surface: colour('surface'),
  }
}

/** A line's colour by its place. */
export const lineColour = (colours: Palette, index: number): string =>
  colours.lines[index % colours.lines.length] ?? colours.text

/** `#rrggbb` with an opacity. */
export const faded = (colour: string, opacity: number): string =>
  colour +
  Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0')

const FONT = '"Inter Variable", system-ui, sans-serif'

/** What all charts over time share: grid, axes, tooltip; `label` formats the values of the y axis. */
export function frame(colours: Palette, label: (value: number) => string): ChartOption {
  const scale = textScale()
  const text = { color: colours.text, fontFamily: FONT, fontSize: 11 * scale }
  return {
    animation: false,
    grid: { left: 0, right: 12, top: 12, bottom: 4, containLabel: true },
    xAxis: {
      type: 'time',
      axisLine: { lineStyle: { color: colours.grid } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { ...text, hideOverlap: true, formatter: TIME_LABELS },
    },
    yAxis: {
      type: 'value',
      scale: true,
      splitNumber: 4,
      splitLine: { lineStyle: { color: colours.grid } },
      axisLabel: { ...text, formatter: label },
    },
    tooltip: {
      trigger: 'axis',
      confine: true,
      transitionDuration: 0,
      backgroundColor: colours.surface,
      borderColor: colours.grid,
      padding: [6, 10],
      textStyle: { ...text, fontSize: 12 * scale },
      axisPointer: { lineStyle: { color: colours.text, type: 'dashed' }, animation: false },
    },
  }
}

/** An axis with more said about it and its labels. */
export const joined = (axis: ChartOption['xAxis'], more: ReturnType<typeof timeAxis>) => {
  const base = axis as { axisLabel?: object }
  return { ...base, ...more, axisLabel: { ...base.axisLabel, ...more.axisLabel } } as ChartOption['xAxis']
}

/** The ends and labels of an axis over `shown`, in `width` pixels; `around` as many lengths lie beside it. */
export function timeAxis(shown: Range, width: number, around = 0) {
  const room = (shown.to - shown.from) * around
  const [min, max] = [shown.from - room, shown.to + room]
  const most = Math.min(12, Math.max(3, width / (80 * textScale()))) * (1 + 2 * around)
  return { min, max, axisLabel: { customValues: evenTicks({ from: min, to: max }, most) } }
}

// Canvas text does not follow the page's own size by itself.
const textScale = (): number =>
  Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1

const TIME_LABELS = {
  year: '{yyyy}',
  month: '{d} {MMM}',
  day: '{d} {MMM}',
  hour: '{HH}:{mm}',
  minute: '{HH}:{mm}',
  second: '{HH}:{mm}:{ss}',
  millisecond: '{HH}:{mm}:{ss}',
}

/** Tooltip text: names and values in a small table; names come from people and are escaped. */
export function tooltip(
  at: string,
  rows: readonly { name: string; colour: string; value: string }[],
): string {
  const lines = rows.map(
    ({ name, colour, value }) =>
      `<tr><td><span style="display:inline-block;width:8px;height:8px;border-radius:9px;background:${colour}"></span>` +
      ` ${escaped(name)}</td><td style="text-align:right;padding-left:12px;font-weight:600">${escaped(value)}</td></tr>`,
  )
  return `<div style="margin-bottom:2px">${escaped(at)}</div><table class="num">${lines.join('')}</table>`
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
