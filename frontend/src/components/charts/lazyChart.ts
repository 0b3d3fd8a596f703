import { type AsyncComponentLoader, type Component, defineAsyncComponent } from 'vue'
import ChartMissing from './ChartMissing.vue'
import ChartSkeleton from './ChartSkeleton.vue'

/** A chart that is fetched after its page shows, with something in its place from the first moment. */
export const lazyChart = <C extends Component>(loader: AsyncComponentLoader<C>): C =>
  defineAsyncComponent({
    loader,
    loadingComponent: ChartSkeleton,
    errorComponent: ChartMissing,
    delay: 0,
  }) as unknown as C
