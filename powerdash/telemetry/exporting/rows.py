"""The rows of an export, piece by piece, from any row on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from powerdash.telemetry.exporting.columns import columns_of
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.sql import QUERIES

ROWS_AT_ONCE = 10_000
_INSTANT = timedelta(microseconds=1)
_EARLIEST = datetime(2, 1, 1, tzinfo=UTC)  # a step before it is a time still
_OTHERS = {"active_power": "power * coalesce(power_factor, 1) AS active_power"}


class CursorInvalid(ValueError):
    """A cursor does not name a row of this export."""

    def __init__(self) -> None:
        super().__init__(
            "Send the device, phase and time of the last complete line, as they stand"
            " in it, parted by commas."
        )


class Cursor(NamedTuple):
    """The row after which to go on."""

    device: UUID
    phase: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """What is exported: some devices of an organization, or (None) all, in a range."""

    organization_id: int
    tier: Tier
    since: datetime
    until: datetime
    device_ids: Sequence[int] | None = None
    after: Cursor | None = None


def cursor_read(text: str) -> Cursor:
    """Read a cursor: device, phase and time as they stand in a line of CSV.

    Raises:
        CursorInvalid: It is none.
    """
    device, comma, rest = text.partition(",")
    phase, second, at = rest.rpartition(",")
    try:
        found = Cursor(UUID(device), phase, datetime.fromisoformat(at))
        _ = found.at.astimezone(UTC) + _INSTANT  # what comes next is a time, too
    except (ValueError, OverflowError):
        raise CursorInvalid from None
    if not (comma and second) or found.at.tzinfo is None:
        raise CursorInvalid
    return found


def batches(query: ExportQuery) -> Iterator[list[tuple[Any, ...]]]:
    """Return the rows, by device, phase and time, in pieces.

    Each piece is a question of its own, by an index range: a long export holds no
    transaction open, and no more than a piece in memory.

    Raises:
        CursorInvalid: `after` names no device and phase of the export.
    """
    for device_id, uuid, name, phase, since in _sources(query):
        after = max(since, _EARLIEST) - _INSTANT
        while rows := _piece(query, device_id, phase, after):
            yield [(str(uuid), name, phase, *row) for row in rows]
            if len(rows) < ROWS_AT_ONCE:
                break
            after = rows[-1][0]


def _sources(query: ExportQuery) -> list[tuple[int, UUID, str, str, datetime]]:
    """Return the devices and phases to go through, and from when on."""
    with connection.cursor() as cursor:
        cursor.execute(
            QUERIES["export_sources"],
            {
                "organization_id": query.organization_id,
                "device_ids": None
                if query.device_ids is None
                else list(query.device_ids),
            },
        )
        sources = [(*row, query.since) for row in cursor.fetchall()]
    if query.after is None:
        return sources
    for number, (device_id, uuid, name, phase, _) in enumerate(sources):
        if (uuid, phase) == (query.after.device, query.after.phase):
            since = max(query.since, query.after.at + _INSTANT)
            return [(device_id, uuid, name, phase, since), *sources[number + 1 :]]
    raise CursorInvalid


def _piece(
    query: ExportQuery, device_id: int, phase: str, after: datetime
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            statement(query.tier),
            {
                "device_id": device_id,
                "phase": phase,
                "after": after,
                "until": query.until,
                "limit": ROWS_AT_ONCE,
            },
        )
        return list(cursor.fetchall())


def statement(tier: Tier) -> str:
    """Return the query of a piece: the columns of the tier in their order."""
    time, *others = (column.name for column in columns_of(tier))
    chosen = ", ".join(_OTHERS.get(name, name) for name in (time, *others))
    if tier is Tier.RAW:
        return (
            f"SELECT {chosen} FROM readings_first(%(device_id)s, %(phase)s,"  # noqa: S608 - our own names
            " %(after)s::timestamptz + interval '1 microsecond', %(until)s, %(limit)s)"
            f" ORDER BY {time}"
        )
    return (
        f"SELECT {chosen} FROM {tier.table}"  # noqa: S608 - our own names
        " WHERE device_id = %(device_id)s AND phase = %(phase)s"
        f" AND {time} > %(after)s AND {time} < %(until)s"
        f" ORDER BY {time} LIMIT %(limit)s"
    )
