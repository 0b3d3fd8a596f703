"""Measure, print one table, write `bench.json`.

Each figure stands beside its limit on this machine in this run: the bare HTTP server
with the same bodies, and asyncpg alone with the same rows. The load generator (wrk)
and PostgreSQL share the machine's cores with the product.
"""

import argparse
import asyncio
import itertools
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from powerdash.lib import pusher
from tests.bench import database, live, load
from tests.installation import Up, environment, powerdash

DEVICES = 200
LIVE_DEVICES = 1_000
PREFILL = 1_000_000
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    unit: str
    p50_ms: float | None = None
    p99_ms: float | None = None
    limit: float | None = None
    limit_name: str = ""


def main() -> None:
    """Run all and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--seconds", type=int, default=6, help="of each load")
    parser.add_argument(
        "--runs", type=int, default=3, help="of each load; the median counts"
    )
    parser.add_argument(
        "--events",
        choices=("minute", "request"),
        default="minute",
        help="INGEST_EVENTS: an event a device and minute, or one for each request",
    )
    parser.add_argument("--output", type=Path, default=Path("bench.json"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=_parent()) as folder:
        Path(folder).chmod(0o755)
        figures = measure(Path(folder), given.seconds, given.runs, given.events)
    report(figures)
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    found = [asdict(figure) for figure in figures]
    given.output.write_text(
        json.dumps({"machine": machine, "figures": found}, indent=1)
    )
    print(f"Written to {given.output}.")


def measure(folder: Path, seconds: int, runs: int, events: str) -> list[Figure]:
    """Start an installation, load it, and return the figures."""
    up = Up(folder, "--workers", str(WORKERS), INGEST_EVENTS=events)
    try:
        devices = register(folder, LIVE_DEVICES)
        file = folder / "devices.lua"
        pairs = ",".join(
            f'{{"{uuid}","{secret}"}}' for uuid, secret in devices[:DEVICES]
        )
        file.write_text(f"return {{{pairs}}}")
        host = str(up.cluster.socket_dir)
        asyncio.run(database.prefill(host, PREFILL))
        figures = singles(up, file, seconds, runs)
        figures += batches(up, file, seconds, runs, host)
        figures.append(posted_to_socket(up, devices))
    finally:
        up.stop(signal.SIGTERM)
    return figures


def singles(up: Up, file: Path, seconds: int, runs: int) -> list[Figure]:
    """Single readings at 1, 16 and 64 connections, beside the bare server."""
    figures = []
    hours = itertools.count()  # each run has readings of an hour of its own
    for connections in (1, 16, 64):
        made = [
            load.run(
                "single.lua",
                up.port,
                connections=connections,
                seconds=seconds,
                DEVICES=str(file),
                EPOCH=str(epoch(next(hours))),
            )
            for _ in range(runs)
        ]
        with bare() as port:
            limit = load.run(
                "single.lua",
                port,
                connections=connections,
                seconds=seconds,
                DEVICES=str(file),
                EPOCH=str(epoch(next(hours))),
            )
        middle = median(made)
        figures.append(
            Figure(
                f"single readings, {connections} connections",
                middle.rate,
                "requests/s",
                middle.p50_ms,
                middle.p99_ms,
                limit.rate,
                "bare HTTP server",
            )
        )
    return figures


def batches(up: Up, file: Path, seconds: int, runs: int, host: str) -> list[Figure]:
    """Batches of 1,000, two senders, beside asyncpg alone."""
    made = [
        load.run(
            "batch.lua",
            up.port,
            connections=2,
            seconds=seconds,
            DEVICES=str(file),
            EPOCH=str(epoch(14 + run)),
            BODIES=str(250 * seconds),
        )
        for run in range(runs)
    ]
    middle = median(made)
    start = datetime.now(UTC) - timedelta(days=1)
    limit = asyncio.run(database.rate(host, raw=False, start=start))
    raw = asyncio.run(database.rate(host, raw=True, start=start + timedelta(hours=6)))
    return [
        Figure(
            "batches of 1,000, two senders",
            middle.rate * 1000,
            "readings/s",
            middle.p50_ms,
            middle.p99_ms,
            limit,
            "asyncpg, COPY + ON CONFLICT",
        ),
        Figure("(raw binary COPY by asyncpg)", raw, "readings/s"),
    ]


def posted_to_socket(up: Up, devices: list[tuple[str, str]]) -> Figure:
    """POST to live frame at 1,000 readings/s."""
    app = pusher.App(*secrets_of(up.data_dir))
    delays = asyncio.run(live.latencies_ms(up.port, app, devices))
    return Figure(
        "POST to live frame at 1,000 readings/s",
        float(len(delays)),
        "frames",
        statistics.median(delays),
        delays[int(len(delays) * 0.99)],
    )


def secrets_of(data_dir: Path) -> list[str]:
    """Return the Pusher application's id, key and secret of an installation."""
    script = (
        "from powerdash import settings as s;"
        "print(s.PUSHER_APP_ID, s.PUSHER_APP_KEY, s.PUSHER_APP_SECRET)"
    )
    said = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", script],
        env=environment(data_dir),
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.split()


def median(loads: list[load.Load]) -> load.Load:
    """Return the run with the median rate.

    Raises:
        SystemExit: A request was refused.
    """
    if any(one.bad for one in loads):
        raise SystemExit(f"bench: requests were refused: {loads}")
    return sorted(loads, key=lambda one: one.rate)[len(loads) // 2]


def epoch(hours: int) -> int:
    """Return the Unix second that a run's readings start from: each run its own.

    Of the last day: for older ones the door looks into compressed days, too.
    """
    return int(time.time()) - 3600 * (2 + hours)


def register(folder: Path, count: int) -> list[tuple[str, str]]:
    """Make an organization and its devices; return UUIDs and secrets."""
    powerdash(folder, "organizations", "create", "bench", "--name", "Bench")
    made = powerdash(
        folder, "devices", "register", "--organization", "bench", "--name", "Meter",
        "--count", str(count), "--json",
    )  # fmt: skip
    if made.returncode:
        raise SystemExit(made.stderr)
    lines = [json.loads(line) for line in made.stdout.splitlines()]
    return [(line["uuid"], line["secret"]) for line in lines]


@contextmanager
def bare() -> Iterator[int]:
    """Run the bare server with as many processes; yield its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [
            sys.executable, "-m", "uvicorn", "tests.bench.bare:application",
            "--port", str(port), "--workers", str(WORKERS),
            "--no-access-log", "--log-level", "error",
        ]
    )  # fmt: skip
    try:
        end = time.monotonic() + 30
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > end:
                raise SystemExit("bench: the bare server does not start.")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def report(figures: list[Figure]) -> None:
    """Print the table."""
    titles = f"{'figure':>10} {'':10} {'p50 ms':>7} {'p99 ms':>7} {'limit':>9}  of it"
    print(f"{'':42} {titles}")
    for one in figures:
        p50, p99 = (
            f"{v:.2f}" if v is not None else "" for v in (one.p50_ms, one.p99_ms)
        )
        limit = f"{one.limit:,.0f}" if one.limit else ""
        share = f"{one.value / one.limit:.0%} ({one.limit_name})" if one.limit else ""
        print(
            f"{one.name:42} {one.value:>10,.0f} {one.unit:10} {p50:>7} {p99:>7}"
            f" {limit:>9}  {share}"
        )


def _parent() -> str:
    # PostgreSQL does not run as root: its user must be able to pass the folder.
    return tempfile.gettempdir()


if __name__ == "__main__":
    main()
