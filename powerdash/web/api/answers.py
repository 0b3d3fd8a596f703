"""What the API answers, beside what pages are given too."""

from dataclasses import dataclass
from typing import Any, Literal

from powerdash.web.props import (
    ArrivalsProps,
    DeviceProps,
    DeviceRowProps,
    EventProps,
    PageProps,
    ReadingProps,
    RejectionProps,
)


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the parts of a list."""

    first: str
    prev: str | None
    next: str | None
    last: str


@dataclass(frozen=True, slots=True)
class DeviceListAnswer:
    """A part of the device list."""

    data: list[DeviceRowProps]
    links: Links
    meta: PageProps


@dataclass(frozen=True, slots=True)
class RegisteredAnswer:
    """A new device; the secret is shown only here."""

    device: DeviceProps
    secret: str
    curl: str


@dataclass(frozen=True, slots=True)
class DeviceAnswer:
    """A device after a change."""

    device: DeviceProps


@dataclass(frozen=True, slots=True)
class RecordsMeta:
    """`truncated`: there may be more readings than `limit` in the range."""

    limit: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class DeviceShowAnswer:
    """A device, its newest reading by phase and its readings, newest first."""

    device: DeviceProps
    latest: list[ReadingProps]
    arrivals: ArrivalsProps
    records: list[dict[str, Any]]
    meta: RecordsMeta


@dataclass(frozen=True, slots=True)
class PhaseAnswer:
    """One phase by column; `ts` in Unix seconds, ascending.

    Beside these, each field asked for: `avg`, `min` and `max`, None marking a gap.
    `completeness` is the share of the expected time that its readings speak for; None
    when none was expected.
    """

    phase: str
    completeness: float | None
    ts: list[int]


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """A device's readings for a chart (its keys `from` and `to` are ISO times).

    `watermark`: the newest reading in it. `units`: of each field.
    """

    step_s: int
    tier: Literal["raw", "5m", "1h", "1d"]
    agg: Literal["envelope", "mean", "lttb"]
    timezone: str
    watermark: str | None
    units: dict[str, str]
    columns: list[str]
    phases: list[PhaseAnswer]


@dataclass(frozen=True, slots=True)
class TotalSeriesAnswer:
    """What devices give together (its keys `from` and `to` are ISO times).

    Beside these, each field asked for as a column, of an envelope as an object of
    `avg`, `min` and `max`; None marks a gap.
    """

    step_s: int
    tier: Literal["5m", "1h", "1d"]
    agg: Literal["envelope", "mean", "lttb"]
    timezone: str
    watermark: str | None
    units: dict[str, str]
    columns: list[str]
    completeness: float | None
    ts: list[int]


@dataclass(frozen=True, slots=True)
class MarkerAnswer:
    """Something to mark on a chart: a type of event."""

    at: str
    type: str


@dataclass(frozen=True, slots=True)
class MarkerListAnswer:
    """The markers of a range; `truncated` when older ones were left out."""

    data: list[MarkerAnswer]
    truncated: bool


@dataclass(frozen=True, slots=True)
class RejectionListAnswer:
    """Refused readings; send `next` as `before` for the older ones."""

    data: list[RejectionProps]
    next: int | None


@dataclass(frozen=True, slots=True)
class ReplayedAnswer:
    """What became of them; `errors` by the id of those that are still refused."""

    accepted: int
    duplicates: int
    errors: dict[str, dict[str, list[str]]]


@dataclass(frozen=True, slots=True)
class RetentionDays:
    """How many days what is kept; 0 is for ever."""

    raw_days: int
    days_5m: int
    days_1h: int
    days_1d: int


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """A device whose readings may not go."""

    device: str
    reason: str
    held_at: str


@dataclass(frozen=True, slots=True)
class RetentionAnswer:
    """How long what is kept: `rules` by tag, the organization's own under ``."""

    installation: RetentionDays
    rules: dict[str, RetentionDays]
    held: list[HeldAnswer]


@dataclass(frozen=True, slots=True)
class EventListAnswer:
    """Lines of the record; `next` is the cursor of the older ones."""

    data: list[EventProps]
    next: str | None


@dataclass(frozen=True, slots=True)
class RefusalAnswer:
    """Why not; `errors` (sentences by field) only with 422."""

    error: str
    message: str
    errors: dict[str, list[str]] | None = None
