"""What devices give together over time: all of an organization, or some."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db import connection

from powerdash.lib.fields import FieldsInvalid
from powerdash.telemetry.reduction import Column, extremes
from powerdash.telemetry.rollup import HOLD, REACH, WIDTHS_S, Tier
from powerdash.telemetry.series import (
    BUCKETS_MAX,
    FINER,
    PhaseSeries,
    Reduction,
    completeness,
    fetch,
    has_whole_buckets,
    step_for,
    thinned,
    tier_for,
)
from powerdash.telemetry.spreading import Floats, spread
from powerdash.telemetry.sql import QUERIES

Ints = npt.NDArray[np.int_]

TOTAL_UNITS = {
    "power_w": "W",
    "apparent_power_va": "VA",
    "energy_wh": "Wh",
    "voltage_v": "V",
}
# How late the slowest meter may be to tell of a step; one heard once a day does not
# make guesses of a day that all the others have told of.
LATE_MAX_S = 3600
PARTS_MAX = 10_000  # of steps, in which their extremes are looked for
LEAST_S = 1e-3  # less is what sums leave of nothing
# Buckets that one question touches when no tier is asked for: a tenth of a second.
BUCKETS_USUAL = 100_000
_LONGEST_DAY = timedelta(hours=25)
# Of a zone's own hours; the second is a Monday, from which weeks are counted.
_EPOCH, _MONDAY = datetime(1970, 1, 1), datetime(1970, 1, 5)  # noqa: DTZ001


@dataclass(frozen=True, slots=True)
class TotalQuery:
    """What is asked.

    Attributes:
        device_ids: None asks for all of the organization.
        at: Now: the last step may not be over yet.
        step_s: Length of the steps, as in `SeriesQuery`.
        reduction: As there; least and greatest are those of the buckets in a step.
    """

    organization_id: int
    since: datetime
    until: datetime
    max_points: int
    at: datetime
    tier: Tier | None = None
    step_s: int | None = None
    reduction: Reduction = "mean"
    device_ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class TotalSeries:
    """Totals by steps of `step_s` seconds, by column.

    Attributes:
        completeness: For which share of the time in which readings of the phases are
            expected they speak; None when none is expected.
        watermark: The time of the newest reading of them in the range, of ranges past
            to a step; where readings wait to be rolled up, not after the oldest of them
            came. None without any.
        values: Sums of power and energy, the mean of voltage.
        extents: Their least and greatest, of an envelope; None where they have none.
    """

    step_s: int
    tier: Tier
    completeness: float | None
    watermark: datetime | None
    ts: list[int]
    values: dict[str, Column]
    extents: dict[str, tuple[Column, Column]]


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
            "at": query.at,
            "hold": HOLD,
        }
        cursor.execute(QUERIES["sources"], whose)
        [(sources, heard, newest, waiting, interval_s, zone)] = cursor.fetchall()
        tier = _tier(query, span, sources)
        finer = FINER if query.reduction == "lttb" else 1
        step_s = step_for(span, query.max_points * finer, tier, query.step_s)
        if step_s >= WIDTHS_S[Tier.DAY]:
            # Within an hour that clocks repeat a step could end before it begins.
            step_s = -(-step_s // WIDTHS_S[Tier.HOUR]) * WIDTHS_S[Tier.HOUR]
        if not has_whole_buckets(tier, step_s, zone, query.since, query.until):
            # Totals have no days.
            tier = Tier.FIVE_MINUTES if query.device_ids is None else Tier.DAY
            step_s = -(-step_s // WIDTHS_S[tier]) * WIDTHS_S[tier]
        span_of = {"since": query.since, "until": query.until}
        cursor.execute(QUERIES["expected"], whose | span_of)
        [(expected_s,)] = cursor.fetchall()
    now_s = (query.at - query.since).total_seconds()

    def figures(told: _Told, edges: Sequence[float]) -> dict[str, Floats]:
        lengths_s = (
            [max(1.0, spoken_s) for spoken_s in told.covered_s]
            if sources == 1
            else _lengths_s(told, edges, now_s, _late_s(interval_s), heard, sources)
        )
        return _figures(told, lengths_s)

    begins, edges = _steps(query, step_s, zone)
    parts = edges
    if query.reduction != "mean":
        _, within = _steps(query, _part_s(tier, step_s, span), zone)
        parts = sorted({*edges, *within})
    fine = _told(query, tier, parts, now_s)
    places = np.searchsorted(edges, [parts[step - 1] for step in fine.steps], "right")
    told = fine if parts is edges else _gathered(fine, places)
    values = figures(told, edges)
    extents = {} if parts is edges else _extents(figures(fine, parts), places)
    watermark = None
    if told.steps:
        last = query.since + timedelta(seconds=edges[told.steps[-1]])
        told_to = min(last, newest, waiting or newest)
        watermark = told_to if told_to > query.since else None
    share = completeness(sum(told.covered_s), expected_s or 0.0)
    made = _with_gaps(told.steps, begins, values, extents)
    found = TotalSeries(step_s, tier, share, watermark, *made)
    return _outlined(found, query.max_points) if query.reduction == "lttb" else found


def _steps(query: TotalQuery, step_s: int, zone: str) -> tuple[list[int], list[float]]:
    """Return where steps begin, Unix seconds, and their edges, s after the begin."""
    begins = step_begins(query.since, query.until, step_s, ZoneInfo(zone))
    since_s, length_s = (
        query.since.timestamp(),
        (query.until - query.since).total_seconds(),
    )
    return begins, [0.0, *(begin - since_s for begin in begins[1:]), length_s]


def _part_s(tier: Tier, step_s: int, span: timedelta) -> int:
    """Return the length of the parts of steps whose extremes are looked for, s.

    That is a bucket's; in a range of very many as many of them as make a step whole.
    """
    width_s = WIDTHS_S[tier]
    buckets = step_s // width_s
    most = span / timedelta(seconds=width_s) / PARTS_MAX
    return width_s * next(
        n
        for n in range(1, buckets + 1)
        if buckets % n == 0 and (n >= most or n == buckets)
    )


class _Told(NamedTuple):
    """What the steps give of which anything is known, the first is 1, by column."""

    steps: Sequence[int] = ()
    energy_wh: Sequence[float] = ()
    apparent_vas: Sequence[float] = ()
    volt_s: Sequence[float] = ()
    covered_s: Sequence[float] = ()


def _late_s(interval_s: int | None) -> float:
    """Return for how long something may be missing where one is heard so seldom, s."""
    return min(max(HOLD.total_seconds(), interval_s or 0), LATE_MAX_S)


def step_begins(
    since: datetime, until: datetime, step_s: int, zone: ZoneInfo
) -> list[int]:
    """Return where the steps of a range begin, Unix seconds; the first holds `since`.

    Steps of a day or more begin at hours of a zone, weeks on Mondays: where there is no
    such hour with the one after it, of two with the first.
    """
    is_local = step_s >= WIDTHS_S[Tier.DAY]
    local = since.astimezone(zone if is_local else UTC).replace(tzinfo=None)
    step = timedelta(seconds=step_s)
    begin = local - (local - (_MONDAY if is_local else _EPOCH)) % step
    found: list[int] = []
    while not found or found[-1] < until.timestamp():
        found.append(int(begin.replace(tzinfo=zone if is_local else UTC).timestamp()))
        begin += step
    return found[:-1]


def _tier(query: TotalQuery, span: timedelta, sources: int) -> Tier:
    """Return the tier that answers: never readings, and for all never days.

    Raises:
        FieldsInvalid: That tier has too much for one question.
    """
    if query.tier is Tier.RAW or (query.device_ids is None and query.tier is Tier.DAY):
        raise FieldsInvalid({"tier": ["Choose 5m or 1h (1d for some devices)."]})
    tier = query.tier or tier_for(span, query.max_points, query.step_s)
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


def _told(query: TotalQuery, tier: Tier, edges: Sequence[float], now_s: float) -> _Told:
    """Ask for the figures of steps; edges and now are seconds after the begin."""
    width_s = WIDTHS_S[tier]
    arguments: dict[str, Any] = {
        "since": query.since,
        "until": query.until,
        "since_s": query.since.timestamp(),
        "edges": list(edges),
        "width": _LONGEST_DAY if tier is Tier.DAY else timedelta(seconds=width_s),
    }
    if query.device_ids is None:
        arguments |= {
            "organization_id": query.organization_id,
            "width_s": width_s,
            "length_s": edges[-1],
            "now_s": now_s,
            "least_s": LEAST_S,
        }
        table = f"telemetry_totals_{tier}"
        statement = QUERIES["totals_series"].replace("telemetry_totals_5m", table)
        rows = fetch(statement, arguments, prepare=False)
        return _Told(*zip(*rows, strict=True)) if rows else _Told()
    arguments |= {"device_ids": list(query.device_ids), "reach": REACH}
    source = Tier.FIVE_MINUTES.table
    statement = QUERIES["devices_series"].replace(source, tier.table)
    rows = fetch(statement, arguments, prepare=False)
    if not rows:
        return _Told()
    found = spread(rows, edges)
    known = found[:, -1] > LEAST_S
    steps = np.flatnonzero(known) + 1
    return _Told(steps.tolist(), *found[known].T.tolist())


def _gathered(parts: _Told, places: Ints) -> _Told:
    """Add up what parts of steps give; `places` says of which step each is."""
    if not parts.steps:
        return parts
    steps, starts = np.unique(places, return_index=True)
    sums = np.add.reduceat(np.array(parts[1:]), starts, axis=1)
    return _Told(steps.tolist(), *sums.tolist())


def _figures(told: _Told, lengths_s: Sequence[float]) -> dict[str, Floats]:
    """Return what is told by its name in answers; power over the length of a step."""
    length_s = np.array(lengths_s)
    energy_wh, apparent_vas, volt_s, covered_s = (np.array(row) for row in told[1:])
    return {
        "power_w": energy_wh * 3600 / length_s,
        "apparent_power_va": apparent_vas / length_s,
        "energy_wh": energy_wh,
        "voltage_v": volt_s / covered_s,
    }


def _extents(
    parts: dict[str, Floats], places: Ints
) -> dict[str, tuple[Floats, Floats] | None]:
    """Return the least and the greatest of the parts of each step; energy has none."""
    _, starts = np.unique(places, return_index=True)
    return {
        name: (np.minimum.reduceat(of, starts), np.maximum.reduceat(of, starts))
        if len(of) and name != "energy_wh"
        else None
        for name, of in parts.items()
    }


def _with_gaps(
    steps: Sequence[int],
    begins: Sequence[int],
    values: dict[str, Floats],
    extents: dict[str, tuple[Floats, Floats] | None],
) -> tuple[list[int], dict[str, Column], dict[str, tuple[Column, Column]]]:
    """Return times, values and extents; a step of which nothing is known is a gap."""
    gaps = (np.flatnonzero(np.diff(steps) > 1) + 1).tolist()

    def column(of: Floats) -> Column:
        found: Column = of.tolist()
        for place in reversed(gaps):
            found.insert(place, None)
        return found

    times = [begins[step - 1] for step in steps]
    for place in reversed(gaps):
        times.insert(place, times[place - 1] + 1)
    none: Column = [None] * len(times)
    return (
        times,
        {name: column(of) for name, of in values.items()},
        {
            name: (column(both[0]), column(both[1])) if both else (none, none)
            for name, both in extents.items()
        },
    )


def _outlined(found: TotalSeries, most: int) -> TotalSeries:
    """Keep of steps the extremes that draw the lines, at most about so many."""
    envelopes = [(line, *found.extents[name]) for name, line in found.values.items()]
    times, peaks = extremes(found.ts, envelopes, found.step_s)
    lines = {
        name: {"avg": line} for name, line in zip(found.values, peaks, strict=True)
    }
    kept = thinned(PhaseSeries("", found.completeness, times, lines), most)
    values = {name: line["avg"] for name, line in kept.values.items()}
    return replace(found, ts=kept.ts, values=values, extents={})


def _lengths_s(
    told: _Told,
    edges: Sequence[float],
    now_s: float,
    late_s: float,
    heard: int,
    sources: int,
) -> list[float]:
    """Return how long each step is that power is the mean of, s.

    That is how long it is. One beside silence of all, or of which a meter has yet to
    tell, is as long as readings speak for it: so much in the mean for each of as many
    phases as speak in the step on its other side, or are heard now.

    Args:
        edges: Where the steps begin and the last ends, s.
        late_s: How long it may take to tell.
        heard: How many phases are not silent now. sources: How many there are; those
            whose clock is ahead speak for more than the time there was.
    """
    lengths_s, speaking = [], []
    for step, spoken_s in zip(told.steps, told.covered_s, strict=True):
        begin, end = edges[step - 1], edges[step]
        lengths_s.append((min(end, now_s) if begin < now_s else end) - begin)
        speaking.append(spoken_s / lengths_s[-1])
    steps = [0, *told.steps, len(edges)]
    for place, step in enumerate(told.steps):
        is_after, is_before = steps[place] < step - 1, steps[place + 2] > step + 1
        phases = speaking[place]
        if edges[step] > now_s - late_s:
            phases = min(max(phases, heard), sources)
        elif is_after and not is_before:
            phases = max(speaking[place : place + 2])
        elif is_before and not is_after:
            phases = max(speaking[max(0, place - 1) : place + 1])
        lengths_s[place] = max(1.0, told.covered_s[place] / phases)
    return lengths_s
