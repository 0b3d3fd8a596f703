import { onMounted, ref, shallowRef, watch } from 'vue'
import { api } from '@/lib/api'
import { byPhase } from '@/lib/gauges'
import type { Series } from '@/lib/history'
import { lag, present } from '@/lib/now'
import { deviceChannel, onReconnect, useChannel } from '@/lib/realtime'
import { type Quantity, quantityOf, Window } from '@/lib/series'
import type { DeviceProps, ReadingProps, Status } from '@/props'

export const QUANTITIES = ['power_w', 'current_a', 'voltage_v'] as const
const KEPT_MS = 15 * 60_000
const MOST_POINTS = 900

type Windows = Record<Quantity, Window>

interface Given {
  device: DeviceProps
  latest: ReadingProps[]
}

/** A device's newest readings and its last minutes by phase: asked once, then live. */
export function useLive(given: () => Given, onStatus: (status: Status) => void) {
  const readings = shallowRef<ReadingProps[]>([])
  const windows = shallowRef(new Map<string, Windows>())
  const version = ref(0)
  const loading = ref(true)
  const device = () => given().device

  function windowsOf(phase: string): Windows {
    const there = windows.value.get(phase)
    if (there) return there
    const gap = Math.max(device().heartbeat_interval_s * 1000, 30_000)
    const made = Object.fromEntries(QUANTITIES.map((name) => [name, new Window(KEPT_MS, gap)])) as Windows
    windows.value = new Map(
      [...windows.value, [phase, made]].sort(([one], [other]) =>
        (one as string).localeCompare(other as string),
      ) as [string, Windows][],
    )
    return made
  }

  function take(arrived: readonly ReadingProps[]): void {
    const phases = new Map(readings.value.map((reading) => [reading.phase, reading]))
    for (const reading of arrived) {
      const at = Date.parse(reading.ts)
      const newest = phases.get(reading.phase)
      if (newest && Date.parse(newest.ts) > at) continue
      phases.set(reading.phase, reading)
      if (at < present() - KEPT_MS) continue
      const own = windowsOf(reading.phase)
      for (const name of QUANTITIES) own[name].push(at, quantityOf(reading, name))
    }
    readings.value = [...phases.values()].sort(byPhase)
    version.value++
  }

  function seed(series: Series): void {
    windows.value = new Map()
    for (const { phase, ts, ...columns } of series.phases) {
      const own = windowsOf(phase)
      for (const name of QUANTITIES)
        for (const [index, at] of ts.entries()) own[name].push(at * 1000, columns[name]?.avg[index] ?? null)
    }
  }

  async function load(): Promise<void> {
    const [to, before] = [present(), lag()]
    // Without an answer the chart starts empty and fills with what arrives.
    const series = await api
      .series(device().uuid, {
        range: { from: to - KEPT_MS, to },
        fields: QUANTITIES,
        maxPoints: MOST_POINTS,
      })
      .catch(() => null)
    // The answer may have told that the viewer's clock is wrong, and the question with it.
    if (lag() !== before) return load()
    const meanwhile = readings.value
    if (series) seed(series)
    take(meanwhile)
    loading.value = false
  }

  watch(() => given().latest, take, { immediate: true })
  useChannel(() => deviceChannel(device().uuid), {
    PowerReadingRecorded: ({ readings: arrived }) => take(arrived),
    DeviceStatusChanged: ({ status }) => onStatus(status),
  })
  onMounted(load)
  onReconnect(load)

  return { readings, windows, version, loading }
}
