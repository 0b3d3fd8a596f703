"""Writes a group of requests in one transaction, on one connection."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from powerdash.devices.status import MOVES, Trigger
from powerdash.ingest.request import Request
from powerdash.ingest.sql import QUERIES
from powerdash.lib import postgres
from powerdash.telemetry.reading import Reading

COPY_FROM = 200  # readings from which COPY is faster than arrays
# After a duplicate, groups go the way that expects them: COPY would fail, leave dead
# rows behind, and be repeated.
EXPECT_DUPLICATES = timedelta(seconds=10)
STATEMENT_TIMEOUT_S = 20.0
BUCKET_S = 300  # the rollup's five minutes
# Of readings older than this some may be in chunks (`telemetry.services.chunks`).
CLOSED_AFTER = timedelta(days=1)
DAY_S = 86_400

_COLUMNS = Reading._fields
_OPTIONAL = range(_COLUMNS.index("power_factor"), len(_COLUMNS))
_HEARD_FROM, (_HEARD_TO, _HEARD_EVENT) = next(
    (status, move)
    for (status, trigger), move in MOVES.items()
    if trigger is Trigger.SEEN
)

Key = tuple[int, str, datetime]  # device, phase, time: the key of a reading


@dataclass(slots=True)
class Inserted:
    """What a transaction stored: for which living devices, and which keys.

    Attributes:
        keys: None when every reading of those devices was new.
    """

    devices: frozenset[int]
    keys: set[Key] | None

    def take(self, readings: list[Reading]) -> list[Reading]:
        """Return a request's new readings; each key counts for one reading only."""
        if self.keys is None:
            return readings
        new = []
        for reading in readings:
            if reading[:3] in self.keys:
                self.keys.remove(reading[:3])
                new.append(reading)
        return new


