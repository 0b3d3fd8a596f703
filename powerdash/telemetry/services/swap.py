"""Putting one partition in the place of another while readings come in."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import DatabaseError, OperationalError
from django.db.backends.utils import CursorWrapper
from psycopg import sql
from psycopg.errors import UndefinedTable

from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.services.rollups import hold_off
from powerdash.telemetry.sql import QUERIES

LOCK_TIMEOUT = "3s"  # writers wait as long at most: then the next turn tries again
CHUNKS = "power_chunks"
WITHIN = "within"  # a constraint of drafts


class Range(NamedTuple):
    """A partition as the catalog has it.

    Attributes:
        rows: About how many; of chunks, how many readings are in them.
    """

    tier: Tier
    name: str
    lower: datetime
    upper: datetime
    rows: float

    @property
    def table(self) -> str:
        """The table it is a partition of."""
        return self.name.rpartition("_")[0]


def partitions_of(cursor: CursorWrapper, tier: Tier, table: str) -> list[Range]:
    """Return the partitions of a table, the oldest first."""
    cursor.execute(QUERIES["partitions_of"], {"table": table})
    found = [Range(tier, *row) for row in cursor.fetchall()]
    if table != CHUNKS:
        return found
    return [part._replace(rows=row_count(cursor, part.name)) for part in found]


def row_count(
    cursor: CursorWrapper, name: str, device_ids: list[int] | None = None
) -> int:
    """Count the readings or buckets of a partition, of these devices or of all."""
    counted = "coalesce(sum(count), 0)" if name.startswith(CHUNKS) else "count(*)"
    cursor.execute(
        sql.SQL(
            "SELECT {} FROM {} WHERE %(ids)s::int[] IS NULL OR device_id = ANY(%(ids)s)"
        ).format(sql.SQL(counted), sql.Identifier(name)),
        {"ids": device_ids},
    )
    [(count,)] = cursor.fetchall()
    return int(count)


def keep_out(cursor: CursorWrapper, *tables: str, patience: str | None = None) -> None:
    """Keep writers, readers and the rollup out of these tables, in a transaction.

    Rows come before chunks in every transaction that locks both, or two would wait for
    each other.

    Args:
        patience: How long to wait for a rollup that is at it.

    Raises:
        OperationalError: Somebody was at it for too long.
    """
    cursor.execute(f"SET LOCAL lock_timeout = '{patience or LOCK_TIMEOUT}'")
    hold_off(cursor)
    cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    for table in tables:
        cursor.execute(
            sql.SQL("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE").format(
                sql.Identifier(table)
            )
        )


def keep_in(cursor: CursorWrapper, *tables: str) -> None:
    """Let no partition of these tables go until the transaction ends."""
    for table in tables:
        cursor.execute(
            sql.SQL("LOCK TABLE ONLY {} IN ACCESS SHARE MODE").format(
                sql.Identifier(table)
            )
        )


def is_passing(error: DatabaseError) -> bool:
    """Tell whether a partition could not be had now, or another run took it away."""
    return isinstance(error, OperationalError) or isinstance(
        error.__cause__, UndefinedTable
    )


def keep_within(cursor: CursorWrapper, part: Range, draft: str, column: str) -> None:
    """Look through a table that is to be a partition while nobody waits for it.

    Args:
        column: The time of its rows.
    """
    cursor.execute(
        sql.SQL(
            "ALTER TABLE {0} ADD CONSTRAINT {1} CHECK ({2} >= {3} AND {2} < {4})"
        ).format(
            sql.Identifier(draft),
            sql.Identifier(WITHIN),
            sql.Identifier(column),
            sql.Literal(part.lower),
            sql.Literal(part.upper),
        )
    )


def replace_partition(cursor: CursorWrapper, part: Range, draft: str) -> None:
    """Put a table in the place of a partition that is there no more.

    Args:
        draft: That `keep_within` looked through.
    """
    name = sql.Identifier(part.name)
    cursor.execute(
        sql.SQL("ALTER TABLE {} RENAME TO {}").format(sql.Identifier(draft), name)
    )
    cursor.execute(
        sql.SQL(
            "ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})"
        ).format(
            sql.Identifier(part.table),
            name,
            sql.Literal(part.lower),
            sql.Literal(part.upper),
        )
    )
    # The partition's own says the same.
    cursor.execute(
        sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
            name, sql.Identifier(WITHIN)
        )
    )


def is_due(cursor: CursorWrapper, part: Range) -> bool:
    """Tell whether readings of a partition wait to be rolled up."""
    return bool(one(cursor, "retention_due", lower=part.lower, upper=part.upper))


def last_arrival(cursor: CursorWrapper, part: Range) -> datetime | None:
    """Return when rows of a partition's range last arrived, as the rollup noted it."""
    found: datetime | None = one(
        cursor, "retention_arrival", lower=part.lower, upper=part.upper
    )
    return found


def one(cursor: CursorWrapper, name: str, **arguments: Any) -> Any:
    """Return the first figure that a query gives."""
    cursor.execute(QUERIES[name], arguments)
    return (cursor.fetchone() or [None])[0]
