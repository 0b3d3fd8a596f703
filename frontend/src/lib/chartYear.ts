/** Fields of colour, apart: only the year loads them. */

import { HeatmapChart, type HeatmapSeriesOption } from 'echarts/charts'
import { VisualMapContinuousComponent } from 'echarts/components'
import { use } from 'echarts/core'

export const allowYear = (): void => use([HeatmapChart, VisualMapContinuousComponent])
export type Heat = HeatmapSeriesOption
