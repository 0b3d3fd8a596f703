/** Dialogs and menus whose code comes with their first opening: pages show without them. */

import { ref, shallowRef } from 'vue'
import { useFailure } from './failure'

/** `show` fetches the component and opens it; a failure is told, and the next `show` tries again. */
export function useOnDemand<C>(load: () => Promise<{ default: C }>, failed = 'This could not be opened') {
  const component = shallowRef<C | null>(null)
  const open = ref(false)
  const fail = useFailure()

  async function show(): Promise<void> {
    try {
      component.value ??= (await load()).default
      open.value = true
    } catch (reason) {
      fail(reason, failed, show)
    }
  }
  return { component, open, show }
}
