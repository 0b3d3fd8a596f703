/** One clock for every relative time on the page. */

import { useTimestamp } from '@vueuse/core'
import type { Ref } from 'vue'

let shared: Ref<number> | null = null

/** The present in Unix milliseconds, moving each second. */
export function useNow(): Ref<number> {
  shared ??= useTimestamp({ interval: 1000 })
  return shared
}
