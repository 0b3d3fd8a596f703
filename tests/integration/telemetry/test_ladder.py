"""Test that every tier equals a full recomputation, whatever happened on the way."""

import asyncio
import itertools
import random
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powerdash.accounts.services import organization_create
from powerdash.devices.services import device_register
from powerdash.telemetry.services.devices import device_update
from powerdash.telemetry.services.rollups import rollup, rollup_step
from tests.ladder import Given, Pg, differences, insert, ladder, stored

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
# Around the end of summer time in Europe: a day of 25 hours.
START = datetime(2026, 10, 24, 20, tzinfo=UTC)
_numbers = itertools.count(1)


async def check(
    pg: Pg, readings: Sequence[Given], zone: str = "UTC", hold_s: float = 120
) -> None:
    wanted = ladder(set(readings), zone, hold_s)
    devices = {reading.device_id for reading in readings}
    for tier, buckets in wanted.items():
        assert differences(await stored(pg, tier, devices), buckets) == []


def irregular(device_id: int, count: int, seed: int = 7) -> list[Given]:
    """A meter of uneven sampling, with silences and now and then a power factor."""
    chance = random.Random(seed)  # noqa: S311
    ts = START
    found = []
    for n in range(count):
        ts += timedelta(seconds=chance.choice([1, 10, 60, 90, 119, 121, 700, 4000]))
        found.append(
            Given(
                device_id,
                chance.choice(["L1", "L2"]),
                ts,
                chance.uniform(0, 30),
                chance.uniform(220, 240),
                chance.choice([1000, 60_000, 900_000]),
                *(chance.choice([None, chance.randint(-8, 8) / 8]) for _ in range(3)),
            )
        )
        if n % 50 == 0:
            ts += timedelta(hours=9)
    return found


@st.composite
def shuffled(draw: st.DrawFn) -> list[list[tuple[int, int]]]:
    """Pieces of (place, second), of readings around borders of buckets and hours."""
    seconds = draw(
        st.lists(
            st.one_of(st.integers(0, 900), st.integers(3480, 3720)),
            min_size=1, max_size=40, unique=True,
        )
    )  # fmt: skip
    order = draw(st.permutations(list(enumerate(sorted(seconds)))))
    size = draw(st.integers(1, len(order)))
    repeated = order + draw(st.lists(st.sampled_from(order), max_size=5))
    return [repeated[n : n + size] for n in range(0, len(repeated), size)]


@given(shuffled())
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_order_pieces_and_repetition_do_not_matter(
    pg: Pg, pieces: list[list[tuple[int, int]]]
) -> None:
    device_id = next(_numbers)
    everything: list[Given] = []
    for piece in pieces:
        readings = [
            Given(device_id, "", START + timedelta(seconds=s), 1.0 + n, 230.0)
            for n, s in piece
        ]
        await insert(pg, readings)
        everything += readings
        await sync_to_async(rollup)(at=AT)
    await check(pg, everything)


async def test_a_reading_speaks_for_the_time_since_the_last_but_for_no_silence(
    pg: Pg,
) -> None:
    every = [0, 1, 61, 181, 302, 2102, 3903]
    sampling = [1000, 1000, 1000, 1000, 1000, 900_000, 900_000]
    readings = [
        Given(1, "", START + timedelta(seconds=s), 10.0, 100.0, ms)
        for s, ms in zip(every, sampling, strict=True)
    ]
    await insert(pg, readings)
    await sync_to_async(rollup)(at=AT)
    found = await stored(pg, "5m", [1])
    covered = [figures["covered_s"] for _, figures in sorted(found.items())]
    # 1 + 1 + 60 + 120; a silence of 121 s; 1,800 s; a silence of 1,801 s
    assert covered == [182, 1, 1800, 900]
    await check(pg, readings)


async def test_irregular_meters_in_a_zone_with_summer_time(pg: Pg) -> None:
    organization = await sync_to_async(organization_create)(
        slug="campus", name="Campus", timezone="Europe/Berlin", at=AT
    )
    device = await sync_to_async(device_register)(
        organization_id=organization.pk, name="Feeder", at=AT
    )
    readings = irregular(device.device.pk, 800)
    for n in range(7):
        await insert(pg, random.Random(n).sample(readings, 300))  # noqa: S311
        if n % 2:
            await sync_to_async(rollup)(at=AT)
    await insert(pg, readings)
    await sync_to_async(rollup)(at=AT)
    await check(pg, readings, "Europe/Berlin")
    lengths = {key[2] for key in await stored(pg, "1d", [device.device.pk])}
    assert datetime(2026, 10, 24, 22, tzinfo=UTC) in lengths  # midnight, summer time
    assert datetime(2026, 10, 25, 23, tzinfo=UTC) in lengths  # 25 hours later


async def test_a_zone_of_half_hours_has_its_days_too(pg: Pg) -> None:
    organization = await sync_to_async(organization_create)(
        slug="campus", name="Campus", timezone="Asia/Kolkata", at=AT
    )
    device = await sync_to_async(device_register)(
        organization_id=organization.pk, name="Feeder", at=AT
    )
    readings = irregular(device.device.pk, 300)
    await insert(pg, readings)
    await sync_to_async(rollup)(at=AT)
    await check(pg, readings, "Asia/Kolkata")


