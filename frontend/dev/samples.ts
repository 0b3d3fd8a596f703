// Sample props for each page in each state worth seeing, and answers of the API to go with them.
import type {
  DeviceProps,
  DeviceRowProps,
  EventProps,
  OverviewProps,
  ReadingProps,
  SharedProps,
  Status,
  SummaryProps,
} from '../src/props'

const NOW = Date.now()
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
const uuid = (n: number) => `7f3c9a10-4b52-4c1e-9d0a-${n.toString(16).padStart(12, '0')}`

const organization = {
  uuid: uuid(999),
  slug: 'sutech',
  name: 'Shiraz University of Technology',
  timezone: 'Asia/Tehran',
}
const shared: SharedProps = {
  viewer: {
    name: 'Ann Operator',
    email: 'ann@example.org',
    role: 'operator',
    scopes: ['devices:read', 'devices:write', 'events:read'],
    organization,
    organizations: [
      organization,
      { uuid: uuid(998), slug: 'demo', name: 'Demo Works', timezone: 'Europe/Berlin' },
    ],
  },
  realtime: { key: '', host: '', port: 80, scheme: 'http', cluster: 'mt1' },
  version: '0.1.0',
}

const NAMES = [
  ['Main feeder, building 4', 'Building 4, basement', 'SDM630'],
  ['Chiller 2', 'Energy centre', 'PZEM-016'],
  ['Water pump, north', 'Pump house', 'Shelly 3EM'],
  ['Server room UPS', 'Library, room 012', 'SDM630'],
  ['Kettle', 'Staff kitchen', 'Tasmota'],
  ['Lift A', 'Building 4, roof', 'SDM630'],
  [
    'Lab 3 bench supply with a rather long name that has to be cut',
    'Power systems laboratory, second floor',
    'PZEM-016',
  ],
  ['Solar inverter', 'Building 1, roof', 'Enphase IQ8'],
  ['Street lighting', 'Campus road', 'Shelly 3EM'],
  ['Cold store', 'Canteen', 'SDM630'],
] as const
const POWERS = [48_230, 21_400, 7_350, 5_120, 1_890, 940, 312, -3_400, 88, 0]
const STATES: Status[] = [
  'online',
  'online',
  'online',
  'online',
  'online',
  'offline',
  'online',
  'online',
  'maintenance',
  'decommissioned',
]

const rows: DeviceRowProps[] = Array.from({ length: 25 }, (_, n) => {
  const [name, location, model] = NAMES[n % NAMES.length] as (typeof NAMES)[number]
  const status = STATES[n % STATES.length] as Status
  return {
    id: n,
    uuid: uuid(n),
    name: n < NAMES.length ? name : `${name.slice(0, 20)} ${n}`,
    slug: `device-${n}`,
    status,
    model,
    location,
    tags: [['hvac', 'floor-2'], ['lighting'], [], ['critical', 'three-phase', 'metered']][n % 4] as string[],
    last_seen_at: status === 'decommissioned' ? null : ago(status === 'online' ? n % 4 : 4000 * n),
    power_w: status === 'online' ? (POWERS[n % 10] as number) : null,
  }
})

const load = (at: number) =>
  62_000 + 14_000 * Math.sin(at / 900) + 6000 * Math.sin(at / 97) + 2500 * Math.sin(at * 12.9898)

const summary: SummaryProps = {
  ts: ago(0),
  power_w: 81_530,
  devices: { online: 42, offline: 3, maintenance: 2, decommissioned: 4 },
  reporting: 41,
  top: rows
    .filter(({ power_w }) => (power_w ?? 0) > 0)
    .slice(0, 7)
    .map(({ uuid, name, location, power_w }) => ({ uuid, name, location, power_w: power_w ?? 0 })),
}

const TYPES: [string, string | null, Record<string, unknown>][] = [
  ['device.offline', null, {}],
  ['device.online', null, {}],
  ['device.maintenance_on', 'Ann Operator', {}],
  ['ingest.rejected_schema', null, { count: 3 }],
  ['device.updated', 'Ann Operator', { fields: ['location', 'tags'] }],
  ['auth.login', 'Ann Operator', { ip: '192.0.2.7' }],
  ['device.registered', 'olga@example.org', {}],
  ['ingest.accepted', null, { count: 60 }],
  ['auth.failed_device', null, { count: 4 }],
  ['alert.triggered', null, { title: 'Power of Chiller 2 above 20 kW' }],
]
const events: EventProps[] = Array.from({ length: 40 }, (_, n) => {
  const [type, user, data] = TYPES[n % TYPES.length] as (typeof TYPES)[number]
  const device = rows[n % rows.length] as DeviceRowProps
  const ofDevice = !type.startsWith('auth.log')
  return {
    id: 1000 - n,
    at: ago(n * n * 90),
    type,
    device_uuid: ofDevice ? device.uuid : null,
    device_name: ofDevice ? device.name : null,
    user,
    data,
  }
})

const overview: OverviewProps = {
  summary,
  curve: {
    step_s: 10,
    ts: Array.from({ length: 360 }, (_, n) => Math.floor(NOW / 1000) - 3600 + n * 10),
    power_w: Array.from({ length: 360 }, (_, n) =>
      n > 200 && n < 212 ? null : load(Math.floor(NOW / 1000) - 3600 + n * 10),
    ),
  },
  events: events.slice(0, 12),
}

const device: DeviceProps = {
  id: 1,
  uuid: uuid(1),
  name: 'Main feeder, building 4',
  slug: 'main-feeder',
  status: 'online',
  status_changed_at: ago(86_000),
  firmware: '1.4.2',
  model: 'SDM630',
  location: 'Building 4, basement',
  tags: ['critical', 'three-phase'],
  metadata: { panel: 'A3', breaker_a: 250 },
  heartbeat_interval_s: 120,
  last_seen_at: ago(1),
  created_at: ago(86_400 * 200),
  updated_at: ago(86_400 * 3),
  responsible: 'Ann Operator',
  responsible_id: 3,
}

