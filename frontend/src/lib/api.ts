/** The JSON API: session and CSRF token, every failure one class that speaks to people. */

import type { DeviceProps, DeviceRowProps, PageProps, RetentionRuleProps } from '@/props'
import type { Field, Series, TotalSeries } from './history'
import type { MarkerAnswer } from './markers'
import { learn } from './now'
import type { Range } from './series'

/** The server refused, or did not answer (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: Record<string, string[]> = {},
  ) {
    super(message)
  }

  /** The first text of each field, as forms show it beside the field. */
  get fields(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.errors).map(([field, [text = '']]) => [field, text]))
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

interface Options {
  body?: unknown
  signal?: AbortSignal
}

export const UNREACHABLE = 'The server does not answer. Check your connection and try again.'

/** The CSRF token the server left in a cookie; the same header Inertia sends. */
export function csrfHeaders(cookies = document.cookie): Record<string, string> {
  const token = /(?:^|; )XSRF-TOKEN=([^;]*)/.exec(cookies)?.[1]
  return token ? { 'X-XSRF-TOKEN': decodeURIComponent(token) } : {}
}

/**
 * Ask the API.
 *
 * Raises ApiError when refused or not answered; an aborted request raises the abort itself.
 */
export async function request<T>(method: Method, path: string, { body, signal }: Options = {}): Promise<T> {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...csrfHeaders() },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  }).catch((reason: unknown) => {
    if (signal?.aborted) throw reason
    throw new ApiError(0, 'unreachable', UNREACHABLE)
  })
  learn(Date.parse(response.headers.get('Date') ?? ''))
  if (response.status === 401) signInAgain()
  if (!response.ok) throw await refusal(response)
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** The session ended meanwhile: sign in, and come back to what was looked at. */
function signInAgain(): void {
  const here = `${location.pathname}${location.search}`
  location.assign(`/login?${query({ next: here })}`)
}

async function refusal(response: Response): Promise<ApiError> {
  const answer: { error?: string; message?: string; errors?: Record<string, string[]> } = await response
    .json()
    .catch(() => ({}))
  const message = answer.message ?? `The server refused this (HTTP ${response.status}).`
  return new ApiError(response.status, answer.error ?? 'error', message, answer.errors)
}

/** A query of what is set: no empty texts, lists joined by commas. */
export function query(
  values: Record<string, string | number | readonly string[] | null | undefined>,
): string {
  const pairs = Object.entries(values)
    .map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value] as const)
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
  return new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString()
}

export interface DeviceDraft {
  name: string
  model: string
  location: string
  firmware: string
  tags: string[]
  metadata: Record<string, unknown>
  heartbeat_interval_s: number
  user_id?: number | null
}

export interface Registered {
  device: DeviceProps
  secret: string
}

/** What became of refused readings; `errors` by the id of those that are still refused. */
export interface Replayed {
  accepted: number
  duplicates: number
  errors: Record<string, Record<string, string[]>>
}

export interface DeviceList {
  data: DeviceRowProps[]
  meta: PageProps
}

export interface SeriesAsked {
  range: Range
  fields?: readonly Field[]
  maxPoints?: number
  /** The length of a step instead, seconds. */
  stepS?: number
  tier?: '5m' | '1h' | '1d'
  /** Of several devices together; without any, of all. */
  devices?: readonly string[]
}

/** The ends of a range as the API takes them. */
export function ends(range: Range): { from: string; to: string } {
  return { from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() }
}

const seriesQuery = ({ range, fields, maxPoints, stepS, tier, devices }: SeriesAsked): string =>
  query({ ...ends(range), fields, max_points: maxPoints, step_s: stepS, tier, devices })

const devicePath = (uuid: string) => `/api/devices/${encodeURIComponent(uuid)}`

export const api = {
  devices: (filters: Parameters<typeof query>[0], signal?: AbortSignal) =>
    request<DeviceList>('GET', `/api/devices?${query(filters)}`, signal ? { signal } : {}),
  register: (draft: Partial<DeviceDraft>) => request<Registered>('POST', '/api/devices', { body: draft }),
  change: (uuid: string, draft: Partial<DeviceDraft>) =>
    request<unknown>('PATCH', devicePath(uuid), { body: draft }),
  maintenance: (uuid: string, on: boolean) =>
    request<unknown>(on ? 'POST' : 'DELETE', `${devicePath(uuid)}/maintenance`),
  decommission: (uuid: string) => request<unknown>('POST', `${devicePath(uuid)}/decommission`),
  replay: (body: { ids: number[]; shift_s: number; factors: object; names: object }) =>
    request<Replayed>('POST', '/api/ingest/rejections/replay', { body }),
  retention: (body: RetentionRuleProps) => request<unknown>('PUT', '/api/retention', { body }),
  retentionRemove: (tag: string) => request<unknown>('DELETE', `/api/retention?${query({ tag })}`),
  hold: (uuid: string, reason: string) =>
    request<unknown>('PUT', `${devicePath(uuid)}/hold`, { body: { reason } }),
  release: (uuid: string) => request<unknown>('DELETE', `${devicePath(uuid)}/hold`),
  series: (uuid: string, asked: SeriesAsked, signal?: AbortSignal) =>
    request<Series>('GET', `${devicePath(uuid)}/series?${seriesQuery(asked)}`, signal ? { signal } : {}),
  total: (asked: SeriesAsked, signal?: AbortSignal) =>
    request<TotalSeries>('GET', `/api/series?${seriesQuery(asked)}&agg=envelope`, signal ? { signal } : {}),
  totalMeans: (asked: SeriesAsked, signal?: AbortSignal) =>
    request<TotalSeries<(number | null)[]>>(
      'GET',
      `/api/series?${seriesQuery(asked)}`,
      signal ? { signal } : {},
    ),
  markers: (uuid: string, range: Range, signal?: AbortSignal) =>
    request<{ data: MarkerAnswer[]; truncated: boolean }>(
      'GET',
      `${devicePath(uuid)}/markers?${query(ends(range))}`,
      signal ? { signal } : {},
    ),
}
