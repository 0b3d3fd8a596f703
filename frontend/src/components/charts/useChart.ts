import { useColorMode, useResizeObserver } from '@vueuse/core'
import { nextTick, onBeforeUnmount, onMounted, type Ref, shallowRef, watch } from 'vue'
import { type Chart, createChart, type Palette, palette } from '@/lib/charts'

/** A chart in `element`: made when it is there, redrawn when the colours change, sized with its box. */
export function useChart(element: Ref<HTMLElement | null>, draw: (chart: Chart, colours: Palette) => void) {
  const chart = shallowRef<Chart | null>(null)
  const mode = useColorMode()

  function redraw(): void {
    if (chart.value) draw(chart.value, palette())
  }

  onMounted(() => {
    if (!element.value) return
    chart.value = createChart(element.value)
    redraw()
  })
  watch(mode, () => nextTick(redraw))
  useResizeObserver(element, () => {
    chart.value?.resize()
  })
  onBeforeUnmount(() => {
    chart.value?.dispose()
    chart.value = null
  })
  return { chart, redraw }
}
