import { ref } from 'vue'
import type { DeviceDraft } from '@/lib/api'
import { parseMetadata, showMetadata } from '@/lib/metadata'
import { useSending } from '@/lib/sending'
import type { DeviceProps } from '@/props'
import type { DeviceForm } from './DeviceFields.vue'

const USUAL_HEARTBEAT_S = 120

const formOf = (device: DeviceProps | null): DeviceForm => ({
  name: device?.name ?? '',
  model: device?.model ?? '',
  location: device?.location ?? '',
  firmware: device?.firmware ?? '',
  tags: [...(device?.tags ?? [])],
  metadata: showMetadata(device?.metadata ?? {}),
  heartbeat_interval_s: device?.heartbeat_interval_s ?? USUAL_HEARTBEAT_S,
})

/** The state of a device form: its fields, their errors, and sending it. */
export function useDeviceForm(failure: string) {
  const form = ref(formOf(null))
  const { errors, sending, send } = useSending(failure)

  function reset(device: DeviceProps | null): void {
    form.value = formOf(device)
    errors.value = {}
  }

  /** What to send, or null with the errors told. */
  function draft(): DeviceDraft | null {
    const metadata = parseMetadata(form.value.metadata)
    errors.value = {
      ...(form.value.name.trim() ? {} : { name: 'Give the device a name.' }),
      ...(form.value.heartbeat_interval_s >= 1
        ? {}
        : { heartbeat_interval_s: 'Give a number of seconds, at least 1.' }),
      ...(metadata.ok ? {} : { metadata: metadata.message }),
    }
    if (!metadata.ok || Object.keys(errors.value).length) return null
    return { ...form.value, name: form.value.name.trim(), metadata: metadata.value }
  }

  /** Send the form by `save` when it is in order; what is not is told. */
  async function submit(save: (draft: DeviceDraft) => Promise<void>): Promise<void> {
    const ready = draft()
    if (ready) await send(() => save(ready))
  }

  return { form, errors, sending, reset, submit }
}
