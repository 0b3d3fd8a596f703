/** A form on its way: whether it is being sent, and what is wrong with its fields. */

import { ref } from 'vue'
import { ApiError } from './api'
import { useFailure } from './failure'

/** `failure` is told when sending fails and no field is to blame. */
export function useSending(failure: string) {
  const errors = ref<Record<string, string>>({})
  const sending = ref(false)
  const fail = useFailure()

  /** Do it; what is refused is told beside its field or as a toast. */
  async function send(work: () => Promise<void>): Promise<void> {
    errors.value = {}
    sending.value = true
    try {
      await work()
    } catch (reason) {
      if (reason instanceof ApiError) errors.value = reason.fields
      if (!Object.keys(errors.value).length) fail(reason, failure)
    } finally {
      sending.value = false
    }
  }

  return { errors, sending, send }
}
