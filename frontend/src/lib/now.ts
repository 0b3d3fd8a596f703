/** One clock for every time on the page: the server's, for the viewer's own may be wrong. */

import { readonly, ref } from 'vue'

// What a message takes on its way moves nothing: only a clock that is truly off is set.
const TOLERANCE_MS = 3000
let offsetMs = 0
const now = ref(Date.now())

/** The present in Unix milliseconds. */
export const present = (): number => Date.now() + offsetMs

/** How far the viewer's clock is behind the server's, milliseconds; 0 while they agree. */
export const lag = (): number => offsetMs

/** Set the clock by what the server just said the time is, Unix milliseconds. */
export function learn(at: number): void {
  const seen = at - Date.now()
  if (!(Math.abs(seen - offsetMs) > TOLERANCE_MS)) return
  offsetMs = Math.abs(seen) > TOLERANCE_MS ? seen : 0
  now.value = present()
}

setInterval(() => {
  now.value = present()
}, 1000)

/** The present, moving each second. */
export const useNow = () => readonly(now)
