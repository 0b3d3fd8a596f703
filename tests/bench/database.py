"""The limit below us: asyncpg alone, the same rows, the same table, the same key."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

COLUMNS = (
    "device_id", "phase", "ts", "current", "voltage", "power", "sampling_ms",
    "power_factor", "frequency", "temperature", "energy_wh", "flags",
)  # fmt: skip
BATCH = 1_000
_TEMPORARY = """CREATE TEMPORARY TABLE staged (LIKE power_records INCLUDING DEFAULTS)
    ON COMMIT DELETE ROWS"""
_MOVE = "INSERT INTO power_records SELECT * FROM staged ON CONFLICT DO NOTHING"

Row = tuple[Any, ...]


def rows(device_id: int, start: datetime, count: int) -> list[Row]:
    """Make a device's rows, 60 ms apart."""
    step = timedelta(milliseconds=60)
    return [
        (device_id, "", start + n * step, 5.2, 230.1, 5.2 * 230.1, 1000,
         None, None, None, None, None)
        for n in range(count)
    ]  # fmt: skip


async def _copy(
    connection: "asyncpg.Connection[asyncpg.Record]", batch: list[Row]
) -> None:
    await connection.copy_records_to_table(
        "power_records", records=batch, columns=COLUMNS
    )


async def _staged(
    connection: "asyncpg.Connection[asyncpg.Record]", batch: list[Row]
) -> None:
    async with connection.transaction():
        await connection.copy_records_to_table("staged", records=batch, columns=COLUMNS)
        await connection.execute(_MOVE)


async def rate(host: str, *, raw: bool, start: datetime, batches: int = 150) -> float:
    """Return rows/s of two connections: COPY and ON CONFLICT, or raw COPY."""

    async def work(number: int) -> None:
        connection = await asyncpg.connect(
            host=host, user="powerdash", database="power_dashboard"
        )
        await connection.execute(_TEMPORARY)
        made = [
            rows(1_000_000 + number, start + timedelta(minutes=n), BATCH)
            for n in range(batches)
        ]
        ready.release()
        await go.wait()
        for batch in made:
            await (_copy if raw else _staged)(connection, batch)
        await connection.close()

    ready, go = asyncio.Semaphore(0), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in (1, 2):
            group.create_task(work(number))
        for _ in (1, 2):
            await ready.acquire()
        began = time.perf_counter()
        go.set()
    return 2 * batches * BATCH / (time.perf_counter() - began)


async def prefill(host: str, count: int) -> None:
    """Put readings of other devices into the table: an empty one flatters."""
    connection = await asyncpg.connect(
        host=host, user="powerdash", database="power_dashboard"
    )
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    await connection.execute("SELECT power_records_partition_ensure($1, $1)", start)
    for number in range(count // 100_000):
        await _copy(connection, rows(2_000_000 + number, start, 100_000))
    await connection.execute("VACUUM ANALYZE power_records")
    await connection.close()
