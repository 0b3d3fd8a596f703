"""Test that a series tells the truth from every tier, and from the right one."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from powerdash.accounts.services import organization_create
from powerdash.devices.services import device_register
from powerdash.lib.fields import FieldsInvalid
from powerdash.telemetry import series as module
from powerdash.telemetry.quantities import QUANTITIES
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.series import (
    PhaseSeries,
    Series,
    SeriesQuery,
    series,
    step_for,
    tier_for,
)
from powerdash.telemetry.services.rollups import rollup
from tests.ladder import Given, Pg, insert

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = datetime(2026, 10, 23, 22, tzinfo=UTC)  # midnight in Berlin
MINUTE = timedelta(minutes=1)
LENGTH = timedelta(days=3)


@pytest_asyncio.fixture
async def device_id(pg: Pg) -> int:
    """Three days of a device of a minute in two phases; a silence of two hours."""
    organization = await sync_to_async(organization_create)(
        slug="campus", name="Campus", timezone="Europe/Berlin", at=AT
    )
    made = await sync_to_async(device_register)(
        organization_id=organization.pk, name="Feeder", at=AT
    )
    chance = random.Random(3)  # noqa: S311
    readings = [
        Given(
            made.device.pk, phase, START + n * MINUTE, chance.uniform(1, 9), 230.0,
            60_000, 0.5 if phase == "L1" else None,
        )
        for n in range(3 * 1440)
        if not 600 <= n < 720
        for phase in ("L1", "L2")
    ]  # fmt: skip
    await insert(pg, readings)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    return made.device.pk


async def know_newest(pg: Pg) -> None:
    await pg.execute(
        "INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)"
        " SELECT device_id, phase, max(ts), 1, 1, 1 FROM power_records GROUP BY 1, 2"
        " ON CONFLICT (device_id, phase) DO UPDATE SET ts = excluded.ts"
    )


async def asked(device_id: int, hours: float = 72, **given: object) -> Series:
    fields = given.pop("fields", ["power_w", "current_a"])
    query = {
        "since": START,
        "until": START + timedelta(hours=hours),
        "quantities": [QUANTITIES[name] for name in fields],  # type: ignore[attr-defined]
        "max_points": 5000,
        **given,
    }
    query.setdefault("at", query["until"])
    return await sync_to_async(series)(
        device_id=device_id,
        query=SeriesQuery(**query),  # type: ignore[arg-type]
    )


def known(phase: PhaseSeries, name: str, figure: str) -> list[float]:
    return [value for value in phase.values[name][figure] if value is not None]


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


async def test_days_are_those_of_the_zone(device_id: int) -> None:
    found = await asked(device_id, hours=73, tier=Tier.DAY, max_points=10)
    starts = [datetime.fromtimestamp(second, UTC) for second in found.phases[0].ts]
    # The second day is the one that ends summer time: it has 25 hours.
    assert [start.hour for start in starts] == [22, 22, 23]
    pairs = await asked(device_id, hours=73, tier=Tier.DAY, max_points=2)
    assert pairs.step_s == 2 * 86_400
    assert len(pairs.phases[0].ts) == 2


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


async def test_the_line_may_be_all_one_wants(device_id: int) -> None:
    thin = await asked(
        device_id, max_points=200, tier=Tier.FIVE_MINUTES, reduction="lttb"
    )
    assert set(thin.phases[0].values["power_w"]) == {"avg"}
    assert len(thin.phases[0].ts) <= 202
    mean = await asked(device_id, tier=Tier.HOUR, reduction="mean")
    assert set(mean.phases[0].values["power_w"]) == {"avg"}


async def test_a_peak_stays_in_the_line(device_id: int, pg: Pg) -> None:
    day = START + timedelta(days=10)
    low = [
        Given(device_id, "L1", day + timedelta(seconds=n), 1.0, 200.0)
        for n in range(7200)
    ]
    low[5000] = low[5000]._replace(current=50.0)
    low[5001] = low[5001]._replace(current=0.0)
    await insert(pg, low)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    for tier in (Tier.RAW, Tier.FIVE_MINUTES):
        found = await asked(
            device_id, since=day, until=day + timedelta(hours=2), max_points=60,
            tier=tier, reduction="lttb",
        )  # fmt: skip
        [line] = [phase for phase in found.phases if phase.ts]
        assert len(line.ts) <= 62
        shown = known(line, "power_w", "avg")
        assert (min(shown), max(shown)) == (0.0, 10_000.0)


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


async def test_a_thin_line_shows_the_gap_of_one_field(device_id: int, pg: Pg) -> None:
    day = START + timedelta(days=10)
    rows = [
        Given(
            device_id, "L1", day + timedelta(seconds=n), 1.0 + n % 7, 230.0,
            temperature=None if 3000 <= n < 4200 else 20.0 + n % 5,
        )
        for n in range(7200)
    ]  # fmt: skip
    await insert(pg, rows)
    await know_newest(pg)
    found = await asked(
        device_id, since=day, until=day + timedelta(hours=2), tier=Tier.RAW,
        max_points=100, reduction="lttb", fields=["power_w", "temperature_c"],
    )  # fmt: skip
    line = found.phases[0]
    assert len(line.ts) <= 100
    silent = [
        at
        for at, value in zip(line.ts, line.values["temperature_c"]["avg"], strict=True)
        if value is None
    ]
    assert silent[0] - day.timestamp() == pytest.approx(3000, abs=60)
    assert None not in line.values["power_w"]["avg"]


async def test_a_thin_line_ascends_over_gaps_and_counts_energy_once(
    device_id: int,
) -> None:
    """Also of a field that no reading has, in as many points as are wanted."""
    fields = ["temperature_c", "power_w", "energy_wh"]
    full = await asked(device_id, tier=Tier.FIVE_MINUTES, fields=fields)
    thin = await asked(
        device_id, tier=Tier.FIVE_MINUTES, fields=fields, reduction="lttb"
    )
    for one, other in zip(full.phases, thin.phases, strict=True):
        assert all(a < b for a, b in itertools.pairwise(other.ts))
        assert sum(known(other, "energy_wh", "avg")) == pytest.approx(
            sum(known(one, "energy_wh", "avg"))
        )
        for name in ("power_w", "energy_wh"):
            assert other.values[name]["avg"].count(None) == 1
    few = await asked(
        device_id,
        tier=Tier.FIVE_MINUTES,
        fields=fields,
        reduction="lttb",
        max_points=50,
    )
    assert max(len(phase.ts) for phase in few.phases) <= 51


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


async def test_a_device_without_readings_has_no_phases(device_id: int, pg: Pg) -> None:
    await pg.execute("DELETE FROM telemetry_latest")
    found = await asked(device_id)
    assert (found.phases, found.watermark) == ([], None)