const reading = (phase: string, share: number): ReadingProps => ({
  phase,
  ts: ago(0),
  current_a: 70.4 * share,
  voltage_v: 231.4 - share,
  power_va: 16_290 * share,
  active_power_w: 15_020 * share,
  power_factor: 0.922,
  frequency_hz: 49.98,
  temperature_c: 38.5 + share,
  energy_wh: 123_456_789 * share,
})
const show = {
  device,
  first_reading_at: ago(86_400 * 90),
  last_reading_at: ago(0),
  arrivals: {
    last_reading_at: ago(0),
    last_arrival_at: ago(0),
    accepted: 7_775_988,
    duplicates: 1_204,
    refused: 3,
    late: 86_412,
    lateness_s: 0.4,
    max_lateness_s: 7_260,
  },
  events: events.slice(0, 8),
}
const phases = [reading('L1', 1), reading('L2', 0.82), reading('L3', 1.14)]

const listed = {
  devices: rows,
  page: { page: 1, per_page: 25, total: 1_238, pages: 50 },
  filters: { status: '', tags: [], search: '', user_id: null, sort: 'name' },
  all_tags: ['hvac', 'floor-2', 'lighting', 'critical'],
}
const quiet = { online: 0, offline: 0, maintenance: 0, decommissioned: 0 }
const record = { events, next: 'abc', types: TYPES.map(([type]) => type), filters: {} }

type Sample = Record<string, unknown>
const of = (props: object): Sample => ({ ...shared, errors: {}, ...props })

export const samples: Record<string, Record<string, Sample>> = {
  'auth/Login': {
    usual: { ...of({ next: '/' }), viewer: null },
    refused: {
      ...of({ next: '/', errors: { form: 'The e-mail address or the password is wrong.' } }),
      viewer: null,
    },
  },
  'overview/Index': {
    usual: of(overview),
    empty: of({
      summary: { ...summary, power_w: 0, devices: quiet, reporting: 0, top: [] },
      curve: { step_s: 10, ts: [], power_w: [] },
      events: [],
    }),
  },
  'devices/Index': {
    usual: of(listed),
    none: of({ ...listed, devices: [], filters: { ...listed.filters, search: 'xyz' } }),
    empty: of({ ...listed, devices: [], page: { page: 1, per_page: 25, total: 0, pages: 0 }, all_tags: [] }),
  },
  'devices/Show': {
    usual: of({ ...show, latest: phases }),
    single: of({
      ...show,
      latest: [{ ...reading('', 0.2), temperature_c: null, voltage_v: 197 }],
      device: { ...device, status: 'maintenance' },
    }),
    'never-seen': of({
      device: { ...device, last_seen_at: null, status: 'offline' },
      latest: [],
      first_reading_at: null,
      last_reading_at: null,
      arrivals: { ...show.arrivals, last_arrival_at: null },
      events: [],
    }),
  },
  'events/Index': {
    usual: of(record),
    none: of({ ...record, events: [], next: null, filters: { type: 'auth.login' } }),
  },
  Error: {
    usual: of({
      status: 404,
      title: 'There is no such page',
      message: 'It may have moved, or it belongs to another organization.',
    }),
  },
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })

function series(url: URL) {
  const [from, to] = ['from', 'to'].map((name) => Date.parse(url.searchParams.get(name) ?? '') / 1000) as [
    number,
    number,
  ]
  const n = Math.min(500, Number(url.searchParams.get('max_points') ?? 500))
  const step = (to - from) / n
  const ts = Array.from({ length: n }, (_, k) => Math.round(from + k * step))
  const column = (base: number, spread: number, seed: number) => {
    const avg = ts.map(
      (at) => base + spread * Math.sin(at / 3600 + seed) + spread * 0.25 * Math.sin(at * 12.9 + seed),
    )
    return {
      avg,
      min: avg.map((value) => value - spread * 0.3),
      max: avg.map((value) => value + spread * 0.45),
    }
  }
  const of: Record<string, [base: number, spread: number]> = {
    power_w: [15_000, 4000],
    energy_wh: [15_000, 4000],
    current_a: [66, 18],
    voltage_v: [230, 3],
    power_factor: [0.9, 0.05],
    frequency_hz: [50, 0.03],
    temperature_c: [31, 4],
  }
  const fields = (url.searchParams.get('fields') ?? 'power_w,current_a,voltage_v').split(',')
  const phasesOf = ['L1', 'L2', 'L3'].map((phase, seed) => ({
    phase,
    completeness: 0.98,
    ts,
    ...Object.fromEntries(fields.map((field) => [field, column(...(of[field] ?? [1, 0.1]), seed)])),
  }))
  return { from: '', to: '', step_s: Math.round(step), tier: 'raw', columns: [], phases: phasesOf }
}

/** What the API would say. */
export function answer(url: URL, method: string): Response {
  if (url.pathname.endsWith('/series')) return json(series(url))
  if (url.pathname === '/api/summary') return json(summary)
  if (url.pathname === '/api/devices' && method === 'POST') {
    return json(
      {
        device,
        secret: 'pd_Jx0m3kq9Wv7uE2bYt5Rz8Na1Lc4Hs6Gf',
      },
      201,
    )
  }
  if (url.pathname === '/api/devices') return json({ data: rows.slice(0, 8), meta: listed.page, links: {} })
  return json(
    {
      error: 'invalid',
      message: 'Refused by the bench.',
      errors: { name: ['There is a device of this name.'] },
    },
    422,
  )
}
