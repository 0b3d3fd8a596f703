"""What devices give together over time: all of an organization, or some."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from powerdash.lib.fields import FieldsInvalid
from powerdash.telemetry.rollup import WIDTHS_S, Tier, bucket_from
from powerdash.telemetry.series import (
    BUCKETS_MAX,
    completeness,
    has_whole_buckets,
    step_for,
    tier_for,
)
from powerdash.telemetry.sql import QUERIES, by_step

TOTAL_UNITS = {
    "power_w": "W",
    "apparent_power_va": "VA",
    "energy_wh": "Wh",
    "voltage_v": "V",
}
# A meter of fifteen minutes puts the energy of all of them into one bucket: where one
# of them may be silent for longer than a bucket, shorter steps would jump. One that is
# heard once a day does not make days of all that the others tell.
STEP_OF_SLOW_S = 900
STEP_OF_SLOWEST_S = 3600
AROUND = 12  # steps on each side of one beside silence
# Buckets that one question touches when no tier is asked for: a tenth of a second.
BUCKETS_USUAL = 100_000


@dataclass(frozen=True, slots=True)
class TotalQuery:
    """What is asked.

    Attributes:
        device_ids: None asks for all of the organization.
        at: Now: the last step may not be over yet.
    """

    organization_id: int
    since: datetime
    until: datetime
    max_points: int
    at: datetime
    tier: Tier | None = None
    device_ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class TotalSeries:
    """Totals by steps of `step_s` seconds, by column.

    Attributes:
        completeness: For which share of the time in which readings of the phases are
            expected they speak; None when none is expected.
        watermark: The time of the newest reading of them in the range, of ranges past
            to a step; totals follow readings within seconds. None without any.
        values: Sums of power and energy, the mean of voltage.
    """

    step_s: int
    tier: Tier
    completeness: float | None
    watermark: datetime | None
    ts: list[int]
    values: dict[str, list[float | None]]


def total_series(query: TotalQuery) -> TotalSeries:
    """Return what devices give together; power is energy over the step.

    Raises:
        FieldsInvalid: More buckets would have to be read than one question may.
    """
    span = query.until - query.since
    with connection.cursor() as cursor:
        whose: dict[str, Any] = {
            "organization_id": query.organization_id,
            "device_ids": query.device_ids and list(query.device_ids),
        }
        cursor.execute(QUERIES["sources"], whose)
        [(sources, newest, interval_s, zone)] = cursor.fetchall()
        tier = _tier(query, span, sources)
        step_s = max(_least_s(interval_s), step_for(span, query.max_points, tier))
        step_s = -(-step_s // WIDTHS_S[tier]) * WIDTHS_S[tier]
        if not has_whole_buckets(tier, step_s, zone, query.since, query.until):
            # Totals have no days.
            tier = Tier.FIVE_MINUTES if query.device_ids is None else Tier.DAY
            step_s = -(-step_s // WIDTHS_S[tier]) * WIDTHS_S[tier]
        cursor.execute(*_statement(query, tier, step_s, zone))
        rows = cursor.fetchall()
        first = bucket_from(query.since, tier, ZoneInfo(zone))
        span_of = {"since": first, "until": query.until, "at": query.at}
        cursor.execute(QUERIES["expected"], whose | span_of)
        [(expected_s,)] = cursor.fetchall()
    steps = _Steps(tier, step_s, ZoneInfo(zone))
    times, values, covered_s = _by_column(query, steps, rows, is_alone=sources == 1)
    watermark = None
    if times:
        last = datetime.fromtimestamp(steps.after(times[-1]), UTC)
        watermark = min(last, query.until, newest)
    share = completeness(covered_s, expected_s or 0.0)
    return TotalSeries(step_s, tier, share, watermark, times, values)


def _least_s(interval_s: int | None) -> int:
    """Return how short a step may be where the slowest is heard so seldom, s."""
    if interval_s is None or interval_s <= WIDTHS_S[Tier.FIVE_MINUTES]:
        return WIDTHS_S[Tier.FIVE_MINUTES]
    return min(-(-interval_s // STEP_OF_SLOW_S) * STEP_OF_SLOW_S, STEP_OF_SLOWEST_S)


def _tier(query: TotalQuery, span: timedelta, sources: int) -> Tier:
    """Return the tier that answers: never readings, and for all never days.

    Raises:
        FieldsInvalid: That tier has too much for one question.
    """
    if query.tier is Tier.RAW or (query.device_ids is None and query.tier is Tier.DAY):
        raise FieldsInvalid({"tier": ["Choose 5m or 1h (1d for some devices)."]})
    tier = query.tier or tier_for(span, query.max_points)
    tier = Tier.FIVE_MINUTES if tier is Tier.RAW else tier
    if query.device_ids is None:
        return Tier.HOUR if tier is Tier.DAY else tier

    def buckets() -> float:
        return sources * (span / timedelta(seconds=WIDTHS_S[tier]))

    while query.tier is None and tier is not Tier.DAY and buckets() > BUCKETS_USUAL:
        tier = list(Tier)[list(Tier).index(tier) + 1]
    if buckets() > BUCKETS_MAX:
        raise FieldsInvalid(
            {
                "tier": [
                    f"{sources:,} phases over this range are more than"
                    f" {BUCKETS_MAX:,} buckets of {tier}: ask for a coarser tier,"
                    " a shorter range or fewer devices."
                ]
            }
        )
    return tier


def _statement(
    query: TotalQuery, tier: Tier, step_s: int, zone: str
) -> tuple[str, dict[str, Any]]:
    arguments: dict[str, Any] = {
        "organization_id": query.organization_id,
        "since": query.since,
        "until": query.until,
        "step": timedelta(seconds=step_s),
        "zone": zone,
    }
    if query.device_ids is None:
        table = f"telemetry_totals_{tier}"
        statement = QUERIES["totals_series"].replace("telemetry_totals_5m", table)
    else:
        arguments["device_ids"] = list(query.device_ids)
        source = Tier.FIVE_MINUTES.table
        statement = QUERIES["devices_series"].replace(source, tier.table)
    return by_step(statement, step_s), arguments


def _by_column(
    query: TotalQuery, steps: "_Steps", rows: Sequence[Any], *, is_alone: bool
) -> tuple[list[int], dict[str, list[float | None]], float]:
    """Return times, values and how long readings speak for all phases together, s.

    Args:
        is_alone: There is one phase: its power is over the time its readings speak for,
            where of several that were silent in turn nothing could be said.
    """
    times: list[int] = []
    values: dict[str, list[float | None]] = {name: [] for name in TOTAL_UNITS}
    seconds = [int(row[0].timestamp()) for row in rows]
    covered = [row[-1] for row in rows]
    lengths_s = (
        [max(1.0, spoken_s) for spoken_s in covered]
        if is_alone
        else _lengths_s(query, steps, seconds, covered)
    )
    for second, length_s, row in zip(seconds, lengths_s, rows, strict=True):
        _, _, energy_wh, apparent_vas, volt_s, covered_s = row
        if times and second > steps.after(times[-1]):
            times.append(times[-1] + 1)
            for column in values.values():
                column.append(None)
        times.append(second)
        values["power_w"].append(energy_wh * 3600 / length_s)
        values["apparent_power_va"].append(apparent_vas / length_s)
        values["energy_wh"].append(energy_wh)
        values["voltage_v"].append(volt_s / covered_s if covered_s else None)
    return times, values, sum(covered)


def _lengths_s(
    query: TotalQuery,
    steps: "_Steps",
    seconds: Sequence[int],
    covered_s: Sequence[float],
) -> list[float]:
    """Return how long each step is that power is the mean of, s.

    The first and the last step may lie in the range by a part only. A step beside
    silence of all, or one that is not over, is as long as readings speak for it: so
    much in the mean for each of as many phases as speak around it. In one that is not
    over some speak for time before it.
    """
    first_s, end_s = (
        bucket_from(at, steps.tier, steps.zone).timestamp()
        for at in (query.since, query.until)
    )
    now_s = query.at.timestamp()
    ends = [min(steps.after(second), end_s) for second in seconds]
    lengths_s = [
        end - max(second, first_s) for second, end in zip(seconds, ends, strict=True)
    ]
    speaking = [c / length for c, length in zip(covered_s, lengths_s, strict=True)]
    found = lengths_s.copy()
    for place, end in enumerate(ends):
        is_open = end > now_s
        is_after = seconds[place] > (ends[place - 1] if place else first_s)
        is_before = place + 1 < len(ends) and seconds[place + 1] > end
        if is_open or is_after or is_before:
            whole_s = now_s - seconds[place] if is_open else lengths_s[place]
            around = max(speaking[max(0, place - AROUND) : place + AROUND])
            is_alone = len(speaking) == 1 or not around
            spoken_s = whole_s if is_alone else covered_s[place] / around
            found[place] = max(1.0, spoken_s if is_open else min(spoken_s, whole_s))
    return found


@dataclass(frozen=True, slots=True)
class _Steps:
    """Where steps of a tier's buckets end; those of a day or more at a zone's hours."""

    tier: Tier
    step_s: int
    zone: ZoneInfo

    def after(self, second: int) -> float:
        """Return when the step that begins at `second` is over."""
        if self.step_s < WIDTHS_S[Tier.DAY]:
            return second + self.step_s
        begins = datetime.fromtimestamp(second, self.zone)
        if self.step_s % WIDTHS_S[Tier.DAY] == 0:
            begins = begins.replace(hour=0)  # where there is no midnight it is one
        return (begins + timedelta(seconds=self.step_s)).timestamp()
