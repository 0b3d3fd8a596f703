"""How long retention takes for a day of readings: `python -m tests.bench.dropping`.

Makes an installation with one old day of readings of a thousand devices each second, by
column as closed days are (`--rows-only`: as rows, some 10 GB at the usual size), and
times what `powerdash retention apply` does, how long somebody who reads is kept waiting
meanwhile, and what the file system takes for files of that size.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from powerdash import settings
from powerdash.cli import database
from tests.installation import Up, environment

ROWS = 86_400_000
DEVICES = 1_000
MEGABYTE, GIGABYTE = 1 << 20, 1 << 30
FILL = """
INSERT INTO power_records (device_id, phase, ts, current, voltage, power, sampling_ms)
SELECT d, '', %(since)s::timestamptz + s * interval '1 second', 5.25, 230.5, 1210.125,
    1000
FROM generate_series(1, %(devices)s) d, generate_series(0, %(seconds)s - 1) s
"""
LATEST = """
INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)
SELECT device_id, phase, max(ts), 5.25, 230.5, 1210.125 FROM power_records GROUP BY 1, 2
"""


def main() -> None:
    """Fill, drop, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.dropping")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rows-only", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        with database.session():
            print(json.dumps(dropped(given.rows, closed=not given.rows_only)))
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Up(Path(folder), "--workers", "1").stop()  # makes the database
        subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", "tests.bench.dropping", "--inside",
             "--rows", str(given.rows), *(["--rows-only"] if given.rows_only else [])],
            env=environment(Path(folder)), check=True,
        )  # fmt: skip


def dropped(rows: int, *, closed: bool) -> dict[str, float]:
    """Return how many readings and bytes went, and in how many seconds."""
    from django.db import connection

    from powerdash.telemetry.services.chunks import compress
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
        if closed:
            cursor.execute(LATEST)
            began = time.perf_counter()
            [made] = compress(at=at)
            assert made.outcome == "compressed", made
            print(f"By column after {time.perf_counter() - began:.0f} s.", flush=True)
            name = f"power_chunks_{day:%Y%m%d}"
        cursor.execute("SELECT pg_total_relation_size(%s)", [name])
        [(size,)] = cursor.fetchall()
        cursor.execute("CHECKPOINT")
    pauses: list[float] = []
    done = threading.Event()
    reader = threading.Thread(target=_read, args=(pauses, done))
    reader.start()
    began = time.perf_counter()
    [part] = retention_apply(at=at)
    took_s = time.perf_counter() - began
    done.set()
    reader.join()
    assert (part.range.name, part.fate) == (name, "dropped")
    return {
        "readings": rows,
        "bytes": size,
        "seconds": took_s,
        "longest_pause_s": max(pauses),
        "removing_such_files_s": _removed(size),
    }


def _read(pauses: list[float], done: threading.Event) -> None:
    """Read over and over, and note how long each took, s."""
    from django.db import connection

    with connection.cursor() as cursor:
        while not done.is_set():
            began = time.perf_counter()
            cursor.execute("SELECT ts FROM power_records LIMIT 1")
            cursor.fetchall()
            pauses.append(time.perf_counter() - began)
            time.sleep(0.002)
    connection.close()


def _removed(size: int) -> float:
    """Return how long the file system takes to remove files of so many bytes, s."""
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as folder:
        files = [Path(folder) / str(n) for n in range(-(-size // GIGABYTE))]
        for file in files:
            with file.open("wb") as out:
                for _ in range(min(size, GIGABYTE) // MEGABYTE):
                    out.write(bytes(MEGABYTE))
                os.fsync(out.fileno())
        began = time.perf_counter()
        for file in files:
            file.unlink()
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
