"""Questions over years, rollups and disk: `python -m tests.bench.telemetry`.

Each question goes over HTTP as a page asks it, the warm median of 20, beside the bare
SQL's own time in the same run. Writes `bench-telemetry.json`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.bench.fill import DEVICES, fill
from tests.installation import Up, environment, powerdash

TIMES = 20
COMPRESSED = "readings of closed days, compressed"
PASSWORD = "a password of the bench"
EMAIL = "bench@bench.test"


def main() -> None:
    """Run all and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.telemetry")
    parser.add_argument("--output", type=Path, default=Path("bench-telemetry.json"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        found = measure(Path(folder))
    for name, figures in found.items():
        told = ", ".join(f"{key} {value:,.1f}" for key, value in figures.items())
        print(f"{name:48} {told}")
    given.output.write_text(json.dumps(found, indent=1))
    print(f"Written to {given.output}.")


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Fill an installation, ask it, roll up in it."""
    up = Up(folder, "--workers", "1")
    try:
        uuid = prepare(folder)
        host = str(up.cluster.socket_dir)
        sizes = fill(host)
        found = {f"bytes on disk of {what}": {"bytes": n} for what, n in sizes.items()}
        found |= questions(up.port, host, uuid)
    finally:
        up.stop()
    found |= rollups(folder)
    each = found["bytes on disk of a reading"]
    each["of a week"] = _of_a_week(each["bytes"], found[COMPRESSED]["bytes after"])
    return found


def _of_a_week(open_bytes: float, closed_bytes: float) -> float:
    """Return the mean of seven days kept: the last two at most are open."""
    return (2 * open_bytes + 5 * closed_bytes) / 7


def prepare(folder: Path) -> str:
    """Make devices and one who looks; return the first device's UUID."""
    powerdash(folder, "organizations", "create", "bench", "--name", "Bench")
    made = powerdash(
        folder, "devices", "register", "--organization", "bench", "--name", "Meter",
        "--count", str(DEVICES), "--json",
    )  # fmt: skip
    secret = folder / "password"
    secret.write_text(PASSWORD)
    powerdash(
        folder, "users", "create", EMAIL, "--organization", "bench", "--role", "owner",
        "--password-file", str(secret),
    )  # fmt: skip
    return str(json.loads(made.stdout.splitlines()[0])["uuid"])


def questions(port: int, host: str, uuid: str) -> dict[str, dict[str, float]]:
    """Ask what pages ask."""
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    found: dict[str, dict[str, float]] = {}
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
        psycopg.connect(host=host, user="powerdash", dbname="power_dashboard") as bare,
    ):
        client.get("/login")
        token = {"X-XSRF-TOKEN": client.cookies["XSRF-TOKEN"]}
        login = {"email": EMAIL, "password": PASSWORD}
        assert client.post("/login", json=login, headers=token).status_code == 302
        for name, days in (
            ("24 h of 1 s readings", 1), ("7 days", 7), ("30 days", 30),
            ("a year", 365), ("ten years", 3650),
        ):  # fmt: skip
            span = {"from": _iso(until - timedelta(days=days)), "to": _iso(until)}
            path = f"/api/devices/{uuid}/series"
            answer = client.get(path, params=span)
            tier = answer.json()["tier"]
            points = len(answer.json()["phases"][0]["ts"])
            found[f"one device, {name} ({tier}, {points} points)"] = {
                "ms": _median_ms(partial(client.get, path, params=span)),
                "bare SQL ms": _median_ms(partial(_bare, bare, tier, days, until)),
            }
        month = {"from": _iso(until - timedelta(days=30)), "to": _iso(until)}
        for name, agg in (("", "mean"), (", envelope", "envelope")):
            asked = month | {"agg": agg}
            found[f"total of 1,000 devices, 30 days{name}"] = {
                "ms": _median_ms(partial(client.get, "/api/series", params=asked))
            }
        newest = "SELECT * FROM telemetry_latest WHERE device_id <= 10000"
        found["newest reading of 10,000 devices"] = {
            "ms": _median_ms(lambda: bare.execute(newest).fetchall())
        }
    return found


def _bare(
    connection: psycopg.Connection[Any], tier: str, days: int, until: datetime
) -> None:
    """Ask for min, mean and max of the power, and nothing around it."""
    table, time_column, prefix = (
        ("power_records", "ts", ("power", "power", "power"))
        if tier == "raw"
        else (
            f"telemetry_rollups_{tier}",
            "bucket_start_ts",
            ("min_power", "avg_power", "max_power"),
        )
    )
    least, mean, most = prefix
    connection.execute(
        f"SELECT date_bin(%s, {time_column}, 'epoch'), min({least}), avg({mean}),"  # noqa: S608
        f" max({most}) FROM {table} WHERE device_id = 1 AND phase = ''"
        f" AND {time_column} >= %s AND {time_column} < %s GROUP BY 1 ORDER BY 1",
        [timedelta(seconds=days * 43.2), until - timedelta(days=days), until],
    ).fetchall()


def _median_ms(ask: Callable[[], object]) -> float:
    for _ in range(3):
        ask()
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def rollups(folder: Path) -> dict[str, dict[str, float]]:
    """Roll up a million readings in a short and in a tenfold history; compress all."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.bench.rolling"],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {}
    *rolled, compressed = [
        json.loads(line) for line in said.splitlines() if line[0] == "{"
    ]
    count = compressed["compressed"]
    found[COMPRESSED] = {
        "readings": count,
        "s": compressed["seconds"],
        "bytes each before": compressed["bytes_before"] / count,
        "bytes after": compressed["bytes_after"] / count,
    }
    for row in rolled:
        found[f"1,000,000 readings rolled up, {row['history']:,} before"] = {
            "s": row["seconds"],
            "rows/s": row["new"] / row["seconds"],
        }
    return found


if __name__ == "__main__":
    main()
