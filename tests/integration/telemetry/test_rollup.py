"""Test that rollups equal what the readings say, whatever happened on the way."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import numpy as np
import pytest
from asgiref.sync import sync_to_async
from django.db import ProgrammingError, connection

from powerdash.telemetry.services.partitions import partitions_ahead
from powerdash.telemetry.services.rollups import (
    LOCK,
    RollupRunning,
    rollup,
    rollup_step,
)

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
START = datetime(2026, 1, 30, tzinfo=UTC)
Row = tuple[int, str, datetime, float, float, float]


def readings(count: int) -> list[Row]:
    """Two devices, one of them with two phases, at uneven seconds."""
    chance = random.Random(7)  # noqa: S311
    keys = [(1, "L1"), (1, "L2"), (2, "")]
    times = dict.fromkeys(keys, START)
    rows = []
    for n in range(count):
        key = keys[n % 3]
        times[key] += timedelta(seconds=chance.uniform(1, 90))
        current, voltage = chance.uniform(0, 30), chance.uniform(220, 240)
        rows.append((*key, times[key], current, voltage, current * voltage))
    return rows


async def store(pg: "asyncpg.Connection[asyncpg.Record]", rows: list[Row]) -> None:
    """Store readings as the ingest door does: with what is due, in one transaction."""
    buckets = list({(row[0], row[1], bucket_of(row[2])) for row in rows})
    async with pg.transaction():
        await pg.executemany(
            "INSERT INTO power_records (device_id, phase, ts, current, voltage, power)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            rows,
        )
        columns = [list(column) for column in zip(*buckets, strict=True)]
        await pg.execute(
            "INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts)"
            " VALUES ($1, $2, $3)",
            *columns,
        )


def bucket_of(ts: datetime) -> datetime:
    return datetime.fromtimestamp(ts.timestamp() // 300 * 300, UTC)


def expected(rows: list[Row]) -> dict[tuple[Any, ...], tuple[float, ...]]:
    by_bucket: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        by_bucket.setdefault((row[0], row[1], bucket_of(row[2])), []).append(row)
    return {key: tuple(_figures(part)) for key, part in by_bucket.items()}


def _figures(part: list[Row]) -> list[float]:
    figures: list[float] = [len(part)]
    for column in (3, 4, 5):
        values = np.array([row[column] for row in part])
        figures += [values.min(), values.mean(), values.max()]
    return figures


async def rolled_up(
    pg: "asyncpg.Connection[asyncpg.Record]",
) -> dict[tuple[Any, ...], tuple[float, ...]]:
    rows = await pg.fetch("SELECT * FROM telemetry_rollups_5m")
    names = ["count"] + [
        f"{what}_{of}"
        for of in ("current", "voltage", "power")
        for what in ("min", "avg", "max")
    ]
    return {
        (row["device_id"], row["phase"], row["bucket_start_ts"]): tuple(
            row[name] for name in names
        )
        for row in rows
    }


async def versions(pg: "asyncpg.Connection[asyncpg.Record]") -> set[tuple[Any, ...]]:
    rows = await pg.fetch("SELECT ctid::text, xmin::text FROM telemetry_rollups_5m")
    return {tuple(row) for row in rows}


async def roll_up() -> None:
    await sync_to_async(rollup)(at=AT)


def same(
    found: dict[tuple[Any, ...], tuple[float, ...]],
    wanted: dict[tuple[Any, ...], tuple[float, ...]],
) -> bool:
    return found.keys() == wanted.keys() and all(
        found[key] == pytest.approx(wanted[key]) for key in wanted
    )


@pytest.fixture
def days(database: None) -> None:
    partitions_ahead(at=START, days=2)


async def test_buckets_hold_least_mean_and_greatest(
    days: None, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    rows = readings(600)
    await store(pg, rows)
    await roll_up()
    assert same(await rolled_up(pg), expected(rows))
    assert await pg.fetchval("SELECT count(*) FROM telemetry_rollup_due") == 0


async def test_order_pieces_and_repetition_do_not_matter(
    days: None, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    rows = readings(600)
    shuffled = random.Random(1).sample(rows, len(rows))  # noqa: S311
    for n in range(7):
        await store(pg, shuffled[n::7])
        if n % 2:
            await roll_up()
    await store(pg, shuffled[:100])
    await roll_up()
    assert same(await rolled_up(pg), expected(rows))


async def test_a_late_reading_changes_its_bucket_and_no_other(
    days: None, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    rows = readings(300)
    await store(pg, rows)
    await roll_up()
    before = await versions(pg)
    late = (2, "", START + timedelta(seconds=1), 99.0, 230.0, 99 * 230.0)
    await store(pg, [late])
    await roll_up()
    assert same(await rolled_up(pg), expected([*rows, late]))
    assert len(before - await versions(pg)) <= 1


async def test_only_one_rolls_up_at_a_time(
    days: None, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await store(pg, readings(10))
    async with pg.transaction():
        await pg.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        with pytest.raises(RollupRunning):
            await sync_to_async(rollup_step)(at=AT)
    await roll_up()
    assert await rolled_up(pg)


async def test_a_rollup_that_fails_takes_nothing(
    days: None, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await store(pg, readings(10))

    def broken() -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE telemetry_rollups_5m RENAME TO hidden")
        try:
            rollup_step(at=AT)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE hidden RENAME TO telemetry_rollups_5m")

    with pytest.raises(ProgrammingError, match="telemetry_rollups_5m"):
        await sync_to_async(broken)()
    assert await pg.fetchval("SELECT count(*) FROM telemetry_rollup_due") == 1
    await roll_up()
    assert await rolled_up(pg)