class Store:
    """One connection's way to write; remembers what it need not ask again.

    Args:
        event_each: Record an `ingest.accepted` event for each request.
    """

    def __init__(self, connection: postgres.Connection, *, event_each: bool) -> None:
        self._connection = connection
        self._event_each = event_each
        self._expect_duplicates_until = datetime.min.replace(tzinfo=UTC)
        self._days: set[int] = set()  # whose partitions are there
        self._phases: set[tuple[int, str]] = set()  # known to `telemetry_latest`

    async def prepare(self) -> None:
        """Prepare the statement, and this month's partition of events."""
        self._days.clear()
        await self._connection.prepare(QUERIES["store"])
        await self._connection.execute(QUERIES["events_partition"])

    async def write(self, group: list[Request], at: datetime) -> Inserted:
        """Write the group and commit; then the requests may be answered.

        Raises:
            OSError, asyncpg.InterfaceError: The database went away (`postgres.AWAY`);
                whether it committed is not known.
            asyncpg.PostgresError: It refuses; nothing is stored.
        """
        rows = [row for request in group for row in request.readings]
        if any(row[2] < at - CLOSED_AFTER for row in rows):
            async with self._connection.transaction():
                inserted = await self._write_late(group, rows, at)
        else:
            await self._make_partitions(rows, at)
            inserted = await self._write_rows(group, rows, at)
        if inserted.keys is not None:
            self._expect_duplicates_until = at + EXPECT_DUPLICATES
        await self._enter_phases(rows, inserted)
        return inserted

    async def _write_late(
        self, group: list[Request], rows: list[Reading], at: datetime
    ) -> Inserted:
        """Write readings of days that may be compressed, but those that are in chunks.

        Their partitions may have been dropped since we looked.
        """
        closed = await self._connection.fetchval(
            QUERIES["late"],
            *([row[column] for row in rows] for column in range(3)),
            at,
            timeout=STATEMENT_TIMEOUT_S,
        )
        new = [
            row for row, is_closed in zip(rows, closed, strict=True) if not is_closed
        ]
        inserted = await self._write_rows(group, new, at)
        if len(new) < len(rows) and inserted.keys is None:
            inserted.keys = {row[:3] for row in new if row[0] in inserted.devices}
        return inserted

    async def _write_rows(
        self, group: list[Request], rows: list[Reading], at: datetime
    ) -> Inserted:
        if len(rows) >= COPY_FROM and at >= self._expect_duplicates_until:
            inserted = await self._copy(group, rows, at)
            if inserted is not None:
                return inserted
        return await self._insert(group, rows, at)

    async def _insert(
        self, group: list[Request], rows: list[Reading], at: datetime
    ) -> Inserted:
        record = await self._connection.fetchrow(
            QUERIES["store"],
            *self._arguments(group, rows, at),
            timeout=STATEMENT_TIMEOUT_S,
        )
        found = _one(record)
        new = found["inserted"] == len(rows)
        keys = None if new else {tuple(key) for key in found["keys"] or ()}
        return Inserted(frozenset(found["live"] or ()), keys)

    async def _copy(
        self, group: list[Request], rows: list[Reading], at: datetime
    ) -> Inserted | None:
        """Write by COPY; None when a reading is there already (nothing is written)."""
        rows.sort(key=_key)
        try:
            async with (
                asyncio.timeout(STATEMENT_TIMEOUT_S),
                self._connection.transaction(),
            ):
                record = await self._connection.fetchrow(
                    QUERIES["store"], *self._arguments(group, [], at)
                )
                await self._connection.execute(QUERIES["due"], *_due(rows))
                devices = frozenset(_one(record)["live"] or ())
                await self._connection.copy_records_to_table(
                    "power_records",
                    records=[row for row in rows if row[0] in devices],
                    columns=_COLUMNS,
                )
        except asyncpg.UniqueViolationError:
            return None
        return Inserted(devices, None)

    def _arguments(
        self, group: list[Request], rows: list[Reading], at: datetime
    ) -> tuple[Any, ...]:
        """Return what `store` takes, in the order of its numbers."""
        events = _events(group) if self._event_each else []
        return (
            list({request.device.id for request in group}),
            *_columns(rows),
            _HEARD_FROM.value,
            _HEARD_TO.value,
            at,
            _HEARD_EVENT.value,
            *(zip(*events, strict=True) if events else (None, None, None)),
        )

    async def _make_partitions(self, rows: list[Reading], at: datetime) -> None:
        """See to it that the partitions of these readings are there."""
        days = {int(row[2].timestamp()) // DAY_S for row in rows} - self._days
        if not days:
            return
        await self._connection.fetch(
            QUERIES["partitions"],
            [datetime.fromtimestamp(day * DAY_S, UTC) for day in sorted(days)],
            at,
            timeout=STATEMENT_TIMEOUT_S,
        )
        self._days |= days

    async def _enter_phases(self, rows: list[Reading], inserted: Inserted) -> None:
        """Enter phases that are new to us in the table of the newest readings.

        Reads find a device's phases there. The values follow each second, but no
        reading may be acknowledged whose phase is not known.
        """
        new = {
            (row[0], row[1]): row
            for row in rows
            if (row[0], row[1]) not in self._phases and row[0] in inserted.devices
        }
        if new:
            values = [(*row[:6], *row[7:11]) for row in new.values()]
            await self._connection.execute(
                QUERIES["phases"], *zip(*values, strict=True)
            )
            self._phases.update(new)


def _key(row: Reading) -> Key:
    return row[:3]


def _columns(rows: list[Reading]) -> list[tuple[Any, ...] | None]:
    """Return rows by column; None for an optional column that no row has."""
    if not rows:
        return [None] * len(_COLUMNS)
    columns: list[tuple[Any, ...] | None] = list(zip(*rows, strict=True))
    for index in _OPTIONAL:
        if columns[index] == (None,) * len(rows):
            columns[index] = None
    return columns


def _due(rows: list[Reading]) -> tuple[list[int], list[str], list[datetime]]:
    """Return the buckets of readings by column: device, phase, start."""
    buckets = list({(r[0], r[1], int(r[2].timestamp()) // BUCKET_S) for r in rows})
    return (
        [device_id for device_id, _, _ in buckets],
        [phase for _, phase, _ in buckets],
        [datetime.fromtimestamp(n * BUCKET_S, UTC) for _, _, n in buckets],
    )


def _one(record: asyncpg.Record | None) -> asyncpg.Record:
    if record is None:
        raise asyncpg.InterfaceError("The statement gave no row.")
    return record


def _events(group: list[Request]) -> list[tuple[int, int, str]]:
    """Return an `ingest.accepted` event for each request with readings."""
    return [
        (
            request.device.organization_id,
            request.device.id,
            msgspec.json.encode(
                {"requests": 1, "readings": len(request.readings)}
            ).decode(),
        )
        for request in group
        if request.readings
    ]
