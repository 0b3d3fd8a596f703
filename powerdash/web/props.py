"""What pages are given: frozen typed classes; `frontend/src/props.ts` is made of them.

Times are ISO 8601 texts in UTC, quantities carry their unit in their name: `_w` W,
`_a` A, `_v` V, `_s` seconds, `_wh` Wh. `None` means not known.
"""

from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["online", "offline", "maintenance", "decommissioned"]
Role = Literal["owner", "operator", "viewer", "support"]


@dataclass(frozen=True, slots=True)
class OrganizationProps:
    """A tenant, as the switcher shows it."""

    uuid: str
    slug: str
    name: str
    timezone: str


@dataclass(frozen=True, slots=True)
class ViewerProps:
    """Who is looking, in which organization, with which rights."""

    name: str
    email: str
    role: Role
    scopes: list[str]
    organization: OrganizationProps
    organizations: list[OrganizationProps]


@dataclass(frozen=True, slots=True)
class RealtimeProps:
    """Where the browser's Pusher client connects; `host` empty means this server."""

    key: str
    host: str
    port: int
    scheme: Literal["http", "https"]
    cluster: str


@dataclass(frozen=True, slots=True)
class SharedProps:
    """On every page (shared by middleware); `viewer` is None when signed out."""

    viewer: ViewerProps | None
    realtime: RealtimeProps
    version: str


@dataclass(frozen=True, slots=True)
class LoginProps:
    """`pages/auth/Login`."""

    errors: dict[str, str]
    next: str


@dataclass(frozen=True, slots=True)
class ReadingProps:
    """The newest reading of one phase of a device."""

    phase: str
    ts: str
    current_a: float
    voltage_v: float
    power_va: float  # current times voltage, as recorded
    active_power_w: float  # times the power factor where one is known
    power_factor: float | None
    frequency_hz: float | None
    temperature_c: float | None
    energy_wh: float | None


@dataclass(frozen=True, slots=True)
class DeviceRowProps:
    """A device in a list. `power_w` sums the newest active power of its phases."""

    id: int
    uuid: str
    name: str
    slug: str
    status: Status
    model: str
    location: str
    tags: list[str]
    last_seen_at: str | None
    power_w: float | None


@dataclass(frozen=True, slots=True)
class DeviceProps:
    """A device in full."""

    id: int
    uuid: str
    name: str
    slug: str
    status: Status
    status_changed_at: str
    firmware: str
    model: str
    location: str
    tags: list[str]
    metadata: dict[str, Any]
    heartbeat_interval_s: int
    last_seen_at: str | None
    created_at: str
    updated_at: str
    responsible: str | None  # name or e-mail address of the responsible user
    responsible_id: int | None


@dataclass(frozen=True, slots=True)
class ArrivalsProps:
    """How a device's readings arrive; late is over five minutes after their time."""

    last_reading_at: str | None
    last_arrival_at: str | None
    accepted: int
    duplicates: int
    refused: int
    late: int
    lateness_s: float  # of the newest reading
    max_lateness_s: float


@dataclass(frozen=True, slots=True)
class EventProps:
    """A line of the record."""

    id: int
    at: str
    type: str
    device_uuid: str | None
    device_name: str | None
    user: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ConsumerProps:
    """A device among the top consumers."""

    uuid: str
    name: str
    location: str
    power_w: float


@dataclass(frozen=True, slots=True)
class SummaryProps:
    """An organization now; also the data of the live event `OrganizationSummary`."""

    ts: str
    power_w: float
    devices: dict[Status, int]
    reporting: int  # devices whose newest reading is within their heartbeat interval
    top: list[ConsumerProps]


@dataclass(frozen=True, slots=True)
class CurveProps:
    """A load curve by column: `ts` in Unix seconds (ascending), None marks a gap."""

    step_s: int
    ts: list[int]
    power_w: list[float | None]


@dataclass(frozen=True, slots=True)
class PageProps:
    """Which part of a list this is."""

    page: int
    per_page: int
    total: int
    pages: int


@dataclass(frozen=True, slots=True)
class DeviceFilters:
    """The filters of the device list in force, echoed for the form."""

    status: str
    tags: list[str]
    search: str
    user_id: int | None
    sort: str


@dataclass(frozen=True, slots=True)
class OverviewProps:
    """`pages/overview/Index`."""

    summary: SummaryProps
    curve: CurveProps
    events: list[EventProps]  # empty for those who may not read the record


@dataclass(frozen=True, slots=True)
class DeviceListProps:
    """`pages/devices/Index`."""

    devices: list[DeviceRowProps]
    page: PageProps
    filters: DeviceFilters
    all_tags: list[str]


@dataclass(frozen=True, slots=True)
class DeviceShowProps:
    """`pages/devices/Show`; the charts fetch their series by themselves."""

    device: DeviceProps
    latest: list[ReadingProps]
    first_reading_at: str | None
    last_reading_at: str | None
    arrivals: ArrivalsProps
    events: list[EventProps]


@dataclass(frozen=True, slots=True)
class ExploredProps:
    """A device that is looked at, and where its readings begin and end."""

    uuid: str
    name: str
    first_reading_at: str | None
    last_reading_at: str | None


@dataclass(frozen=True, slots=True)
class ExploreProps:
    """`pages/explore/Index`; without devices it shows the whole organization.

    Its own ends are those of the organization's readings, if that is looked at;
    `missing` is how many devices were asked for that the viewer has not.
    """

    devices: list[ExploredProps]
    first_reading_at: str | None
    last_reading_at: str | None
    missing: int


@dataclass(frozen=True, slots=True)
class RejectionProps:
    """A refused reading: why, by field, and what was sent, as JSON cut to size."""

    id: int
    at: str
    device_uuid: str
    device_name: str
    errors: dict[str, list[str]]
    payload: str
    replayed_at: str | None


@dataclass(frozen=True, slots=True)
class RejectionListProps:
    """`pages/rejections/Index`; `next` is sent as `before` for the older ones."""

    rejections: list[RejectionProps]
    next: int | None
    filters: dict[str, str]
    device_name: str | None  # of the device that is filtered by


@dataclass(frozen=True, slots=True)
class RetentionRuleProps:
    """How many days what is kept; 0 is for ever. `tag` is empty for all devices."""

    tag: str
    raw_days: int
    days_5m: int
    days_1h: int
    days_1d: int


@dataclass(frozen=True, slots=True)
class HoldProps:
    """A device whose readings may not go."""

    uuid: str
    name: str
    reason: str
    held_at: str


@dataclass(frozen=True, slots=True)
class RetentionProps:
    """`pages/retention/Index`; `installation` holds where no rule does."""

    installation: RetentionRuleProps
    rules: list[RetentionRuleProps]
    held: list[HoldProps]
    all_tags: list[str]


@dataclass(frozen=True, slots=True)
class EventListProps:
    """`pages/events/Index`; `next` is the cursor of the older page."""

    events: list[EventProps]
    next: str | None
    types: list[str]
    filters: dict[str, str]


@dataclass(frozen=True, slots=True)
class ErrorProps:
    """`pages/Error`."""

    status: int
    title: str
    message: str
