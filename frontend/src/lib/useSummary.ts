/** The organization's summary, kept current: the first from the page, the next from the socket. */

import { type MaybeRefOrGetter, ref, toValue, watch } from 'vue'
import type { SummaryProps } from '@/props'
import { organizationChannel, useChannel } from './realtime'
import { useViewer } from './viewer'

/** Follow the summary; `onNew` is told each one as it arrives. */
export function useSummary<T extends SummaryProps | null>(
  first: MaybeRefOrGetter<T>,
  onNew?: (summary: SummaryProps) => void,
) {
  const { viewer } = useViewer()
  const summary = ref<SummaryProps | T>(toValue(first))
  watch(
    () => toValue(first),
    (given) => {
      summary.value = given
    },
  )
  useChannel(() => (viewer.value ? organizationChannel(viewer.value.organization.uuid) : null), {
    OrganizationSummary: (data) => {
      summary.value = data
      onNew?.(data)
    },
  })
  return summary
}
