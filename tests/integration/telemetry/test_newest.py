"""Test that readings newer than the rollups are read beside them, and no others."""

from datetime import timedelta

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.services.rollups import rollup
from tests.feeder import AT, LENGTH, MINUTE, START, asked, feeder, know_newest, known
from tests.ladder import Given, Pg, insert


@pytest_asyncio.fixture
async def device_id(pg: Pg) -> int:
    return await feeder(pg)


async def test_what_is_not_rolled_up_yet_is_read_from_readings(
    device_id: int, pg: Pg
) -> None:
    last = START + LENGTH
    fresh = [
        Given(device_id, "L1", last + n * MINUTE, 20.0, 230.0, 60_000, 0.5)
        for n in range(8)
    ]
    await insert(pg, fresh)
    await know_newest(pg)
    for tier in (Tier.FIVE_MINUTES, Tier.HOUR):
        found = await asked(device_id, hours=73, tier=tier, fields=["current_a"])
        assert known(found.phases[0], "current_a", "max")[-1] == 20.0
        assert found.watermark == last + 7 * MINUTE
    before = await asked(
        device_id, hours=73, tier=Tier.FIVE_MINUTES, fields=["energy_wh"]
    )
    await sync_to_async(rollup)(at=AT)
    after = await asked(
        device_id, hours=73, tier=Tier.FIVE_MINUTES, fields=["energy_wh"]
    )
    assert before.phases[0].values["energy_wh"]["avg"] == pytest.approx(
        after.phases[0].values["energy_wh"]["avg"]
    )


async def test_readings_that_wait_for_their_rollup_are_no_silence(
    device_id: int, pg: Pg
) -> None:
    """Of half a day they are read beside the rollups; of more the watermark tells."""
    rest = [
        Given(device_id, phase, START + LENGTH + n * MINUTE, 5.0, 230.0, 60_000)
        for n in range(2 * 1440)
        for phase in ("L1", "L2")
    ]
    for hours, is_read in ((12, True), (48, False)):
        await insert(pg, rest[: hours * 120])
        await know_newest(pg)
        newest = START + LENGTH + timedelta(hours=hours) - MINUTE
        for tier in (Tier.FIVE_MINUTES, Tier.HOUR, Tier.DAY):
            end = START + LENGTH + timedelta(hours=hours)
            found = await asked(device_id, since=START + LENGTH, until=end, tier=tier)
            shares = {phase.completeness for phase in found.phases}
            if is_read and tier is not Tier.DAY:
                assert shares == {1.0}
                assert found.watermark == newest
            else:
                assert shares == {0.0}
                assert found.watermark is None
            found = await asked(device_id, since=START, until=end, tier=tier)
            seen = is_read and tier is not Tier.DAY
            assert found.watermark is not None
            assert (found.watermark == newest) is seen
            assert seen or found.watermark <= START + LENGTH


async def test_rollups_tell_the_end_when_its_readings_are_gone(
    device_id: int, pg: Pg
) -> None:
    """Of phases that fell silent in turn: no reading is wanted beside the rollups."""
    later = [
        Given(device_id, "L1", START + LENGTH + n * MINUTE, 5.0, 230.0, 60_000)
        for n in range(100)
    ]
    await insert(pg, later)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)

    async def energies() -> list[float]:
        return [
            sum(known(phase, "energy_wh", "avg"))
            for tier in (Tier.FIVE_MINUTES, Tier.HOUR, Tier.DAY)
            for phase in (
                await asked(device_id, hours=96, tier=tier, fields=["energy_wh"])
            ).phases
        ]

    before = await energies()
    await pg.execute("DELETE FROM power_records")
    await pg.execute(
        "INSERT INTO telemetry_dropped"
        " VALUES (DEFAULT, 'raw', $1, $2, '{}', now(), 10000)",
        START - LENGTH, START + 3 * LENGTH,
    )  # fmt: skip
    assert await energies() == pytest.approx(before)


async def test_a_bucket_of_which_a_part_waits_is_read_whole(
    device_id: int, pg: Pg
) -> None:
    """However far the rollup is behind, and whatever the other phases do."""
    start = START + LENGTH
    late = [
        Given(device_id, phase, start + n * MINUTE, 10.0, 100.0, 60_000)
        for n in range(240)
        for phase in ("L1", "L2")
        if phase == "L1" or n < 30
    ]
    await insert(pg, [reading for reading in late if reading.ts < start + 4 * MINUTE])
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    for minutes in (30, 185, 205, 240):
        await insert(pg, [r for r in late if r.ts < start + minutes * MINUTE])
        await know_newest(pg)
        for tier in (Tier.RAW, Tier.FIVE_MINUTES, Tier.HOUR):
            found = await asked(
                device_id, since=start, until=start + minutes * MINUTE, tier=tier,
                fields=["energy_wh"],
            )  # fmt: skip
            energy = sum(known(found.phases[0], "energy_wh", "avg"))
            # L1 has a power factor of a half before, none here.
            assert energy == pytest.approx(1000 * minutes / 60)


