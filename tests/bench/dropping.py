"""How long retention takes for a day of readings: `python -m tests.bench.dropping`.

Makes an installation with one old day of readings of a thousand devices each second, as
rows (some 11 GB at the usual size), and times what `powerdash retention apply` does.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from powerdash.cli import database
from tests.installation import Up, environment

ROWS = 86_400_000
DEVICES = 1_000
FILL = """
INSERT INTO power_records (device_id, phase, ts, current, voltage, power, sampling_ms)
SELECT d, '', %(since)s::timestamptz + s * interval '1 second', 5.25, 230.5, 1210.125,
    1000
FROM generate_series(1, %(devices)s) d, generate_series(0, %(seconds)s - 1) s
"""


def main() -> None:
    """Fill, drop, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.dropping")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        with database.session():
            print(json.dumps(dropped(given.rows)))
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Up(Path(folder), "--workers", "1").stop()  # makes the database
        subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", "tests.bench.dropping", "--inside",
             "--rows", str(given.rows)],
            env=environment(Path(folder)), check=True,
        )  # fmt: skip


def dropped(rows: int) -> dict[str, float]:
    """Return how many rows and bytes went, and in how many seconds."""
    from django.db import connection

    from powerdash.telemetry.services.retention import retention_apply

    at = datetime.now(UTC)
    day = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=20)
    name = f"power_records_{day:%Y%m%d}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT power_records_partition_ensure(%s, now())", [day])
        given: dict[str, Any] = {
            "since": day,
            "devices": DEVICES,
            "seconds": rows // DEVICES,
        }
        cursor.execute(FILL, given)
        cursor.execute("SELECT pg_total_relation_size(%s)", [name])
        [(size,)] = cursor.fetchall()
        cursor.execute("CHECKPOINT")
    began = time.perf_counter()
    [part] = retention_apply(at=at)
    took_s = time.perf_counter() - began
    assert (part.range.name, part.fate) == (name, "dropped")
    return {"rows": rows, "bytes": size, "seconds": took_s}


if __name__ == "__main__":
    main()
