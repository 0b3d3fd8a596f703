/** The record in readable sentences; pure. */

import type { EventProps } from '@/props'

export type Tone = 'success' | 'error' | 'warning' | 'info' | 'neutral'

interface Kind {
  title: string
  icon: string
  tone: Tone
  sentence: (event: EventProps, who: string, what: string) => string
}

const KINDS: Record<string, Kind> = {
  'ingest.accepted': {
    title: 'Readings accepted',
    icon: 'i-lucide-download',
    tone: 'neutral',
    sentence: ({ data }, _, what) => `${counted(data, 'reading')} accepted from ${what}`,
  },
  'ingest.rejected_auth': {
    title: 'Readings refused: credentials',
    icon: 'i-lucide-shield-x',
    tone: 'error',
    sentence: ({ data }, _, what) => `${counted(data, 'request')} refused from ${what}: wrong credentials`,
  },
  'ingest.rejected_schema': {
    title: 'Readings refused: content',
    icon: 'i-lucide-file-x',
    tone: 'warning',
    sentence: ({ data }, _, what) => `${counted(data, 'reading')} refused from ${what}: not valid`,
  },
  'device.online': {
    title: 'Device online',
    icon: 'i-lucide-circle-check',
    tone: 'success',
    sentence: (_, __, what) => `${what} came online`,
  },
  'device.offline': {
    title: 'Device offline',
    icon: 'i-lucide-unplug',
    tone: 'error',
    sentence: (_, __, what) => `${what} went offline`,
  },
  'device.maintenance_on': {
    title: 'Maintenance started',
    icon: 'i-lucide-wrench',
    tone: 'warning',
    sentence: (_, who, what) => `${who} put ${what} into maintenance`,
  },
  'device.maintenance_off': {
    title: 'Maintenance ended',
    icon: 'i-lucide-circle-play',
    tone: 'info',
    sentence: (_, who, what) => `${who} took ${what} out of maintenance`,
  },
  'device.registered': {
    title: 'Device registered',
    icon: 'i-lucide-circle-plus',
    tone: 'info',
    sentence: (_, who, what) => `${who} registered ${what}`,
  },
  'device.updated': {
    title: 'Device changed',
    icon: 'i-lucide-pencil',
    tone: 'neutral',
    sentence: ({ data }, who, what) => `${who} changed ${fieldsOf(data)}${what}`,
  },
  'device.decommissioned': {
    title: 'Device decommissioned',
    icon: 'i-lucide-archive',
    tone: 'neutral',
    sentence: (_, who, what) => `${who} decommissioned ${what}`,
  },
  'auth.failed_device': {
    title: 'Device credentials refused',
    icon: 'i-lucide-shield-alert',
    tone: 'error',
    sentence: (_, __, what) => `${what} sent wrong credentials`,
  },
  'auth.login': {
    title: 'Signed in',
    icon: 'i-lucide-log-in',
    tone: 'neutral',
    sentence: (_, who) => `${who} signed in`,
  },
  'auth.login_failed': {
    title: 'Sign-in refused',
    icon: 'i-lucide-shield-alert',
    tone: 'warning',
    sentence: ({ user, data }) => `Sign-in refused for ${user ?? textOf(data.email) ?? 'an unknown address'}`,
  },
  'auth.logout': {
    title: 'Signed out',
    icon: 'i-lucide-log-out',
    tone: 'neutral',
    sentence: (_, who) => `${who} signed out`,
  },
  'permission.denied': {
    title: 'Permission denied',
    icon: 'i-lucide-ban',
    tone: 'warning',
    sentence: ({ data }, who) => `${who} was refused${after(textOf(data.scope), ' for want of ')}`,
  },
  'organization.created': {
    title: 'Organization created',
    icon: 'i-lucide-building-2',
    tone: 'info',
    sentence: (_, who) => `${who} created the organization`,
  },
  'organization.updated': {
    title: 'Organization changed',
    icon: 'i-lucide-building-2',
    tone: 'info',
    sentence: ({ data }, who) =>
      `${who} changed the organization${after(textOf(data.timezone), ': time zone ')}`,
  },
  'ingest.replayed': {
    title: 'Refused readings stored',
    icon: 'i-lucide-archive-restore',
    tone: 'info',
    sentence: ({ data }, who) => `${who} stored ${counted(data, 'refused reading')} after all`,
  },
  'telemetry.dropped': {
    title: 'Old readings dropped',
    icon: 'i-lucide-database',
    tone: 'neutral',
    sentence: ({ data }) =>
      `Retention dropped what was older than ${(textOf(data.to) ?? '').slice(0, 10)} (${textOf(data.tier) ?? 'readings'})`,
  },
  'retention.set': {
    title: 'Retention changed',
    icon: 'i-lucide-database',
    tone: 'warning',
    sentence: ({ data }, who) =>
      `${who} ${data.removed ? 'removed' : 'set'} how long readings are kept${after(textOf(data.tag), ' of devices tagged ')}`,
  },
  'telemetry.hold': {
    title: 'Hold',
    icon: 'i-lucide-lock',
    tone: 'warning',
    sentence: ({ data }, who, what) =>
      data.held
        ? `${who} put the readings of ${what} on hold${after(textOf(data.reason), ': ')}`
        : `${who} released the readings of ${what}`,
  },
  'membership.set': {
    title: 'Role given',
    icon: 'i-lucide-user-cog',
    tone: 'info',
    sentence: ({ data, user }) => `${user ?? 'Somebody'} became ${textOf(data.role) ?? 'a member'}`,
  },
  'user.created': {
    title: 'User added',
    icon: 'i-lucide-user-plus',
    tone: 'info',
    sentence: ({ data }, who) =>
      `${who} added ${textOf(data.email) ?? 'a user'}${after(textOf(data.role), ' as ')}`,
  },
  'alert.triggered': {
    title: 'Alert',
    icon: 'i-lucide-triangle-alert',
    tone: 'error',
    sentence: ({ data }, _, what) => textOf(data.title) ?? `An alert was raised for ${what}`,
  },
  'alert.acknowledged': {
    title: 'Alert acknowledged',
    icon: 'i-lucide-eye',
    tone: 'warning',
    sentence: (_, who, what) => `${who} acknowledged an alert of ${what}`,
  },
  'alert.resolved': {
    title: 'Alert resolved',
    icon: 'i-lucide-circle-check',
    tone: 'success',
    sentence: (_, __, what) => `An alert of ${what} was resolved`,
  },
}

