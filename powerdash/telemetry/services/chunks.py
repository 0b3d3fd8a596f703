"""Compressing closed days: readings by column take a tenth of the disk of rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from powerdash import settings
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
    partitions_of,
    replace_partition,
    row_count,
)
from powerdash.telemetry.sql import QUERIES

CHUNK = 2_000  # readings at most: one is opened to read any of them
QUIET = timedelta(hours=1)  # since readings of a day last came
LOCK = 7_202_602  # advisory lock: one compresses at a time
# Of what is younger the ingest door knows without asking that it is in no chunk, and an
# organization's curve of a day is made of rows.
_OPEN = timedelta(days=1, hours=1)

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """What becomes of the rows of a closed day."""

    COMPRESSED = "compressed"
    NOT_ROLLED_UP = "not rolled up yet"
    ARRIVED = "arrived too recently"
    BUSY = "in use; tried again later"


@dataclass(frozen=True, slots=True)
class Compressed:
    """A partition of rows that is closed, and what becomes of it.

    Attributes:
        bytes_before, bytes_after: On disk with the index; 0 where nothing was done.
    """

    range: Range
    outcome: Outcome
    bytes_before: int = 0
    bytes_after: int = 0


def compress_plan(*, at: datetime) -> list[Compressed]:
    """Return the partitions of rows that are old enough, and what would become of them.

    A day is compressed when it has been over for as many days as the settings say, and
    nothing of it has come for an hour or waits to be rolled up.
    """
    days = settings.COMPRESS_AFTER_DAYS
    if not days:
        return []
    closed = at - _OPEN - timedelta(days=days - 1)
    with transaction.atomic(), connection.cursor() as cursor:
        keep_in(cursor, Tier.RAW.table)
        return [
            Compressed(part, _outlook(cursor, part, at))
            for part in partitions_of(cursor, Tier.RAW, Tier.RAW.table)
            if part.upper <= closed
        ]


def _outlook(cursor: CursorWrapper, part: Range, at: datetime) -> Outcome:
    if is_due(cursor, part):
        return Outcome.NOT_ROLLED_UP
    arrived_at = last_arrival(cursor, part)
    if arrived_at is not None and arrived_at > at - QUIET:
        return Outcome.ARRIVED
    return Outcome.COMPRESSED


def compress(*, at: datetime) -> list[Compressed]:
    """Compress the days that are closed; return what became of each.

    Safe to be killed anywhere, and to run beside readers, writers and another of its
    kind: each day is compressed in a transaction of its own.
    """
    return [
        _compress(each.range) if each.outcome is Outcome.COMPRESSED else each
        for each in compress_plan(at=at)
    ]


def _compress(part: Range) -> Compressed:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            done = _put_in_chunks(cursor, part)
    except DatabaseError as error:
        if not is_passing(error):
            raise
        return Compressed(part, Outcome.BUSY)
    if done.outcome is Outcome.COMPRESSED:
        log.info(
            "day compressed",
            action="telemetry.compressed",
            partition=part.name,
            bytes_before=done.bytes_before,
            bytes_after=done.bytes_after,
        )
    return done


def _put_in_chunks(cursor: CursorWrapper, part: Range) -> Compressed:
    """Make a partition of chunks of the rows, and of the chunks that the day has."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
    if not (cursor.fetchone() or [False])[0]:
        return Compressed(part, Outcome.BUSY)
    arrived_at = last_arrival(cursor, part)
    chunks = part._replace(name=part.name.replace(Tier.RAW.table, CHUNKS))
    draft = f"{chunks.name}_draft"
    are_there = _exists(cursor, chunks.name)
    create = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)")
    cursor.execute(create.format(sql.Identifier(draft), sql.Identifier(CHUNKS)))
    bounds: dict[str, Any] = {"size": CHUNK, "lower": part.lower, "upper": part.upper}
    for name in ("chunks_make", *(["chunks_keep"] if are_there else [])):
        made = (
            QUERIES[name]
            .replace(CHUNKS, chunks.name)
            .replace(Tier.RAW.table, part.name)
        )
        cursor.execute(f'INSERT INTO "{draft}" {made}', bounds)
    cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(draft)))
    keep_within(cursor, chunks, draft, "first_ts")
    old = [part.name, *([chunks.name] if are_there else [])]
    readings = sum(row_count(cursor, name) for name in old)
    sizes = sum(_size(cursor, name) for name in old), _size(cursor, draft)
    keep_out(cursor, Tier.RAW.table, CHUNKS)
    is_same = row_count(cursor, draft) == readings
    if is_due(cursor, part) or last_arrival(cursor, part) != arrived_at or not is_same:
        raise OperationalError("Readings came meanwhile.")
    for name in old:
        cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
    if readings:
        replace_partition(cursor, chunks, draft)
    else:
        cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(draft)))
    return Compressed(part, Outcome.COMPRESSED, *sizes)


def _exists(cursor: CursorWrapper, name: str) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
    [(found,)] = cursor.fetchall()
    return bool(found)


def _size(cursor: CursorWrapper, name: str) -> int:
    cursor.execute("SELECT pg_total_relation_size(%s::regclass)", [name])
    [(size,)] = cursor.fetchall()
    return int(size)
