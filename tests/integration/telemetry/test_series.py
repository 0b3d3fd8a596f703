"""Test that a series tells the truth from every tier, and from the right one."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from powerdash.lib.fields import FieldsInvalid
from powerdash.telemetry import series as module
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.series import (
    step_for,
    tier_for,
)
from powerdash.telemetry.services.rollups import rollup
from tests.feeder import AT, LENGTH, START, asked, feeder, know_newest, known
from tests.ladder import Given, Pg, insert


@pytest_asyncio.fixture
async def device_id(pg: Pg) -> int:
    return await feeder(pg)


@pytest.mark.parametrize("tier", list(Tier))
async def test_every_tier_tells_the_same(device_id: int, pg: Pg, tier: Tier) -> None:
    found = await asked(device_id, tier=tier, fields=["power_w", "energy_wh"])
    assert found.tier is tier
    for phase in found.phases:
        row = await pg.fetchrow(
            "SELECT min(active), max(active), sum(active) / 60 FROM ("
            " SELECT power * coalesce(power_factor, 1) AS active FROM power_records"
            " WHERE device_id = $1 AND phase = $2) every",
            device_id,
            phase.phase,
        )
        assert row is not None
        assert min(known(phase, "power_w", "min")) == pytest.approx(row[0])
        assert max(known(phase, "power_w", "max")) == pytest.approx(row[1])
        # The first reading after a silence speaks for its own minute.
        assert sum(known(phase, "energy_wh", "avg")) == pytest.approx(row[2])
        assert phase.completeness == pytest.approx(1 - 2 / 72, abs=1e-4)


@pytest.mark.parametrize("tier", list(Tier))
async def test_nothing_is_missing_where_a_range_begins_within_a_bucket(
    device_id: int, tier: Tier
) -> None:
    since = START + timedelta(hours=13, minutes=7)
    found = await asked(device_id, since=since, tier=tier)
    for phase in found.phases:
        assert phase.completeness == pytest.approx(1.0, abs=1e-3)
    # No bucket of hours begins in it.
    end = since + timedelta(minutes=9)
    none = await asked(device_id, since=since, until=end, tier=Tier.HOUR)
    assert {(phase.completeness, len(phase.ts)) for phase in none.phases} == {(None, 0)}


@pytest.mark.parametrize(
    ("tier", "share"),
    [(Tier.RAW, 5 / 125), (Tier.FIVE_MINUTES, 5 / 125), (Tier.HOUR, 60 / 180)],
)
async def test_what_ends_within_a_bucket_is_counted_and_expected_to_its_end(
    device_id: int, tier: Tier, share: float
) -> None:
    """Two hours of silence and five minutes of readings."""
    since, until = START + timedelta(hours=10), START + timedelta(hours=12, minutes=5)
    found = await asked(device_id, since=since, until=until, at=AT, tier=tier)
    for phase in found.phases:
        assert phase.completeness == pytest.approx(share)


async def test_silence_is_a_gap_and_nothing_is_averaged_over_it(device_id: int) -> None:
    for tier in (Tier.RAW, Tier.FIVE_MINUTES, Tier.HOUR):
        found = await asked(device_id, tier=tier)
        gaps = [
            n
            for n, v in enumerate(found.phases[0].values["power_w"]["avg"])
            if v is None
        ]
        assert len(gaps) == 1, tier
        before, after = (found.phases[0].ts[gaps[0] + n] for n in (-1, 1))
        assert after - before >= 7200


async def test_the_tier_follows_the_points_wanted(device_id: int) -> None:
    for points, tier, step_s in (
        (5000, "raw", 52),
        (1500, "5m", 300),
        (100, "1h", 3600),
    ):
        found = await asked(device_id, max_points=points)
        assert (found.tier, found.step_s) == (tier, step_s)
        for phase in found.phases:
            assert len(phase.ts) <= points + 1


@pytest.mark.parametrize(
    ("days", "points", "tier", "step_s"),
    [
        (1, 2000, Tier.RAW, 44),
        (7, 2000, Tier.FIVE_MINUTES, 600),
        (30, 2000, Tier.FIVE_MINUTES, 1500),
        (365, 2000, Tier.HOUR, 18_000),
        (3652, 2000, Tier.DAY, 172_800),
        (1 / 86400, 2000, Tier.RAW, 1),
    ],
)
def test_a_range_has_its_tier(
    days: float, points: int, tier: Tier, step_s: int
) -> None:
    span = timedelta(days=days)
    assert tier_for(span, points) is tier
    assert step_for(span, points, tier) == step_s


@pytest.mark.parametrize(
    ("step_s", "tier", "given_s"),
    [
        (10, Tier.RAW, 10),
        (900, Tier.FIVE_MINUTES, 900),
        (5400, Tier.FIVE_MINUTES, 5400),
        (7200, Tier.HOUR, 7200),
        (7 * 86_400, Tier.DAY, 7 * 86_400),
    ],
)
def test_a_step_has_its_tier(step_s: int, tier: Tier, given_s: int) -> None:
    assert tier_for(timedelta(days=1), 2000, step_s) is tier
    assert step_for(timedelta(days=1), 2000, tier, step_s) == given_s
    assert step_for(timedelta(days=1), 2000, Tier.DAY, step_s) % 86_400 == 0


async def test_weeks_begin_on_mondays_of_the_zone(device_id: int) -> None:
    found = await asked(device_id, hours=73, max_points=10, step_s=7 * 86_400)
    assert (found.tier, found.step_s) == (Tier.DAY, 7 * 86_400)
    starts = [
        datetime.fromtimestamp(at, ZoneInfo("Europe/Berlin"))
        for at in found.phases[0].ts
    ]
    assert {(start.weekday(), start.hour) for start in starts} == {(0, 0)}


async def test_days_are_those_of_the_zone(device_id: int) -> None:
    found = await asked(device_id, hours=73, tier=Tier.DAY, max_points=10)
    starts = [datetime.fromtimestamp(second, UTC) for second in found.phases[0].ts]
    # The second day is the one that ends summer time: it has 25 hours.
    assert [start.hour for start in starts] == [22, 22, 23]
    pairs = await asked(device_id, hours=73, tier=Tier.DAY, max_points=2)
    assert pairs.step_s == 2 * 86_400
    assert len(pairs.phases[0].ts) == 2


async def test_where_readings_are_gone_a_coarser_tier_answers(
    device_id: int, pg: Pg
) -> None:
    gone = (
        "INSERT INTO telemetry_dropped VALUES (DEFAULT, $1, $2, $3, $4, now(), 10000)"
    )
    until = START + timedelta(minutes=30)
    await pg.execute(gone, "raw", START - LENGTH, until, [device_id])
    assert (await asked(device_id, hours=1)).tier is Tier.RAW
    await pg.execute(gone, "raw", START - LENGTH, until, [])
    assert (await asked(device_id, hours=1)).tier is Tier.FIVE_MINUTES
    await pg.execute(gone, "5m", START - LENGTH, until, [])
    assert (await asked(device_id, hours=1)).tier is Tier.HOUR
    later = await asked(device_id, since=until, until=until + timedelta(hours=1))
    assert later.tier is Tier.RAW


async def test_too_much_is_refused_with_the_tier_to_use(
    device_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RAW_MAX", 100)
    with pytest.raises(FieldsInvalid, match="tier=5m"):
        await asked(device_id, tier=Tier.RAW)
    assert (await asked(device_id)).tier is Tier.FIVE_MINUTES


async def test_readings_give_the_energy_that_the_tiers_do(
    device_id: int, pg: Pg
) -> None:
    """Of bursts: each reading counts for as long as it speaks."""
    day = START + timedelta(days=10)
    bursts = [
        Given(device_id, "L1", day + timedelta(minutes=2 * n, seconds=s), amps, 100.0)
        for n in range(180)
        for s, amps in [*((second, 10.0) for second in range(10)), (119, 0.0)]
    ]
    await insert(pg, bursts)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    for since, until in ((0, 6), (1, 2), (2.5, 3.5)):
        energies, shares = set(), set()
        for tier, most in (
            (Tier.RAW, 50), (Tier.RAW, 10_000), (Tier.FIVE_MINUTES, 500),
        ):  # fmt: skip
            found = await asked(
                device_id, fields=["power_w", "energy_wh"], tier=tier, max_points=most,
                since=day + timedelta(hours=since), until=day + timedelta(hours=until),
            )  # fmt: skip
            [line] = [phase for phase in found.phases if phase.ts]
            energies.add(round(sum(known(line, "energy_wh", "avg")), 6))
            shares.add(round(line.completeness or 0, 3))
        assert len(energies) == 1
        assert shares == {1.0}


async def test_no_step_of_readings_hides_silence(device_id: int, pg: Pg) -> None:
    day = START + timedelta(days=10)
    spoken = [*range(3600), *range(18_000, 19_000)]
    await insert(
        pg,
        [
            Given(device_id, "L1", day + timedelta(seconds=n), 1.0, 360.0)
            for n in spoken
        ],
    )
    await know_newest(pg)
    found = await asked(
        device_id, since=day, until=day + timedelta(days=1), max_points=1, tier=Tier.RAW
    )
    [line] = [phase for phase in found.phases if phase.ts]
    assert line.completeness == pytest.approx(4600 / 86_400)
    assert None in line.values["power_w"]["avg"]


async def test_readings_are_expected_from_the_first_until_now(
    device_id: int, pg: Pg
) -> None:
    """Neither before a phase reported, nor in the future, nor once it is over."""
    end, whole = START + LENGTH, pytest.approx(70 / 72, abs=1e-3)
    week = {"since": START - timedelta(days=7), "until": end + timedelta(days=7)}

    async def shares(**given: object) -> list[float | None]:
        query = {"tier": Tier.HOUR, **week, **given}
        found = await asked(device_id, **query)  # type: ignore[arg-type]
        return [phase.completeness for phase in found.phases]

    assert await shares(at=end) == [whole, whole]
    assert await shares(at=end + timedelta(days=3)) == [pytest.approx(70 / 144)] * 2
    await pg.execute("UPDATE devices SET status = 'decommissioned'")
    assert await shares(at=end + timedelta(days=3)) == [whole, whole]
    assert await shares(until=START) == [None, None]
    await insert(
        pg, [Given(device_id, "L1", START - timedelta(days=3), 1.0, 230.0, 60_000)]
    )
    await sync_to_async(rollup)(at=AT)
    earlier = await shares(at=end)
    assert earlier == [pytest.approx(70 / 144, abs=1e-3), whole]


async def test_a_phase_of_which_a_killed_door_did_not_tell_is_known(
    device_id: int, pg: Pg
) -> None:
    await insert(pg, [Given(device_id, "L3", START, 1.0, 230.0, 60_000)])
    await sync_to_async(rollup)(at=AT)
    found = await asked(device_id)
    assert [phase.phase for phase in found.phases] == ["L1", "L2", "L3"]


async def test_the_watermark_is_of_a_reading_in_the_range(
    device_id: int, pg: Pg
) -> None:
    before = await asked(
        device_id, since=START - timedelta(days=900), until=START - timedelta(days=800)
    )
    assert before.watermark is None
    assert {phase.completeness for phase in before.phases} == {None}
    newest = await pg.fetchval("SELECT max(ts) FROM power_records")
    whole = await asked(device_id, until=newest + timedelta(days=1))
    assert whole.watermark == newest
    assert (await asked(device_id, until=newest)).watermark < newest


@pytest.mark.parametrize("tier", [Tier.FIVE_MINUTES, Tier.HOUR])
async def test_a_range_may_end_before_the_first_reading_of_its_last_bucket(
    device_id: int, pg: Pg, tier: Tier
) -> None:
    hour = START + timedelta(hours=2)
    late = (
        await pg.fetchval("SELECT min(ts) FROM power_records WHERE ts >= $1", hour)
    ) + timedelta(seconds=30)
    await pg.execute("DELETE FROM power_records WHERE ts >= $1 AND ts < $2", hour, late)
    await sync_to_async(rollup)(at=AT)
    newest = await pg.fetchval("SELECT max(ts) FROM power_records WHERE ts < $1", late)
    found = await asked(device_id, until=hour + timedelta(seconds=20), tier=tier)
    assert found.watermark == newest


async def test_a_device_without_readings_has_no_phases(device_id: int, pg: Pg) -> None:
    await pg.execute("DELETE FROM telemetry_latest")
    found = await asked(device_id)
    assert (found.phases, found.watermark) == ([], None)
