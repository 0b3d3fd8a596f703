"""Dropping what is older than it is to be kept: whole partitions, never row by row."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import LiteralString

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from powerdash import settings
from powerdash.events.services import event_record
from powerdash.events.types import EventType
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.services.swap import (
    CHUNKS,
    Range,
    is_due,
    is_passing,
    keep_in,
    keep_out,
    keep_within,
    last_arrival,
    one,
    partitions_of,
    replace_partition,
    row_count,
)
from powerdash.telemetry.sql import QUERIES

LOCK = 7_202_603  # advisory lock: one takes away at a time
PATIENCE = "500ms"  # shorter than PostgreSQL's `deadlock_timeout`
_KEEPERS: LiteralString = "SELECT unnest(%(kept)s::int[]) AS id"
_OTHERS: LiteralString = "SELECT id FROM devices WHERE NOT id = ANY(%(kept)s)"
_COLUMNS = {
    Tier.RAW: "raw_days",
    Tier.FIVE_MINUTES: "days_5m",
    Tier.HOUR: "days_1h",
    Tier.DAY: "days_1d",
}
_BUCKETS = (Tier.FIVE_MINUTES, Tier.HOUR, Tier.DAY)
# Where a tier's rows are, with the column of their time.
_PLACES = {
    Tier.RAW: [(Tier.RAW.table, "ts"), (CHUNKS, "first_ts")],
    **{tier: [(tier.table, "bucket_start_ts")] for tier in _BUCKETS},
}


class Fate(StrEnum):
    """What becomes of a partition."""

    DROPPED = "dropped"
    THINNED = "thinned"  # the rows of some devices stay
    NOT_ROLLED_UP = "not rolled up yet"
    ARRIVED = "arrived too recently"
    BUSY = "in use; tried again later"


_GOING = (Fate.DROPPED, Fate.THINNED)


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition that is old enough to be looked at.

    Attributes:
        keepers: Devices with rows in it that are still kept.
    """

    range: Range
    keepers: tuple[int, ...]
    fate: Fate


def default_days(tier: Tier) -> int:
    """Return how long the installation keeps a tier, days; 0 is for ever."""
    return {
        Tier.RAW: settings.RETENTION_RAW_DAYS,
        Tier.FIVE_MINUTES: settings.RETENTION_5M_DAYS,
        Tier.HOUR: settings.RETENTION_1H_DAYS,
        Tier.DAY: settings.RETENTION_1D_DAYS,
    }[tier]


def retention_plan(*, at: datetime) -> list[Partition]:
    """Return the partitions past their time and what is to become of each."""
    with transaction.atomic(), connection.cursor() as cursor:
        keep_in(cursor, Tier.RAW.table, CHUNKS, *(tier.table for tier in _BUCKETS))
        looked_at = [_look(cursor, part, at) for part in list(_old(cursor, at))]
    return [part for part in looked_at if part is not None]


def _old(cursor: CursorWrapper, at: datetime) -> Iterator[Range]:
    """Return the partitions that are older than the shortest time anything is kept."""
    shortest = one(cursor, "retention_shortest")
    for tier, table in [(Tier.RAW, CHUNKS), *((tier, tier.table) for tier in Tier)]:
        days = min(filter(None, (default_days(tier), shortest)), default=0)
        for part in partitions_of(cursor, tier, table):
            if days and part.upper <= at - timedelta(days=days):
                yield part


def _look(cursor: CursorWrapper, part: Range, at: datetime) -> Partition | None:
    """Return what is to become of a partition; None when nothing is to be done."""
    keepers = _keepers(cursor, part, part.upper, at)
    if keepers and not _has_rows(cursor, part, _OTHERS, keepers):
        return None
    return Partition(part, keepers, _fate(cursor, part, keepers, at))


def _fate(
    cursor: CursorWrapper, part: Range, keepers: tuple[int, ...], at: datetime
) -> Fate:
    # What was imported is as old as its arrival, whatever its date.
    arrived_at = last_arrival(cursor, part)
    if (
        arrived_at
        and _keepers(cursor, part, max(part.upper, arrived_at), at) != keepers
    ):
        return Fate.ARRIVED
    if is_due(cursor, part):
        return Fate.NOT_ROLLED_UP
    return Fate.THINNED if _has_rows(cursor, part, _KEEPERS, keepers) else Fate.DROPPED


def _keepers(
    cursor: CursorWrapper, part: Range, since: datetime, at: datetime
) -> tuple[int, ...]:
    """Return the devices with rows of a range that are kept, from `since` on.

    Of readings these are rows and chunks: a device of which one is kept is not gone.
    """
    cursor.execute(
        QUERIES["retention_keepers"].replace("raw_days", _COLUMNS[part.tier]),
        {
            "default": default_days(part.tier),
            "upper": since,
            "at": at,
        },
    )
    ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return ()
    cursor.execute(
        sql.SQL(
            "SELECT id FROM unnest(%(ids)s::int[]) AS d (id) WHERE {} ORDER BY id"
        ).format(_there(part.tier)),
        {"ids": ids, "lower": part.lower, "upper": part.upper},
    )
    return tuple(row[0] for row in cursor.fetchall())


