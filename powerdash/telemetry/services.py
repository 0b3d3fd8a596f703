"""Writes of what is made from readings: the five-minute rollups and the partitions."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from powerdash.telemetry.sql import QUERIES

TAKEN_AT_ONCE = 100  # rows of the queue in one transaction
LOCK = 7_202_601  # advisory lock: one rollup at a time


@dataclass(frozen=True, slots=True)
class RolledUp:
    """What one turn did: rows of the queue taken, buckets written."""

    taken: int
    buckets: int


class RollupRunning(Exception):
    """Another process rolls up at this moment."""


@transaction.atomic
def rollup_5m_step(*, at: datetime) -> RolledUp:
    """Make the buckets with new readings anew; call again until nothing was taken.

    Idempotent, and safe to be killed anywhere: what is due is taken in the transaction
    that writes the buckets.

    Raises:
        RollupRunning: Another process is at it; two at once could write a bucket from
            an older view of its readings over a newer one.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not (cursor.fetchone() or [False])[0]:
            raise RollupRunning
        cursor.execute(QUERIES["rollup_take"], {"limit": TAKEN_AT_ONCE})
        taken = cursor.fetchall()
        buckets = {key for row in taken for key in zip(*row, strict=True)}
        if buckets:
            cursor.execute(QUERIES["rollup_plan"])
            device_ids, phases, starts = zip(*sorted(buckets), strict=True)
            cursor.execute(
                QUERIES["rollup_write"],
                {
                    "device_ids": list(device_ids),
                    "phases": list(phases),
                    "starts": list(starts),
                    "at": at,
                },
            )
    return RolledUp(len(taken), len(buckets))


def partitions_ahead(*, at: datetime, days: int = 3) -> None:
    """Make the partitions of readings and events that the next days will need."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT power_records_partition_ensure(%s + n * interval '1 day', %s)"
            " FROM generate_series(0, %s) n",
            [at, at, days],
        )
        cursor.execute(
            "SELECT events_partition_ensure(%s),"
            " events_partition_ensure(%s + interval '1 month')",
            [at, at],
        )
