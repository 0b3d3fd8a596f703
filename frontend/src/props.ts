// Made from powerdash/web/props.py by `python -m powerdash.web.typescript`; do not edit.

export type Status = 'online' | 'offline' | 'maintenance' | 'decommissioned'
export type Role = 'owner' | 'operator' | 'viewer' | 'support'

/** A tenant, as the switcher shows it. */
export interface OrganizationProps {
  uuid: string
  slug: string
  name: string
  timezone: string
}

/** Who is looking, in which organization, with which rights. */
export interface ViewerProps {
  name: string
  email: string
  role: Role
  scopes: string[]
  organization: OrganizationProps
  organizations: OrganizationProps[]
}

/** Where the browser's Pusher client connects; `host` empty means this server. */
export interface RealtimeProps {
  key: string
  host: string
  port: number
  scheme: 'http' | 'https'
  cluster: string
}

/** On every page (shared by middleware); `viewer` is None when signed out. */
export interface SharedProps {
  viewer: ViewerProps | null
  realtime: RealtimeProps
  version: string
}

/** `pages/auth/Login`. */
export interface LoginProps {
  errors: Record<string, string>
  next: string
}

/** The newest reading of one phase of a device. */
export interface ReadingProps {
  phase: string
  ts: string
  current_a: number
  voltage_v: number
  power_va: number
  active_power_w: number
  power_factor: number | null
  frequency_hz: number | null
  temperature_c: number | null
  energy_wh: number | null
}

/** A device in a list. `power_w` sums the newest active power of its phases. */
export interface DeviceRowProps {
  id: number
  uuid: string
  name: string
  slug: string
  status: Status
  model: string
  location: string
  tags: string[]
  last_seen_at: string | null
  power_w: number | null
}

/** A device in full. */
export interface DeviceProps {
  id: number
  uuid: string
  name: string
  slug: string
  status: Status
  status_changed_at: string
  firmware: string
  model: string
  location: string
  tags: string[]
  metadata: Record<string, unknown>
  heartbeat_interval_s: number
  last_seen_at: string | null
  created_at: string
  updated_at: string
  responsible: string | null
  responsible_id: number | null
}

/** How a device's readings arrive; late is over five minutes after their time. */
export interface ArrivalsProps {
  last_reading_at: string | null
  last_arrival_at: string | null
  accepted: number
  duplicates: number
  refused: number
  late: number
  lateness_s: number
  max_lateness_s: number
}

/** A line of the record. */
export interface EventProps {
  id: number
  at: string
  type: string
  device_uuid: string | null
  device_name: string | null
  user: string | null
  data: Record<string, unknown>
}

/** A device among the top consumers. */
export interface ConsumerProps {
  uuid: string
  name: string
  location: string
  power_w: number
}

/** An organization now; also the data of the live event `OrganizationSummary`. */
export interface SummaryProps {
  ts: string
  power_w: number
  devices: Record<Status, number>
  reporting: number
  top: ConsumerProps[]
}

/** A load curve by column: `ts` in Unix seconds (ascending), None marks a gap. */
export interface CurveProps {
  step_s: number
  ts: number[]
  power_w: (number | null)[]
}

/** Which part of a list this is. */
export interface PageProps {
  page: number
  per_page: number
  total: number
  pages: number
}

/** The filters of the device list in force, echoed for the form. */
export interface DeviceFilters {
  status: string
  tags: string[]
  search: string
  user_id: number | null
  sort: string
}

/** `pages/overview/Index`. */
export interface OverviewProps {
  summary: SummaryProps
  curve: CurveProps
  events: EventProps[]
}

/** `pages/devices/Index`. */
export interface DeviceListProps {
  devices: DeviceRowProps[]
  page: PageProps
  filters: DeviceFilters
  all_tags: string[]
}

/** `pages/devices/Show`; the charts fetch their series by themselves. */
export interface DeviceShowProps {
  device: DeviceProps
  latest: ReadingProps[]
  first_reading_at: string | null
  last_reading_at: string | null
  arrivals: ArrivalsProps
  events: EventProps[]
}

/** A device that is looked at, and where its readings begin and end. */
export interface ExploredProps {
  uuid: string
  name: string
  first_reading_at: string | null
  last_reading_at: string | null
}

/** `pages/explore/Index`; without devices it shows the whole organization. Its own ends are those of the organization's readings, if that is looked at; `missing` is how many devices were asked for that the viewer has not. */
export interface ExploreProps {
  devices: ExploredProps[]
  first_reading_at: string | null
  last_reading_at: string | null
  missing: number
}

/** A refused reading: why, by field, and what was sent, as JSON cut to size. */
export interface RejectionProps {
  id: number
  at: string
  device_uuid: string
  device_name: string
  errors: Record<string, string[]>
  payload: string
  replayed_at: string | null
}

/** `pages/rejections/Index`; `next` is sent as `before` for the older ones. */
export interface RejectionListProps {
  rejections: RejectionProps[]
  next: number | null
  filters: Record<string, string>
  device_name: string | null
}

/** How many days what is kept; 0 is for ever. `tag` is empty for all devices. */
export interface RetentionRuleProps {
  tag: string
  raw_days: number
  days_5m: number
  days_1h: number
  days_1d: number
}

/** A device whose readings may not go. */
export interface HoldProps {
  uuid: string
  name: string
  reason: string
  held_at: string
}

/** `pages/retention/Index`; `installation` holds where no rule does. */
export interface RetentionProps {
  installation: RetentionRuleProps
  rules: RetentionRuleProps[]
  held: HoldProps[]
  all_tags: string[]
}

/** `pages/events/Index`; `next` is the cursor of the older page. */
export interface EventListProps {
  events: EventProps[]
  next: string | null
  types: string[]
  filters: Record<string, string>
}

/** `pages/Error`. */
export interface ErrorProps {
  status: number
  title: string
  message: string
}
