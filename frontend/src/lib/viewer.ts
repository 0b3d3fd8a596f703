/** Who is looking, from the props every page carries. */

import { usePage } from '@inertiajs/vue3'
import { computed } from 'vue'
import type { SharedProps, ViewerProps } from '@/props'

export type Scope = 'devices:read' | 'devices:write' | 'events:read' | 'settings:read' | 'settings:write'

/** The shared props of the page in view. */
export function useShared() {
  const page = usePage()
  return computed(() => page.props as unknown as SharedProps)
}

/** The signed-in viewer and what they may do. */
export function useViewer() {
  const shared = useShared()
  const viewer = computed<ViewerProps | null>(() => shared.value.viewer)
  const may = (scope: Scope): boolean => viewer.value?.scopes.includes(scope) ?? false
  return { viewer, may }
}
