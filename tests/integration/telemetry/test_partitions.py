"""Test that partitions are made once, whoever asks and however many at once."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg

from powerdash.lib import postgres

# Years that no other test has readings of: partitions outlive a test.
TODAY = datetime(2041, 1, 31, 12, tzinfo=UTC)
ENSURE = "SELECT power_records_partition_ensure($1, $2)"


async def names(pg: "asyncpg.Connection[asyncpg.Record]", like: str) -> list[str]:
    rows = await pg.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = 'power_records'::regclass"
        " AND inhrelid::regclass::text LIKE $1 ORDER BY 1",
        like,
    )
    return [row["name"] for row in rows]


async def test_recent_days_get_their_own_old_ones_their_months(
    pg: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    for day in (TODAY, TODAY - timedelta(days=29), TODAY - timedelta(days=1000)):
        await pg.execute(ENSURE, day, TODAY)
    assert await names(pg, "%2041010%") == ["power_records_20410102"]
    assert await names(pg, "%20410131") == ["power_records_20410131"]
    assert await names(pg, "%203805%") == ["power_records_203805"]


async def test_a_month_that_has_days_gets_another_day(
    pg: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    then = datetime(2037, 3, 5, tzinfo=UTC)
    await pg.execute(ENSURE, then, then)
    await pg.execute(ENSURE, then + timedelta(days=1), TODAY)
    assert await names(pg, "%203703%") == [
        "power_records_20370305",
        "power_records_20370306",
    ]


async def test_many_who_ask_at_once_all_succeed(
    pg: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    connections = [await postgres.connect(f"asker {n}") for n in range(6)]
    for month in range(1, 13):
        when = datetime(2036, month, 1, tzinfo=UTC)
        await asyncio.gather(*(c.execute(ENSURE, when, TODAY) for c in connections))
    await asyncio.gather(*(c.close() for c in connections))
    assert len(await names(pg, "%2036%")) == 12
