/** Dragging and zooming, apart: only the charts that look back load it. */

import { DataZoomInsideComponent } from 'echarts/components'
import { use } from 'echarts/core'

export const allowZoom = (): void => use([DataZoomInsideComponent])
