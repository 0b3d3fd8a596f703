"""The rollup ladder: which buckets there are, and which a reading belongs to. Pure.

Readings are rolled up to five minutes, those to hours, hours to days. A bucket holds
the readings whose time is in it. Days are those of the organization's zone, so that one
may have 23 or 25 hours.

How long a reading speaks. A reading stands for the time since the one before it of the
same device and phase, for that is how meters report: the mean of the last interval.
That time is its weight in a time-weighted average (`twa_…`), its share of the bucket's
energy (active power times that time) and of the time covered. After a silence it
speaks for its own sampling interval alone: nothing is averaged over silence. Silence is
longer than twice that interval, than the device's heartbeat interval and than `HOLD`.
All of it counts in the bucket of the reading's time, so a bucket depends on its own
readings and on the time of the one before, on nothing later. How long the first of
them speaks for time before the bucket is its `lead_s`, by which totals give that time
its power.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOLD = timedelta(seconds=120)  # shorter is never silence
REACH = timedelta(days=7)  # the longest heartbeat interval: how far a reading speaks
FIVE_MINUTES = timedelta(minutes=5)
HOUR = timedelta(hours=1)
_MONTH = timedelta(days=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tier(StrEnum):
    """A resolution at which readings are kept, the finest first."""

    RAW = "raw"
    FIVE_MINUTES = "5m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def table(self) -> str:
        """The table of this tier."""
        return "power_records" if self is Tier.RAW else f"telemetry_rollups_{self}"


# How long the buckets of a tier are, s; readings are told by the second.
WIDTHS_S = {Tier.DAY: 86_400, Tier.HOUR: 3_600, Tier.FIVE_MINUTES: 300, Tier.RAW: 1}


class Run(NamedTuple):
    """A stretch of one device's phase, from `start` to before `stop`."""

    device_id: int
    phase: str
    start: datetime
    stop: datetime


class Manner(NamedTuple):
    """How a device's readings are rolled up.

    Attributes:
        zone: In which its days are. hold: Longer is silence, whatever its sampling.
    """

    zone: ZoneInfo = ZoneInfo("UTC")
    hold: timedelta = HOLD


def merged(runs: Iterable[Run]) -> list[Run]:
    """Return the runs in order, those that touch or overlap as one."""
    found: list[Run] = []
    for run in sorted(runs):
        last = found[-1] if found else None
        if last and last[:2] == run[:2] and run.start <= last.stop:
            found[-1] = last._replace(stop=max(last.stop, run.stop))
        else:
            found.append(run)
    return found


def hours_of(runs: Iterable[Run]) -> list[Run]:
    """Return the hours (UTC) that runs touch, each once and by itself."""
    return list(dict.fromkeys(hour for run in runs for hour in _hours(run)))


def _hours(run: Run) -> Iterator[Run]:
    start = run.start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while start < run.stop:
        yield run._replace(start=start, stop=start + HOUR)
        start += HOUR


def days_of(runs: Iterable[Run], manners: Mapping[int, Manner]) -> list[Run]:
    """Return the days that runs touch, each once and by itself."""
    return list(dict.fromkeys(day for run in runs for day in _days(run, manners)))


def _days(run: Run, manners: Mapping[int, Manner]) -> Iterator[Run]:
    zone = manners.get(run.device_id, Manner()).zone
    at = run.start
    while at < run.stop:
        start, stop = day_of(at, zone)
        yield run._replace(start=start, stop=stop)
        at = stop


def day_of(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return where the day that holds `at` begins and ends in a zone, UTC."""
    day = at.astimezone(zone).date()
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def bucket_from(at: datetime, tier: Tier, zone: ZoneInfo) -> datetime:
    """Return when the first bucket begins that does not begin before `at`.

    Readings have no buckets: theirs is `at`.
    """
    if tier is Tier.RAW:
        return at
    if tier is Tier.DAY:
        start, stop = day_of(at, zone)
        return start if start == at else stop
    return at + (_EPOCH - at) % timedelta(seconds=WIDTHS_S[tier])


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # Where clocks skip midnight this is the moment they skip; where they repeat it, the
    # first of the two.
    return datetime.combine(day, time(), zone).astimezone(UTC)


def widened(run: Run, zone: ZoneInfo) -> Run:
    """Return the run widened to whole days of a zone, and from there to whole hours."""
    last = run.stop - timedelta(microseconds=1)
    days = run._replace(start=day_of(run.start, zone)[0], stop=day_of(last, zone)[1])
    hours = list(_hours(days))
    return run._replace(start=hours[0].start, stop=hours[-1].stop)


def has_whole_hours(zone: ZoneInfo, since: datetime, until: datetime) -> bool:
    """Tell whether a zone differs from UTC by whole hours throughout a range."""
    months = range((until - since) // _MONTH + 1)
    every = (*(since + n * _MONTH for n in months), until)
    offsets = (at.astimezone(zone).utcoffset() or timedelta() for at in every)
    return not any(offset % HOUR for offset in offsets)


def is_of_hours(run: Run) -> bool:
    """Tell whether a day begins and ends on full hours of UTC, as in most zones."""
    return all(at.minute == 0 and at.second == 0 for at in (run.start, run.stop))
