"""The heartbeat sweep: silent devices go offline."""

from datetime import datetime
from pathlib import Path

from django.db import connection

from powerdash.devices.status import DeviceStatus, Trigger, next_status
from powerdash.lib.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))

BATCH = 5_000  # devices in one transaction
# `last_seen_at` is up to a second old, and a meter that sends once an interval is not
# punctual to the millisecond.
GRACE_S = 2


def heartbeat_sweep(*, at: datetime, limit: int = BATCH) -> int:
    """Take the devices offline that were silent longer than their interval.

    Several sweeps at once are harmless. Each batch is a transaction of its own.

    Args:
        at: Now.
        limit: Devices in a batch.

    Returns:
        How many devices went offline.

    Source: specification, "Scheduled Commands"; departure: see `devices.status`.
    """
    old = DeviceStatus.ONLINE
    new, event_type = next_status(old, Trigger.SILENT)
    moved_in_all = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                QUERIES["sweep"],
                {
                    "at": at,
                    "limit": limit,
                    "grace_s": GRACE_S,
                    "old": old.value,
                    "new": new.value,
                    "type": event_type.value,
                },
            )
            looked_at, moved = cursor.fetchone() or (0, 0)
        moved_in_all += moved
        if looked_at < limit:
            return moved_in_all
