"""Test that a compressed day answers as it did before, and takes what comes late."""

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from powerdash import settings
from powerdash.accounts.services import organization_create
from powerdash.devices.services import device_register
from powerdash.lib import postgres
from powerdash.telemetry.exporting.rows import ExportQuery, batches
from powerdash.telemetry.quantities import QUANTITIES
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.selectors import count, records, spans
from powerdash.telemetry.series import SeriesQuery, series
from powerdash.telemetry.services import chunks, swap
from powerdash.telemetry.services.chunks import Outcome, compress, compress_plan
from powerdash.telemetry.services.retention import Fate, retention_apply
from powerdash.telemetry.services.rollups import rollup
from powerdash.telemetry.services.rules import hold_set
from powerdash.telemetry.verify import verify
from tests.ladder import (
    Given,
    Pg,
    differences,
    insert,
    ladder,
    no_partitions,
    stored,
)

DAY = timedelta(days=1)
START = datetime(2026, 11, 2, tzinfo=UTC)
ARRIVED = START + 3 * DAY
AT = START + 4 * DAY + timedelta(hours=2)
DAYS = [f"2026110{day}" for day in (2, 3, 4)]


@dataclass
class Fleet:
    """Three meters with three days of readings, one of them of two phases."""

    pg: Pg
    organization_id: int
    device_ids: list[int]
    readings: list[Given]

    async def bring(self, *given: Given, at: datetime = ARRIVED) -> None:
        self.readings += given
        await insert(self.pg, given)
        await know_newest(self.pg)
        await sync_to_async(rollup)(at=at)

    async def compress(self, at: datetime = AT) -> dict[str, Outcome]:
        found = await sync_to_async(compress)(at=at)
        return {each.range.name[-8:]: each.outcome for each in found}

    async def tables(self, of: str) -> list[str]:
        rows = await self.pg.fetch(
            "SELECT right(inhrelid::regclass::text, 8) FROM pg_inherits"
            " WHERE inhparent = $1::text::regclass ORDER BY 1",
            of,
        )
        return [row[0] for row in rows if row[0] in DAYS]

    async def check(self) -> None:
        """Compare every tier with what numpy makes of all readings."""
        for tier, buckets in ladder(set(self.readings)).items():
            found = await stored(self.pg, tier, self.device_ids)
            assert differences(found, buckets) == []
        assert (await sync_to_async(verify)()).differences == []
        assert await sync_to_async(count)() == len(set(self.readings))


