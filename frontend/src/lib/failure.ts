/** What went wrong with an action, told as a toast. */

import { useToast } from '@nuxt/ui/composables'
import { ApiError } from './api'

/** Returns a teller: pass what was thrown, and how to try again where that helps. */
export function useFailure() {
  const toast = useToast()
  return (reason: unknown, title: string, retry?: () => void): void => {
    const text =
      reason instanceof ApiError ? reason.message : 'Something unexpected happened. Reload the page.'
    toast.add({
      id: title,
      title,
      description: text,
      color: 'error',
      icon: 'i-lucide-circle-alert',
      ...(retry
        ? { actions: [{ label: 'Try again', color: 'neutral', variant: 'outline', onClick: retry }] }
        : {}),
    })
  }
}