def _there(tier: Tier) -> sql.Composed:
    """Return the condition that device `d.id` has rows of a tier in a range."""
    return sql.SQL(" OR ").join(
        sql.SQL(
            "EXISTS (SELECT FROM {table} WHERE device_id = d.id"
            " AND {time} >= %(lower)s AND {time} < %(upper)s)"
        ).format(table=sql.Identifier(table), time=sql.Identifier(time))
        for table, time in _PLACES[tier]
    )


def _has_rows(
    cursor: CursorWrapper, part: Range, devices: LiteralString, keepers: tuple[int, ...]
) -> bool:
    """Tell whether a partition has rows of `_KEEPERS`, or of `_OTHERS`."""
    cursor.execute(
        sql.SQL(
            "SELECT EXISTS (SELECT FROM ({}) d"
            " WHERE EXISTS (SELECT FROM {} WHERE device_id = d.id))"
        ).format(sql.SQL(devices), sql.Identifier(part.name)),
        {"kept": list(keepers)},
    )
    return bool((cursor.fetchone() or [False])[0])


def retention_apply(*, at: datetime) -> list[Partition]:
    """Drop what is past its time; return what became of each partition.

    Safe to be killed anywhere, and to run beside writers and another of its kind: each
    partition goes in a transaction of its own, which looks again once nobody can write
    to it any more.
    """
    return [
        replace(part, fate=_take_away(part, at)) if part.fate in _GOING else part
        for part in retention_plan(at=at)
    ]


def _take_away(part: Partition, at: datetime) -> Fate:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if not one(cursor, "retention_turn", lock=LOCK):
                return Fate.BUSY
            copied = _copied(cursor, part) if part.fate is Fate.THINNED else None
            _look_again(cursor, part, at)
            name = part.range.name
            if copied and part.range.tier is Tier.RAW:
                rows = row_count(cursor, name, list(part.keepers))
                if rows != row_count(cursor, copied):
                    raise OperationalError("Readings came meanwhile.")
            _record(cursor, part, at)
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
            if copied:
                replace_partition(cursor, part.range, copied)
    except DatabaseError as error:
        if not is_passing(error):
            raise
        return Fate.BUSY
    return part.fate


def _copied(cursor: CursorWrapper, part: Partition) -> str:
    """Copy the rows that stay, while nobody is kept waiting; return the table's name.

    Readings are only added, which is seen. Buckets change too: a rollup that has some
    of this partition waits meanwhile, and then goes first. It must not come to wait
    while we wait for it: `_look_again` waits shorter than PostgreSQL for a deadlock.

    Raises:
        OperationalError: One does.
    """
    name = f"{part.range.name}_kept"
    draft, old = sql.Identifier(name), sql.Identifier(part.range.name)
    if part.range.tier is not Tier.RAW:
        cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(old))
    # An older version that was killed left one.
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(draft))
    cursor.execute(
        sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(
            draft, sql.Identifier(part.range.table)
        )
    )
    cursor.execute(
        sql.SQL("INSERT INTO {} SELECT * FROM {} WHERE device_id = ANY(%s)").format(
            draft, old
        ),
        [list(part.keepers)],
    )
    time = dict(_PLACES[part.range.tier])[part.range.table]
    keep_within(cursor, part.range, name, time)
    # Each would wait for the other once we wait for rollups.
    if one(cursor, "retention_waited", table=part.range.name):
        raise OperationalError("A rollup waits for this partition.")
    return name


def _look_again(cursor: CursorWrapper, part: Partition, at: datetime) -> None:
    """Keep everybody out, and look whether readings, rules or holds came meanwhile.

    Buckets go after all they are made of: made anew they would count twice in totals.

    Raises:
        OperationalError: They did, or what buckets are made of could not go.
    """
    is_copied = part.fate is Fate.THINNED and part.range.tier is not Tier.RAW
    keep_out(cursor, part.range.table, patience=PATIENCE if is_copied else None)
    again = _look(cursor, part.range, at)
    seen = (part.keepers, part.fate)
    if again is None or (again.keepers, again.fate) != seen:
        raise OperationalError("It is not as it was planned.")
    if part.range.tier is not Tier.RAW and _is_below(cursor, part):
        raise OperationalError("What it is made of is still there.")


def _is_below(cursor: CursorWrapper, part: Partition) -> bool:
    """Tell whether the tier below has anything of what goes from a partition."""
    below = list(Tier)[list(Tier).index(part.range.tier) - 1]
    cursor.execute(
        sql.SQL("SELECT EXISTS (SELECT FROM ({}) d (id) WHERE {})").format(
            sql.SQL(_OTHERS), _there(below)
        ),
        {
            "kept": list(part.keepers),
            "lower": part.range.lower,
            "upper": part.range.upper,
        },
    )
    return bool((cursor.fetchone() or [False])[0])


def _record(cursor: CursorWrapper, part: Partition, at: datetime) -> None:
    """Record what goes, and from whom, while it is there."""
    tier, name, lower, upper, rows = part.range
    cursor.execute(
        QUERIES["retention_record"].replace(Tier.RAW.table, name),
        {
            "tier": tier,
            "lower": lower,
            "upper": upper,
            "kept": list(part.keepers),
            "at": at,
        },
    )
    event_record(
        event_type=EventType.TELEMETRY_DROPPED,
        at=at,
        data={
            "tier": tier,
            "from": lower.isoformat(),
            "to": upper.isoformat(),
            "rows": int(rows),
            "devices_kept": len(part.keepers),
        },
    )
