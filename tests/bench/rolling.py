"""Rollup speed, and whether it depends on history; a process of its own.

`python -m tests.bench.rolling`, with POWERDASH_DATA_DIR: prints JSON lines. How many
readings are there before can be said: `100000000`.
"""

import argparse
import json
import time
from datetime import UTC, datetime, timedelta

from powerdash.cli import database

NEW = 1_000_000
DEVICES = 200
FILL = """
INSERT INTO power_records (device_id, phase, ts, current, voltage, power, sampling_ms)
SELECT 2000000 + d, '', %(since)s::timestamptz + s * interval '1 second', current,
    voltage, current * voltage, 1000
FROM generate_series(0, %(seconds)s - 1) s, generate_series(1, %(devices)s) d,
    -- As meters tell: hundredths of an ampere, tenths of a volt.
    LATERAL (SELECT (500 + floor(100 * random() + 0 * d)) / 100 AS current,
        (2300 + floor(50 * random() + 0 * s)) / 10 AS voltage) v
ORDER BY s, d
"""
DUE = """
INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts)
SELECT array_agg(device_id), array_agg(phase),
    array_agg(date_bin('5 minutes', ts, 'epoch'))
FROM power_records WHERE device_id > 2000000 AND ts >= %(since)s
GROUP BY date_bin('5 seconds', ts, 'epoch') ORDER BY date_bin('5 seconds', ts, 'epoch')
"""


def _compressed() -> dict[str, float]:
    """Compress the days; return how many readings, how long and in how many bytes."""
    from django.db import connection

    from powerdash.telemetry.services.chunks import compress

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE power_records")
    began = time.perf_counter()
    # As if two hours had passed: what has just arrived is left alone.
    done = compress(at=datetime.now(UTC) + timedelta(hours=2))
    took_s = time.perf_counter() - began
    return {
        "compressed": sum(part.range.rows for part in done if part.bytes_before),
        "seconds": took_s,
        "bytes_before": sum(part.bytes_before for part in done),
        "bytes_after": sum(part.bytes_after for part in done),
    }


def main() -> None:
    """Roll up a million readings in a short and in a tenfold history."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rolling")
    parser.add_argument("histories", type=int, nargs="*", default=[NEW, 9 * NEW])
    given = parser.parse_args()
    with database.session():
        from django.db import connection

        from powerdash.telemetry.services.rollups import rollup

        at = datetime.now(UTC)
        start = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
            days=20
        )
        for history in given.histories:
            seconds = history // DEVICES
            new = NEW // DEVICES
            days = (seconds + new) // 86_400 + 1
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT power_records_partition_ensure(at, now())"
                    " FROM unnest(%s::timestamptz[]) at",
                    [[start + timedelta(days=n) for n in range(days)]],
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
            start += timedelta(days=days)
        print(json.dumps(_compressed()))


if __name__ == "__main__":
    main()