@pytest_asyncio.fixture
async def fleet(pg: Pg, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setattr(chunks, "CHUNK", 50)
    await no_partitions(pg)
    organization = await sync_to_async(organization_create)(
        slug="campus", name="Campus", at=START
    )
    ids = []
    for name in ("Feeder", "Pump", "Lift"):
        made = await sync_to_async(device_register)(
            organization_id=organization.pk, name=name, at=START
        )
        ids.append(made.device.pk)
    chance = random.Random(5)  # noqa: S311
    made_up = [
        Given(
            device_id, phase, START + timedelta(minutes=7 * n, milliseconds=n % 3),
            chance.randint(0, 30_000) / 1000, chance.uniform(220, 240), 420_000,
            *(chance.choice([None, chance.randint(-8, 8) / 8]) for _ in range(3)),
        )
        for n in range(3 * 205)
        for device_id, phase in zip(ids[:1] + ids, ("L1", "L2", "", ""), strict=True)
        if not 100 < n < 120
    ]  # fmt: skip
    fleet = Fleet(pg, organization.pk, ids, [])
    await fleet.bring(*made_up)
    return fleet


async def know_newest(pg: Pg) -> None:
    await pg.execute(
        "INSERT INTO telemetry_latest AS l (device_id, phase, ts, current, voltage,"
        " power) SELECT device_id, phase, max(ts), 1, 1, 1 FROM power_records"
        " GROUP BY 1, 2 ON CONFLICT (device_id, phase) DO UPDATE"
        " SET ts = greatest(l.ts, excluded.ts)"
    )


def answers(fleet: Fleet) -> list[Any]:
    """Ask everything that reads readings."""
    found: list[Any] = [spans(fleet.device_ids)]
    ranges = [
        (START, START + 3 * DAY),
        (START + timedelta(hours=3), START + 1.4 * DAY),
        (START + 1.9 * DAY, START + 9 * DAY),
        (START + timedelta(minutes=7), START + timedelta(minutes=7, microseconds=1)),
    ]
    for since, until in ranges:
        found.append(count(since=since, until=until))
        found.extend(
            records(device_id=device_id, since=since, until=until, limit=limit)
            for device_id in fleet.device_ids
            for limit in (1, 60, 5_000)
        )
        query = SeriesQuery(
            since, until, [QUANTITIES["power_w"]], max_points=80, at=until
        )
        for tier in (None, Tier.RAW, Tier.FIVE_MINUTES):
            asked = SeriesQuery(
                since, until, query.quantities, query.max_points, until, tier
            )
            found.extend(series(device_id=i, query=asked) for i in fleet.device_ids)
        export = ExportQuery(fleet.organization_id, Tier.RAW, since, until)
        found.append([row for piece in batches(export) for row in piece])
    return found


async def test_a_compressed_day_answers_as_before(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerdash.telemetry.exporting.rows.ROWS_AT_ONCE", 64)
    # A meter's own word on power, and what else it said, are kept too.
    await fleet.pg.execute(
        'UPDATE power_records SET power = power + 1, flags = \'{"relay": "on"}\','
        " energy_wh = 7 WHERE device_id = $1 AND ts < $2",
        fleet.device_ids[1],
        START + timedelta(hours=9),
    )
    before = await sync_to_async(answers)(fleet)
    assert await fleet.compress() == dict.fromkeys(DAYS, Outcome.COMPRESSED)
    assert await fleet.tables("power_records") == []
    assert await fleet.tables("power_chunks") == DAYS
    assert await fleet.compress() == {}
    for now, then in zip(await sync_to_async(answers)(fleet), before, strict=True):
        assert now == then


async def test_late_readings_repair_what_is_rolled_up_and_join_the_chunks(
    fleet: Fleet,
) -> None:
    await fleet.compress()
    late = [
        Given(fleet.device_ids[0], "L1", START + timedelta(seconds=s), 9.0, 231.0)
        for s in (30, 42_090, 86_370, 172_890)
    ]
    await fleet.bring(*late, at=AT)
    await fleet.check()
    assert await fleet.tables("power_records") == ["20261102", "20261104"]
    soon = AT + timedelta(minutes=59)
    arrived = dict.fromkeys(["20261102", "20261104"], Outcome.ARRIVED)
    assert await fleet.compress(soon) == arrived
    await fleet.compress(AT + timedelta(hours=2))
    assert await fleet.tables("power_records") == []
    await fleet.check()
    # Chunks are full again but for the last of each device, and in order.
    rows = await fleet.pg.fetch("SELECT first_ts, last_ts, count, ts FROM power_chunks")
    for row in rows:
        assert row["ts"] == sorted(set(row["ts"]))
        first, *_, last = row["ts"]
        assert (first, last) == (row["first_ts"], row["last_ts"])
        assert len(row["ts"]) == row["count"] <= 50


async def test_a_phase_heard_first_on_a_compressed_day(fleet: Fleet) -> None:
    await fleet.compress()
    new = Given(fleet.device_ids[2], "L9", START + timedelta(hours=1), 3, 230)
    await fleet.bring(new, at=AT)
    await fleet.compress(AT + DAY)
    await fleet.check()


async def test_what_is_open_due_or_just_arrived_stays_in_rows(fleet: Fleet) -> None:
    assert await fleet.compress(START + 2.02 * DAY) == {}
    open_until = START + 2 * DAY + timedelta(hours=1)
    assert list(await fleet.compress(open_until)) == ["20261102"]
    reading = Given(fleet.device_ids[0], "L1", START + 1.5 * DAY, 3, 230)
    await insert(fleet.pg, [reading])
    found = await sync_to_async(compress_plan)(at=AT)
    assert found[1].outcome is Outcome.NOT_ROLLED_UP
    assert found[0].outcome is Outcome.COMPRESSED


async def test_never_is_a_setting(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "COMPRESS_AFTER_DAYS", 0)
    assert await fleet.compress(START + 400 * DAY) == {}
    monkeypatch.setattr(settings, "COMPRESS_AFTER_DAYS", 3)
    assert list(await fleet.compress()) == ["20261102"]


async def test_somebody_who_reads_is_waited_for(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerdash.telemetry.services.swap.LOCK_TIMEOUT", "50ms")
    async with fleet.pg.transaction():
        await fleet.pg.fetchval("SELECT count(*) FROM power_records")
        assert await fleet.compress() == dict.fromkeys(DAYS, Outcome.BUSY)
    await fleet.check()
    assert set((await fleet.compress()).values()) == {Outcome.COMPRESSED}
    await fleet.check()


async def test_readings_that_come_while_a_day_is_compressed_are_kept(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Given(fleet.device_ids[1], "", START + timedelta(hours=5, seconds=9), 3, 230)
    keep_out_alone = swap.keep_out

    def keep_out(cursor: Any, *tables: str) -> None:
        _insert_apart(late)  # just before the lock is had
        keep_out_alone(cursor, *tables)

    monkeypatch.setattr(chunks, "keep_out", keep_out)
    found = await fleet.compress()
    assert found["20261102"] is Outcome.BUSY
    monkeypatch.undo()
    fleet.readings.append(late)
    await sync_to_async(rollup)(at=AT)
    await fleet.check()


def _insert_apart(reading: Given) -> None:
    async def run() -> None:
        connection = await postgres.connect("late writer")
        try:
            await insert(connection, [reading])
        finally:
            await connection.close()

    asyncio.run(run())


async def test_retention_drops_and_thins_chunks(fleet: Fleet) -> None:
    await fleet.compress()
    await sync_to_async(hold_set)(device_id=fleet.device_ids[1], held=True, at=AT)
    at = START + 10.5 * DAY
    await fleet.pg.execute("SELECT events_partition_ensure($1)", at)
    found = await sync_to_async(retention_apply)(at=at)
    assert [(part.range.name, part.fate) for part in found] == [
        (f"power_chunks_{day}", Fate.THINNED) for day in DAYS
    ]
    assert sum(int(part.range.rows) for part in found) == len(fleet.readings)
    whose = await fleet.pg.fetch("SELECT DISTINCT device_id FROM power_chunks")
    assert [row[0] for row in whose] == [fleet.device_ids[1]]
    await sync_to_async(hold_set)(device_id=fleet.device_ids[1], held=False, at=AT)
    await sync_to_async(retention_apply)(at=at)
    assert await fleet.tables("power_chunks") == []


async def test_late_rows_of_a_day_that_went_go_too(fleet: Fleet) -> None:
    await fleet.compress()
    for at in (START + 30 * DAY, START + 60 * DAY):
        late = Given(fleet.device_ids[0], "L1", START + 1.5 * DAY, 3, 230)
        await insert(fleet.pg, [late])
        await sync_to_async(rollup)(at=at)
        await fleet.pg.execute("SELECT events_partition_ensure($1)", at + 8 * DAY)
        await sync_to_async(retention_apply)(at=at + 8 * DAY)
        assert await fleet.tables("power_chunks") == []
        assert await fleet.tables("power_records") == []


async def test_late_rows_get_a_partition_of_the_bounds_of_their_chunks(
    fleet: Fleet,
) -> None:
    await fleet.compress()
    ensure = "SELECT power_records_partition_ensure($1, $2)"
    # A month of an old import, compressed; and a month of days that is old by now.
    await fleet.pg.execute(ensure, START - 400 * DAY, AT)
    old = Given(fleet.device_ids[0], "L1", START - 400 * DAY, 3, 230)
    await fleet.bring(old)
    await fleet.compress()
    for day in (START - 400 * DAY, START + DAY):
        await fleet.pg.execute(ensure, day, START + 900 * DAY)
    names = await fleet.pg.fetch(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = 'power_records'::regclass ORDER BY 1"
    )
    assert [row[0] for row in names] == [
        "power_records_202509",
        "power_records_20261103",
    ]
    with pytest.raises(asyncpg.CheckViolationError):
        await fleet.pg.execute(
            "INSERT INTO power_records (device_id, ts, current, voltage, power)"
            " VALUES (1, $1, 1, 1, 1)",
            START,
        )
