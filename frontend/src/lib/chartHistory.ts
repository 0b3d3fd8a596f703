/** Bars, dragging, zooming and marking, apart: only the charts that look back load them. */

import { BarChart } from 'echarts/charts'
import { DataZoomInsideComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components'
import { connect, use } from 'echarts/core'

/** Charts of this group show the same moment under the pointer, and move together. */
export const GROUP = 'history'

export function allowHistory(): void {
  use([BarChart, DataZoomInsideComponent, MarkAreaComponent, MarkLineComponent])
  connect(GROUP)
}
