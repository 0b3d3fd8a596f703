"""Test that reads of readings tell active power, gaps and the right range."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from asgiref.sync import sync_to_async

from powerdash.telemetry import selectors
from powerdash.telemetry.services.partitions import partitions_ahead

START = datetime(2026, 1, 30, tzinfo=UTC)
INSERT = """INSERT INTO power_records
    (device_id, phase, ts, current, voltage, power, power_factor)
    VALUES ($1, $2, $3, $4::float8, $5::float8, $4::float8 * $5::float8, $6)"""


@pytest.fixture
async def hour(pg: "asyncpg.Connection[asyncpg.Record]") -> None:
    """An hour of a device with two phases, a power factor of 0.5 on one of them."""
    await sync_to_async(partitions_ahead)(at=START, days=2)
    await pg.executemany(
        INSERT,
        [
            (1, phase, START + timedelta(minutes=n), 2.0, 100.0 + n, factor)
            for phase, factor in (("L1", 0.5), ("L2", None))
            for n in range(60)
        ],
    )
    await pg.executemany(
        "INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)"
        " VALUES (1, $1, $2, 2, 159, 318)",
        [(phase, START + timedelta(minutes=59)) for phase in ("L1", "L2")],
    )


async def test_records_are_the_newest_of_all_phases_in_the_range(hour: None) -> None:
    found = await sync_to_async(selectors.records)(
        device_id=1,
        since=START,
        until=START + timedelta(minutes=30),
        limit=3,
    )
    assert [(row["ts"].minute, row["phase"]) for row in found] == [
        (29, "L1"),
        (29, "L2"),
        (28, "L1"),
    ]


async def test_count_is_of_a_device_and_a_range(hour: None) -> None:
    count = sync_to_async(selectors.count)
    assert await count() == 120
    assert await count(device_id=2) == 0
    assert await count(device_id=1, since=START + timedelta(minutes=30)) == 60
    assert await count(until=START + timedelta(minutes=1)) == 2


async def test_span_is_from_the_first_to_the_last(hour: None) -> None:
    assert (await sync_to_async(selectors.spans)([1, 2]))[1] == (
        START,
        START + timedelta(minutes=59),
    )
    assert await sync_to_async(selectors.spans)([2]) == {}
