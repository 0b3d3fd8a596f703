/** Devices found by what is typed, the server asked while a list is open. */

import { refDebounced } from '@vueuse/core'
import { computed, type Ref, ref, shallowRef, watch } from 'vue'
import type { DeviceRowProps } from '@/props'
import { api } from './api'

const PAUSE_MS = 200

export function useDeviceSearch(open: Ref<boolean>, most: number) {
  const term = ref('')
  const asked = refDebounced(term, PAUSE_MS)
  const found = shallowRef<DeviceRowProps[]>([])
  const loading = ref(false)

  watch(
    [asked, open],
    async (_, __, onCleanup) => {
      if (!open.value) return
      const abort = new AbortController()
      onCleanup(() => abort.abort())
      loading.value = true
      // No answer means no devices to offer; what is around them still works.
      const answer = await api
        .devices({ search: asked.value, per_page: most }, abort.signal)
        .catch(() => null)
      if (abort.signal.aborted) return
      found.value = answer?.data ?? []
      loading.value = false
    },
    { immediate: true },
  )

  /** Whether what was found is of what is typed now. */
  const settled = computed(() => asked.value === term.value && !loading.value)
  return { term, found, loading, settled }
}
