"""Test that a thinned line shows what the whole one does."""

import itertools
from datetime import timedelta

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.services.rollups import rollup
from tests.feeder import AT, MINUTE, START, asked, feeder, know_newest, known
from tests.ladder import Given, Pg, insert


@pytest_asyncio.fixture
async def device_id(pg: Pg) -> int:
    return await feeder(pg)


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


@pytest.mark.parametrize("most", [100, 200, 400])
async def test_silence_is_as_long_as_it_is(device_id: int, most: int) -> None:
    found = await asked(device_id, reduction="lttb", max_points=most)
    line = found.phases[0]
    gap = line.values["power_w"]["avg"].index(None)
    # From 10:00 to 12:00; a point is half a step, a bucket is 5 minutes.
    shown_s = line.ts[gap + 1] - line.ts[gap - 1]
    assert abs(shown_s - 7200) <= found.step_s


async def test_each_gap_of_a_field_is_shown(device_id: int, pg: Pg) -> None:
    day = START + timedelta(days=10)
    rows = [
        Given(
            device_id, "L1", day + n * MINUTE, 1.0 + n % 7, 230.0, 60_000,
            temperature=20.0 + n % 5 if n // 60 % 2 else None,
        )
        for n in range(5 * 1440)
    ]  # fmt: skip
    await insert(pg, rows)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    found = await asked(
        device_id, since=day, until=day + timedelta(days=5), max_points=400,
        tier=Tier.FIVE_MINUTES, reduction="lttb", fields=["power_w", "temperature_c"],
    )  # fmt: skip
    line = found.phases[0].values["temperature_c"]["avg"]
    gaps = [a is not None and b is None for a, b in itertools.pairwise(line)]
    assert sum(gaps) == 59