async def test_a_late_reading_repairs_every_tier_and_touches_no_other(pg: Pg) -> None:
    readings = irregular(1, 400)
    await insert(pg, readings)
    await sync_to_async(rollup)(at=AT)
    before = {tier: await versions(pg, tier) for tier in ("5m", "1h", "1d")}
    late = Given(1, "L1", readings[200].ts + timedelta(milliseconds=1), 99.0, 230.0)
    await insert(pg, [late])
    await sync_to_async(rollup)(at=AT)
    await check(pg, [*readings, late])
    for tier, old in before.items():
        # Its bucket, and that of the reading after it, which now speaks for less.
        assert len(old - await versions(pg, tier)) <= 2


async def versions(pg: Pg, tier: str) -> set[tuple[object, ...]]:
    rows = await pg.fetch(
        f"SELECT tableoid, ctid::text, xmin::text FROM telemetry_rollups_{tier}"  # noqa: S608
    )
    return {tuple(row) for row in rows}


async def test_a_bucket_that_outlived_its_readings_stays(pg: Pg) -> None:
    readings = [
        Given(1, "", START + timedelta(seconds=n), 5.0, 230.0) for n in range(60)
    ]
    await insert(pg, readings)
    await sync_to_async(rollup)(at=AT)
    await pg.execute("DELETE FROM power_records WHERE device_id = 1")
    await insert(pg, [Given(1, "", START + timedelta(seconds=70), 5.0, 230.0)])
    await sync_to_async(rollup)(at=AT)
    await check(pg, readings)


async def test_the_newest_reading_is_told_though_its_door_was_killed(pg: Pg) -> None:
    readings = irregular(1, 200)
    await insert(pg, readings)
    await pg.execute(
        "INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)"
        " SELECT device_id, phase, min(ts), 0, 0, 0 FROM power_records GROUP BY 1, 2"
    )
    await sync_to_async(rollup)(at=AT)
    rows = await pg.fetch(
        "SELECT l.ts, r.ts AS newest, l.current = r.current AS is_it"
        " FROM telemetry_latest l CROSS JOIN LATERAL (SELECT * FROM power_records p"
        " WHERE p.phase = l.phase ORDER BY p.ts DESC LIMIT 1) r"
    )
    assert rows
    assert all(row["ts"] == row["newest"] and row["is_it"] for row in rows)


@pytest.mark.parametrize("cut", [1, 3, 10])
async def test_long_work_is_done_in_steps(
    pg: Pg, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerdash.telemetry.services.rollups.ENTRIES_AT_ONCE", cut)
    readings = irregular(1, 200)
    for n in range(20):
        await insert(pg, readings[n::20])
    steps: list[int] = []
    await sync_to_async(rollup)(
        at=AT, progress=lambda done: steps.append(sum(done.values()))
    )
    assert len(steps) > 5
    assert steps == sorted(steps)
    await check(pg, readings)


async def feeder(pg: Pg) -> tuple[int, list[Given]]:
    """Return a device that is heard each minute, and its readings with silences."""
    organization = await sync_to_async(organization_create)(
        slug="campus", name="Campus", at=AT
    )
    made = await sync_to_async(device_register)(
        organization_id=organization.pk, name="Feeder", heartbeat_interval_s=60, at=AT
    )
    readings = irregular(made.device.pk, 300)
    await insert(pg, readings)
    return made.device.pk, readings


async def test_a_heartbeat_that_changes_beside_a_rollup(pg: Pg) -> None:
    """Waits for it, then all its buckets are due again."""
    device_id, readings = await feeder(pg)
    stepped, go_on = threading.Event(), threading.Event()

    def roll_up() -> None:
        with transaction.atomic():
            rollup_step(at=AT)
            stepped.set()
            go_on.wait(20)
        connection.close()

    rolling = threading.Thread(target=roll_up)
    rolling.start()
    await asyncio.to_thread(stepped.wait, 20)
    change = asyncio.create_task(
        sync_to_async(device_update)(
            device_id=device_id, heartbeat_interval_s=3600, at=AT
        )
    )
    await asyncio.sleep(0.3)
    go_on.set()
    await change
    await asyncio.to_thread(rolling.join)
    await sync_to_async(rollup)(at=AT)
    await check(pg, readings, hold_s=3600)


async def test_a_longer_heartbeat_is_a_longer_silence_also_of_the_past(pg: Pg) -> None:
    device_id, readings = await feeder(pg)
    await sync_to_async(rollup)(at=AT)
    await check(pg, readings)
    for seconds in (3600, 120):
        await sync_to_async(device_update)(
            device_id=device_id, heartbeat_interval_s=seconds, at=AT
        )
        await sync_to_async(rollup)(at=AT)
        await check(pg, readings, hold_s=seconds)
    await sync_to_async(device_update)(device_id=device_id, name="F", at=AT)
    assert await pg.fetchval("SELECT count(*) FROM telemetry_rollup_due") == 0
