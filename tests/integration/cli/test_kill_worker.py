"""kill -9 of the worker while it rolls up, compresses and drops: nothing differs.

`POWERDASH_KILLS=20` makes the long form of it.
"""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from powerdash.cli.supervisor import LIVED_S
from powerdash.cli.worker_loops import ROLLUP_EVERY_S
from powerdash.lib.embedded import USER
from tests.installation import Up, powerdash
from tests.integration.cli.test_kill import KILLS, kill
from tests.waiting import eventually

DEVICES = 8
HELD = 3  # its readings stay, so that partitions are thinned, not only dropped
OLDEST = 28  # days ago; each round brings a day nearer
READINGS = """
WITH new AS (
    INSERT INTO power_records (device_id, phase, ts, current, voltage, power)
    SELECT d, '', at, 5 + random(), 230, 1150 + random()
    FROM generate_series(%(start)s, %(start)s + interval '6 hours', '10 seconds') at,
        generate_series(1, %(devices)s) d
    ON CONFLICT DO NOTHING RETURNING device_id, phase, ts
), latest AS (
    INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)
    SELECT device_id, phase, max(ts), 5, 230, 1150 FROM new GROUP BY device_id, phase
    ON CONFLICT (device_id, phase) DO UPDATE SET
        ts = greatest(excluded.ts, telemetry_latest.ts)
), due AS (
    INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts)
    SELECT array_agg(device_id), array_agg(phase),
        array_agg(date_bin('5 minutes', ts, 'epoch'))
    FROM new GROUP BY date_bin('1 minute', ts, 'epoch')
)
SELECT count(*) FROM new
"""
# As if what is there had arrived long ago: retention may take it.
LONG_AGO = "UPDATE telemetry_arrival_days SET last_arrival_at = now() - interval '40 d'"
DONE = "SELECT count(*) = 0 FROM telemetry_rollup_due"


def execute(host: str, statement: str) -> None:
    """Run a statement in the database of the installation."""
    with psycopg.connect(host=host, user=USER, dbname="power_dashboard") as connection:
        connection.execute(statement.encode())


def bring(host: str, start: datetime) -> int:
    """Store six hours of readings from `start` on; return how many were new."""
    with psycopg.connect(host=host, user=USER, dbname="power_dashboard") as connection:
        days = [start, start + timedelta(hours=6)]
        connection.execute(
            "SELECT power_records_partition_ensure(at, now())"
            " FROM unnest(%s::timestamptz[]) at",
            [days],
        )
        given = {"start": start, "devices": DEVICES}
        [(count,)] = connection.execute(READINGS, given).fetchall()
        return int(count)


def _prepare(data_dir: Path) -> None:
    powerdash(data_dir, "organizations", "create", "site", "--name", "Site")
    made = powerdash(
        data_dir, "devices", "register", "--organization", "site", "--name", "Meter",
        "--count", str(DEVICES), "--json",
    )  # fmt: skip
    uuids = [json.loads(line)["uuid"] for line in made.stdout.splitlines()]
    powerdash(data_dir, "retention", "hold", "--device", uuids[HELD])


@pytest.mark.timeout(120 + 20 * KILLS)
async def test_nothing_differs_after_kills(data_dir: Path) -> None:
    up = Up(data_dir, "--workers", "1")
    try:
        _prepare(data_dir)
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        host = str(up.cluster.socket_dir)
        brought = 0
        for number in range(KILLS):
            # One that was killed before it lived is started again ever later.
            await asyncio.sleep(LIVED_S + 1)
            start = midnight - timedelta(days=OLDEST - number, hours=-number % 18)
            brought += bring(host, start)
            execute(host, LONG_AGO)
            await asyncio.sleep(random.uniform(0.0, ROLLUP_EVERY_S))  # noqa: S311
            await kill(up, " worker")

        async def rolled_up() -> bool:
            return bool(up.ask(DONE)[0][0])

        await eventually(rolled_up, seconds=60)
        execute(host, LONG_AGO)
        powerdash(data_dir, "telemetry", "compress")
        powerdash(data_dir, "retention", "apply")
        verified = powerdash(data_dir, "telemetry", "verify", "--json")
        told = json.loads(verified.stdout)
        assert (verified.returncode, told["differences"]) == (0, []), verified.stderr
        for tier in ("5m", "1h", "1d"):
            [(counted,)] = up.ask(f"SELECT sum(count) FROM telemetry_rollups_{tier}")  # noqa: S608
            assert counted == brought
        counted = json.loads(powerdash(data_dir, "telemetry", "count", "--json").stdout)
        [(dropped, chunks)] = up.ask(
            "SELECT (SELECT count(*) FROM telemetry_dropped),"
            " (SELECT count(*) FROM power_chunks)"
        )
        assert dropped > 0
        assert chunks > 0
        assert 0 < counted["readings"] < brought
    finally:
        assert up.stop() == 0
