/** The live connection. The only file that knows the socket: pages name a channel and its events. */

import Echo from 'laravel-echo'
import Pusher from 'pusher-js'
import { computed, type MaybeRefOrGetter, onScopeDispose, readonly, ref, toValue, watch } from 'vue'
import type { EventProps, ReadingProps, RealtimeProps, Status, SummaryProps } from '@/props'
import { csrfHeaders } from './api'

/** What the server says, by event name. */
export interface LiveEvents {
  OrganizationSummary: SummaryProps
  DeviceStatusChanged: { device: string; name?: string; status: Status; previous: Status | null; at: string }
  EventRecorded: EventProps
  PowerReadingRecorded: { device: string; readings: ReadingProps[] }
}

export type Handlers = { [Name in keyof LiveEvents]?: (data: LiveEvents[Name]) => void }

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'off'

const state = ref<Connection>('off')
const reconnects = ref(0)
/** Where the connection stands. */
export const connection = readonly(state)
export const isLive = computed(() => state.value === 'live')

const lost = ref(false)
/** Whether what is shown as live may be old: the connection has been away for some seconds. */
export const isLost = readonly(lost)
const LOST_AFTER_MS = 5000
watch(state, (now, _, onCleanup) => {
  if (now !== 'reconnecting') {
    lost.value = false
    return
  }
  const timer = setTimeout(() => {
    lost.value = true
  }, LOST_AFTER_MS)
  onCleanup(() => clearTimeout(timer))
})

let echo: Echo<'pusher'> | null = null
const users = new Map<string, number>()

/** Connect as the page's props say; called once, by the layout of the signed-in pages. */
export function connect(options: RealtimeProps): void {
  if (echo || !options.key) return
  const client = new Pusher(options.key, pusherOptions(options))
  client.connection.bind('state_change', ({ current }: { current: string }) => follow(current))
  echo = new Echo({ broadcaster: 'pusher', client, key: options.key, cluster: options.cluster || 'mt1' })
  state.value = 'connecting'
}

function pusherOptions({ host, port, scheme, cluster }: RealtimeProps) {
  const own = !host
  const tls = own ? location.protocol === 'https:' : scheme === 'https'
  const wsPort = own ? Number(location.port) || (tls ? 443 : 80) : port
  return {
    cluster: cluster || 'mt1',
    wsHost: host || location.hostname,
    wsPort,
    wssPort: wsPort,
    forceTLS: tls,
    // Only the one in use: the stock client would try the other when this one is slow.
    enabledTransports: [tls ? ('wss' as const) : ('ws' as const)],
    disableStats: true,
    // A summary comes each second, so ten seconds of silence are worth a question.
    activityTimeout: 10_000,
    pongTimeout: 5000,
    channelAuthorization: {
      endpoint: '/broadcasting/auth',
      transport: 'ajax' as const,
      headersProvider: () => csrfHeaders(),
    },
  }
}

let wasLive = false

function follow(current: string): void {
  if (current === 'connected') {
    if (wasLive) reconnects.value++
    wasLive = true
    state.value = 'live'
  } else {
    state.value = wasLive ? 'reconnecting' : 'connecting'
  }
}

/** Close the connection, as on signing out. */
export function disconnect(): void {
  echo?.disconnect()
  echo = null
  users.clear()
  wasLive = false
  state.value = 'off'
}

/**
 * Listen to private channels for as long as the component lives.
 *
 * `names` may change: what is no longer named is left, what is new is joined. Several components may
 * listen to one channel; the last to go leaves it.
 */
export function useChannels(names: MaybeRefOrGetter<readonly string[]>, handlers: Handlers): void {
  let joined = new Map<string, () => void>()

  function align(wanted: readonly string[]): void {
    const next = new Map<string, () => void>()
    for (const name of wanted) next.set(name, joined.get(name) ?? join(name, handlers))
    for (const [name, leave] of joined) if (!next.has(name)) leave()
    joined = next
  }

  watch(() => [...toValue(names)], align, { immediate: true })
  onScopeDispose(() => align([]))
}

/** Listen to one private channel, or to none while its name is null. */
export function useChannel(name: MaybeRefOrGetter<string | null>, handlers: Handlers): void {
  useChannels(() => {
    const current = toValue(name)
    return current ? [current] : []
  }, handlers)
}

function join(name: string, handlers: Handlers): () => void {
  const client = echo
  if (!client) return () => {}
  const channel = client.private(name)
  const bound = Object.entries(handlers) as [string, (data: never) => void][]
  for (const [event, handle] of bound) channel.listen(`.${event}`, handle)
  users.set(name, (users.get(name) ?? 0) + 1)
  return () => {
    for (const [event, handle] of bound) channel.stopListening(`.${event}`, handle)
    release(client, name)
  }
}

function release(client: Echo<'pusher'>, name: string): void {
  const left = (users.get(name) ?? 1) - 1
  if (left > 0) {
    users.set(name, left)
    return
  }
  users.delete(name)
  client.leave(name)
}

/** Run `refetch` whenever the connection came back: what was said meanwhile is lost. */
export function onReconnect(refetch: () => void): void {
  watch(reconnects, refetch)
}

export const organizationChannel = (uuid: string): string => `organization.${uuid}`
/** The record as it grows, for those who may read it. */
export const eventsChannel = (uuid: string): string => `events.${uuid}`
export const deviceChannel = (uuid: string): string => `device.${uuid}`
