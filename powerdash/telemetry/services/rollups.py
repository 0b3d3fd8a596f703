"""Rolling up: five minutes from readings, hours and days from those below."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from powerdash.telemetry.rollup import (
    HOLD,
    REACH,
    Manner,
    Run,
    Tier,
    days_of,
    hours_of,
    is_of_hours,
    merged,
)
from powerdash.telemetry.services.totals import totals_change, totals_of
from powerdash.telemetry.sql import QUERIES, kept

LOCK = 7_202_601  # advisory lock: one rollup at a time
ROWS_AT_ONCE = 5_000  # of the queue, in one transaction
ENTRIES_AT_ONCE = 200_000  # buckets in those rows, a bucket counted each time it is due


@dataclass(frozen=True, slots=True)
class RolledUp:
    """What one step did.

    Attributes:
        buckets: How many were made anew, by tier.
        newest: Up to which row of the queue the turn goes; give it to the next step.
        more: Whether the turn has more to do.
    """

    buckets: dict[Tier, int]
    newest: int
    more: bool


class RollupRunning(Exception):
    """Another process rolls up at this moment."""


def rollup(
    *, at: datetime, progress: Callable[[dict[Tier, int]], None] | None = None
) -> dict[Tier, int]:
    """Roll up what is due now, in steps; return the buckets made anew by tier.

    Several may be at it: they take turns.

    Args:
        progress: Told after each step what was done so far.
    """
    done = dict.fromkeys((Tier.FIVE_MINUTES, Tier.HOUR, Tier.DAY), 0)
    newest: int | None = None
    while True:
        step = rollup_step(at=at, newest=newest, wait=True)
        newest = step.newest
        for tier, buckets in step.buckets.items():
            done[tier] += buckets
        if progress:
            progress(done)
        if not step.more:
            return done


@transaction.atomic
def rollup_step(
    *, at: datetime, newest: int | None = None, wait: bool = False
) -> RolledUp:
    """Make the buckets with new readings anew, in every tier, in one transaction.

    Idempotent, and safe to be killed anywhere: what is due is taken in the transaction
    that writes the buckets.

    Args:
        newest: The last row of the queue that the turn takes; None: what is there.
        wait: For another process that is at it.

    Raises:
        RollupRunning: Another process is at it; two at once could write a bucket from
            an older view of its readings over a newer one.
    """
    with connection.cursor() as cursor:
        if wait:
            hold_off(cursor)
        else:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not _one(cursor):
                raise RollupRunning
        if newest is None:
            cursor.execute(QUERIES["rollup_newest"])
            newest = _one(cursor) or 0
        arrived, again = _take(cursor, newest)
        _note_arrival(cursor, arrived, at)
        runs = [*arrived, *again]
        buckets = _make(cursor, runs, at) if runs else {}
        cursor.execute(QUERIES["rollup_left"], {"newest": newest})
        return RolledUp(buckets, newest, more=bool(_one(cursor)))


def hold_off(cursor: CursorWrapper) -> None:
    """Keep rollups off until the transaction ends; wait for one that is at it."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _take(cursor: CursorWrapper, newest: int) -> tuple[list[Run], list[Run]]:
    """Return what is due by new readings, and what is due again without any."""
    cursor.execute(
        QUERIES["rollup_take"],
        {"newest": newest, "limit": ROWS_AT_ONCE, "entries": ENTRIES_AT_ONCE},
    )
    taken: tuple[list[Run], list[Run]] = ([], [])
    for is_again, *row in cursor.fetchall():
        taken[is_again].append(Run(*row))
    return taken


def _note_arrival(cursor: CursorWrapper, runs: Sequence[Run], at: datetime) -> None:
    """Note on which days readings arrived: retention counts from there."""
    starts, stops = [run.start for run in runs], [run.stop for run in runs]
    cursor.execute(
        QUERIES["arrivals_note"], {"starts": starts, "stops": stops, "at": at}
    )


def _make(cursor: CursorWrapper, runs: list[Run], at: datetime) -> dict[Tier, int]:
    """Make the buckets of these runs anew, and those above them."""
    manners = manners_of(cursor, runs)
    make = functools.partial(keep, cursor, manners, at)
    cursor.execute(QUERIES["rollup_plan"])
    cursor.execute(QUERIES["rollup_next"], arguments(runs, manners))
    following = cursor.fetchall()
    cursor.execute(QUERIES["rollup_latest"], arguments(runs, manners))
    cursor.execute(QUERIES["rollup_begins"], arguments(runs, manners))
    runs = merged([*runs, *(Run(*row) for row in following)])
    days = days_of(runs, manners)
    before = totals_of(cursor, runs)
    fives = make(Tier.FIVE_MINUTES, Tier.RAW, runs)
    totals_change(cursor, before, totals_of(cursor, runs))
    return {
        Tier.FIVE_MINUTES: fives,
        Tier.HOUR: make(Tier.HOUR, Tier.FIVE_MINUTES, hours_of(runs)),
        # In zones of half hours a day is no sum of hours.
        Tier.DAY: make(Tier.DAY, Tier.HOUR, [d for d in days if is_of_hours(d)])
        + make(Tier.DAY, Tier.FIVE_MINUTES, [d for d in days if not is_of_hours(d)]),
    }


def keep(
    cursor: CursorWrapper,
    manners: Mapping[int, Manner],
    at: datetime,
    tier: Tier,
    below: Tier,
    runs: Sequence[Run],
) -> int:
    """Make buckets of a tier anew from the tier below; return how many changed."""
    if not runs:
        return 0
    cursor.execute(
        QUERIES["rollup_partitions"],
        {"table": tier.table, "starts": _months_of(runs)},
    )
    cursor.execute(kept(tier, below), {**arguments(runs, manners), "at": at})
    return int(cursor.rowcount)


def _months_of(runs: Sequence[Run]) -> list[datetime]:
    """Return a moment in each month that runs touch."""
    found: dict[tuple[int, int], datetime] = {}
    for run in runs:
        at = run.start
        while at < run.stop:
            found.setdefault((at.year, at.month), at)
            at = (at.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(
                day=1
            )
    return list(found.values())


def manners_of(cursor: CursorWrapper, runs: Sequence[Run]) -> dict[int, Manner]:
    """Return how each device's readings are rolled up."""
    cursor.execute(
        QUERIES["rollup_manners"], {"device_ids": list({run.device_id for run in runs})}
    )
    return {
        device_id: Manner(ZoneInfo(zone), max(HOLD, timedelta(seconds=interval_s)))
        for device_id, zone, interval_s in cursor.fetchall()
    }


def arguments(runs: Sequence[Run], manners: Mapping[int, Manner]) -> dict[str, Any]:
    """Return what the statements over runs take."""
    device_ids, phases, starts, stops = zip(*runs, strict=True)
    usual = Manner()
    return {
        "device_ids": list(device_ids),
        "phases": list(phases),
        "starts": list(starts),
        "stops": list(stops),
        "holds": [manners.get(device_id, usual).hold for device_id in device_ids],
        "reach": REACH,
    }


def _one(cursor: CursorWrapper) -> Any:
    row = cursor.fetchone()
    return row[0] if row else None