/** A line of the record, ready to show. */
export interface Told {
  title: string
  icon: string
  tone: Tone
  /** The sentence in parts; the one that names the device links to it. */
  before: string
  device: string | null
  after: string
}

// Stands for the device while the sentence is made; no name contains it.
const PLACE = '\u0000'

/** Tell an event; an unknown type is told by its name, never hidden. */
export function tell(event: EventProps): Told {
  const kind = KINDS[event.type]
  const what = event.device_uuid ? PLACE : 'an unknown device'
  const sentence = (kind ? kind.sentence(event, whoOf(event), what) : unknown(event, what)).replace(
    /^an /,
    'An ',
  )
  const [before = '', after = ''] = sentence.split(PLACE)
  const device = sentence.includes(PLACE) ? (event.device_name ?? 'a device') : null
  const { title, icon, tone } = kind ?? {
    title: titleOf(event.type),
    icon: 'i-lucide-activity',
    tone: 'neutral',
  }
  return { title, icon, tone, before, device, after }
}

/** A type's title, for filters. */
export const titleOf = (type: string): string => KINDS[type]?.title ?? capital(type.replace(/[._]/g, ' '))

const unknown = ({ type, device_uuid }: EventProps, what: string): string =>
  device_uuid ? `${titleOf(type)}: ${what}` : titleOf(type)

// Without a person it was the command line or the system itself.
const whoOf = ({ user }: EventProps): string => user ?? 'The system'
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const textOf = (value: unknown): string | null => (typeof value === 'string' && value ? value : null)
const after = (text: string | null, lead: string): string => (text ? lead + text : '')

function counted(data: Record<string, unknown>, noun: string): string {
  const n =
    [data.count, data.accepted, data.refused, data.readings].find((value) => typeof value === 'number') ?? 1
  return n === 1 ? `1 ${noun}` : `${n} ${noun}s`
}

function fieldsOf(data: Record<string, unknown>): string {
  const fields = data.fields ?? data.changed
  const names = Array.isArray(fields)
    ? fields
    : fields && typeof fields === 'object'
      ? Object.keys(fields)
      : []
  return names.length ? `${names.join(', ').replaceAll('_', ' ')} of ` : ''
}
