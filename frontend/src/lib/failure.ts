/** What went wrong with an action, told as a toast. */

import { useToast } from '@nuxt/ui/composables'
import { ApiError, UNREACHABLE } from './api'

/** Returns a teller: pass what was thrown, and how to try again where that helps. */
export function useFailure() {
  const toast = useToast()
  return (reason: unknown, title: string, retry?: () => void): void => {
    const text = textOf(reason)
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

function textOf(reason: unknown): string {
  if (reason instanceof ApiError) return reason.message
  // A part of the page that could not be fetched; each browser words it in its own way.
  if (reason instanceof TypeError && /import|module/i.test(reason.message)) return UNREACHABLE
  return 'Something unexpected happened. Reload the page.'
}
