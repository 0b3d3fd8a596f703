"""Rollup speed, and whether it depends on history; a process of its own.

`python -m tests.bench.rolling`, with POWERDASH_DATA_DIR: prints JSON lines.
"""

import json
import time
from datetime import UTC, datetime, timedelta

from powerdash.cli import database

NEW = 1_000_000
DEVICES = 200
FILL = """
INSERT INTO power_records (device_id, phase, ts, current, voltage, power, sampling_ms)
SELECT 2000000 + d, '', %(since)s::timestamptz + s * interval '1 second', 5 + random(),
    230 + random(), 1200, 1000
FROM generate_series(0, %(seconds)s - 1) s, generate_series(1, %(devices)s) d
ORDER BY s, d
"""
DUE = """
INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts)
SELECT array_agg(device_id), array_agg(phase),
    array_agg(date_bin('5 minutes', ts, 'epoch'))
FROM power_records WHERE device_id > 2000000 AND ts >= %(since)s
GROUP BY date_bin('5 seconds', ts, 'epoch') ORDER BY date_bin('5 seconds', ts, 'epoch')
"""


def main() -> None:
    """Roll up a million readings in a short and in a tenfold history."""
    with database.session():
        from django.db import connection

        from powerdash.telemetry.services.rollups import rollup

        at = datetime.now(UTC)
        start = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
            days=20
        )
        for history in (NEW, 9 * NEW):
            seconds = history // DEVICES
            new = NEW // DEVICES
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT power_records_partition_ensure(at, now())"
                    " FROM unnest(%s::timestamptz[]) at",
                    [[start + timedelta(days=n) for n in range(3)]],
                )
                cursor.execute(
                    FILL, {"since": start, "seconds": seconds, "devices": DEVICES}
                )
                fresh = start + timedelta(seconds=seconds)
                cursor.execute(
                    FILL, {"since": fresh, "seconds": new, "devices": DEVICES}
                )
                cursor.execute(DUE, {"since": fresh})
            began = time.perf_counter()
            rollup(at=at)
            took_s = time.perf_counter() - began
            print(json.dumps({"history": history, "new": NEW, "seconds": took_s}))
            start += timedelta(days=5)


if __name__ == "__main__":
    main()
