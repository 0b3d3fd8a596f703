"""Compares what is rolled up with what the readings give when all is reckoned anew."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from powerdash.telemetry.rollup import (
    FIVE_MINUTES,
    HOUR,
    REACH,
    Manner,
    Run,
    Tier,
    days_of,
    hours_of,
    is_of_hours,
    widened,
)
from powerdash.telemetry.services.rollups import arguments, manners_of
from powerdash.telemetry.sql import FIGURES, QUERIES, compared

AT_ONCE = timedelta(days=4)  # of one device and phase, in one statement
TOLERANCE = 1e-9  # of a figure: sums in another order differ in their last digits


@dataclass(frozen=True, slots=True)
class Difference:
    """A bucket that is not what it should be.

    Attributes:
        kept, made: The figures that differ; empty when there is no such bucket.
    """

    tier: Tier
    bucket: Run
    kept: dict[str, Any]
    made: dict[str, Any]


@dataclass(slots=True)
class Verified:
    """What was compared, and what differs.

    Attributes:
        waiting: How many buckets are not as they will be: they wait to be rolled up.
    """

    buckets: dict[Tier, int] = field(
        default_factory=lambda: dict.fromkeys(
            (Tier.FIVE_MINUTES, Tier.HOUR, Tier.DAY), 0
        )
    )
    differences: list[Difference] = field(default_factory=list)
    waiting: int = 0


def verify(
    *,
    device_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Callable[[Verified], None] | None = None,
) -> Verified:
    """Reckon the buckets of a range anew, by whole days, and compare them.

    Buckets that wait to be rolled up are counted, for they may differ; those that
    outlived what they were made of are left out.

    Args:
        device_id: Of one device; None: of all.
        since, until: Default to the first and the newest reading.
        progress: Told after each stretch what was found so far.
    """
    found = Verified()
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["verify_spans"], {"device_id": device_id})
        spans = [Run(*row) for row in cursor.fetchall()]
        manners = manners_of(cursor, spans) if spans else {}
    for span in spans:
        start, stop = max(since or span.start, span.start), until or span.stop
        stop = min(stop, span.stop) + timedelta(microseconds=1)
        manner = manners.get(span.device_id)
        if start >= stop or manner is None:
            continue
        whole = widened(span._replace(start=start, stop=stop), manner.zone)
        for run in _stretches(whole):
            _verify(run, manners, found)
            if progress:
                progress(found)
    return found


def _stretches(run: Run) -> Iterator[Run]:
    start = run.start
    while start < run.stop:
        stop = min(start + AT_ONCE, run.stop)
        yield run._replace(start=start, stop=stop)
        start = stop


@transaction.atomic
def _verify(run: Run, manners: Mapping[int, Manner], found: Verified) -> None:
    with connection.cursor() as cursor:
        # What is due, what is kept and the readings must be of one moment.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        # Before the first look: a day that is compressed now would be in neither.
        cursor.execute("LOCK TABLE ONLY power_records IN ACCESS SHARE MODE")
        cursor.execute("LOCK TABLE ONLY power_chunks IN ACCESS SHARE MODE")
        cursor.execute(QUERIES["rollup_plan"])
        days = [d for d in days_of([run], manners) if d.start >= run.start]
        for tier, below, runs, length in (
            (Tier.FIVE_MINUTES, Tier.RAW, [run], FIVE_MINUTES),
            (Tier.HOUR, Tier.FIVE_MINUTES, hours_of([run]), HOUR),
            (Tier.DAY, Tier.HOUR, [d for d in days if is_of_hours(d)], None),
            (
                Tier.DAY,
                Tier.FIVE_MINUTES,
                [d for d in days if not is_of_hours(d)],
                None,
            ),
        ):
            if not runs:
                continue
            cursor.execute(compared(tier, below), arguments(runs, manners))
            rows = cursor.fetchall()
            found.buckets[tier] += len(rows)
            ends = {day.start: day.stop for day in runs}
            for device_id, phase, start, both in rows:
                if both is None:
                    continue
                # A day that should not be there is none of the runs.
                usual = start + (length or timedelta(days=1))
                stop = ends.get(start, usual) if length is None else usual
                bucket = Run(device_id, phase, start, stop)
                difference = _difference(tier, bucket, json.loads(both))
                if difference is None:
                    continue
                if _is_due(cursor, bucket):
                    found.waiting += 1
                else:
                    found.differences.append(difference)


def _difference(
    tier: Tier, bucket: Run, both: Mapping[str, dict[str, Any] | None]
) -> Difference | None:
    made, kept = both["made"] or {}, both["kept"] or {}
    differing = [name for name in FIGURES if not _same(made.get(name), kept.get(name))]
    if not differing:
        return None
    return Difference(
        tier,
        bucket,
        kept={name: kept[name] for name in differing if kept},
        made={name: made[name] for name in differing if made},
    )


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _is_due(cursor: CursorWrapper, bucket: Run) -> bool:
    given: dict[str, Any] = {**bucket._asdict(), "reach": REACH}
    cursor.execute(QUERIES["verify_due"], given)
    return bool((cursor.fetchone() or [False])[0])