async def test_one_that_speaks_again_is_seen_at_once(device_id: int, pg: Pg) -> None:
    again = START + LENGTH + timedelta(days=3)
    await insert(
        pg,
        [
            Given(device_id, "L1", again + n * MINUTE, 5.0, 230.0, 60_000)
            for n in range(60)
        ],
    )
    await know_newest(pg)
    for tier in (Tier.FIVE_MINUTES, Tier.HOUR):
        found = await asked(
            device_id, since=again, until=again + timedelta(hours=1), tier=tier
        )
        assert found.phases[0].completeness == 1.0
        assert found.watermark == again + 59 * MINUTE
        whole = await asked(device_id, until=again + timedelta(hours=1), tier=tier)
        assert whole.watermark == found.watermark
        assert None in whole.phases[0].values["power_w"]["avg"]
    await pg.execute("DELETE FROM telemetry_rollups_5m")
    none = await asked(
        device_id, until=again + timedelta(hours=1), tier=Tier.FIVE_MINUTES
    )
    assert (none.watermark, none.phases[0].ts) == (None, [])


async def test_a_first_reading_after_long_silence_is_read_beside_the_rollups(
    device_id: int, pg: Pg
) -> None:
    newest = await pg.fetchval("SELECT max(ts) FROM power_records")
    at = newest + timedelta(hours=9)
    await insert(pg, [Given(device_id, "L1", at, 5.0, 230.0)])
    await know_newest(pg)
    found = await asked(
        device_id, since=newest, until=at + timedelta(hours=1), tier=Tier.FIVE_MINUTES
    )
    assert (
        max(phase.ts[-1] for phase in found.phases if phase.ts) >= at.timestamp() - 300
    )


async def test_the_newest_bucket_is_the_same_before_and_after_the_next(
    pg: Pg,
) -> None:
    """Of a device whose interval is longer than what silence is: one was missed."""
    device_id = await feeder(pg)
    start, step = START + timedelta(days=5), timedelta(minutes=15)
    rows = [
        Given(device_id, "L1", start + n * step, 10.0, 100.0, 900_000)
        for n in (*range(9), 10, 11)
    ]
    until = start + 10 * step + MINUTE

    async def energies(tier: Tier) -> list[float | None]:
        found = await asked(
            device_id, since=start, until=until, tier=tier, fields=["energy_wh"]
        )
        return found.phases[0].values["energy_wh"]["avg"]

    told = {}
    for count in (10, 11):
        await insert(pg, rows[:count])
        await know_newest(pg)
        await sync_to_async(rollup)(at=AT)
        told[count] = [await energies(Tier.RAW), await energies(Tier.FIVE_MINUTES)]
    [raw, before], [_, after] = told[10], told[11]
    assert raw == before == after
    assert before[-1] == pytest.approx(500.0)


async def test_days_tell_up_to_where_they_are_rolled_up(device_id: int, pg: Pg) -> None:
    waiting = [
        Given(device_id, "L1", START + LENGTH + n * MINUTE, 5.0, 230.0, 60_000)
        for n in range(90)
    ]
    rolled = await pg.fetchval("SELECT max(ts) FROM power_records")
    await insert(pg, waiting)
    await know_newest(pg)
    found = await asked(device_id, hours=96, tier=Tier.DAY)
    assert found.watermark is not None
    assert rolled <= found.watermark <= rolled + MINUTE
    await sync_to_async(rollup)(at=AT)
    found = await asked(device_id, hours=96, tier=Tier.DAY)
    assert found.watermark == waiting[-1].ts


async def test_a_phase_that_waits_hides_nothing_of_another(
    device_id: int, pg: Pg
) -> None:
    """Its own readings since its newest bucket are gone, and those of the other."""
    start = START + LENGTH
    first = [
        Given(device_id, "L1", start + n * MINUTE, 10.0, 100.0, 60_000)
        for n in range(20 * 60)
    ]
    await insert(pg, first)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    gone = start + timedelta(hours=10)
    await pg.execute("DELETE FROM power_records WHERE ts < $1", gone)
    await pg.execute(
        "INSERT INTO telemetry_dropped"
        " VALUES (DEFAULT, 'raw', $1, $2, '{}', now(), 10000)",
        START - LENGTH, gone,
    )  # fmt: skip
    late = start + timedelta(hours=19)
    waiting = [
        Given(device_id, "L2", late + n * MINUTE, 10.0, 100.0, 60_000)
        for n in range(30)
    ]
    await insert(pg, waiting)
    await know_newest(pg)
    for tier in (Tier.FIVE_MINUTES, Tier.HOUR):
        found = await asked(
            device_id, since=start, until=start + timedelta(hours=20), tier=tier,
            fields=["energy_wh"],
        )  # fmt: skip
        one, other = (sum(known(p, "energy_wh", "avg")) for p in found.phases)
        assert one == pytest.approx(20_000.0)
        assert other == pytest.approx(500.0)
