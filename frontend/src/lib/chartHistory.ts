/** Bars, dragging and zooming, apart: only the charts that look back load them. */

import { BarChart } from 'echarts/charts'
import { DataZoomInsideComponent } from 'echarts/components'
import { use } from 'echarts/core'

export const allowHistory = (): void => use([BarChart, DataZoomInsideComponent])
