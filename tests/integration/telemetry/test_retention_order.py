"""Test that buckets stay as long as what they are made of, and beside rollups."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

from powerdash.telemetry.rollup import Run, Tier
from powerdash.telemetry.services import retention, rollups
from powerdash.telemetry.services.retention import Fate
from powerdash.telemetry.services.rollups import rollup
from powerdash.telemetry.services.rules import hold_set
from powerdash.telemetry.services.swap import Range, keep_out, keep_within
from tests.fleet import DAY, FIRST, START, Fleet, make_fleet
from tests.ladder import Given, Pg, insert

MONTH = "telemetry_rollups_5m_202611"
LATE = START + timedelta(minutes=2)
AT = START + 120 * DAY


@pytest_asyncio.fixture
async def fleet(pg: Pg) -> Fleet:
    return await make_fleet(pg)


async def _totals(fleet: Fleet) -> tuple[int, float]:
    """Readings and Wh of all the organization's time, as its totals say."""
    row = await fleet.pg.fetchrow(
        "SELECT sum(count), sum(energy_wh) FROM telemetry_totals_5m"
        " WHERE organization_id = $1",
        fleet.organization_id,
    )
    assert row is not None
    return row[0], row[1]


async def test_rollups_of_a_held_device_stay_with_its_readings(fleet: Fleet) -> None:
    """Made anew from them, they would count in the totals a second time."""
    held = fleet.device_ids[0]
    await sync_to_async(hold_set)(device_id=held, held=True, at=START)
    await fleet.set(raw_days=30, days_5m=30, days_1h=30, days_1d=30)
    before = await _totals(fleet)
    fates = await fleet.apply(AT)
    assert fates[FIRST] is fates[MONTH] is Fate.THINNED
    for tier in Tier:
        rows = await fleet.pg.fetch(f"SELECT DISTINCT device_id FROM {tier.table}")  # noqa: S608
        assert held in {row[0] for row in rows}
    await insert(fleet.pg, [Given(held, "", LATE, 5.0, 230.0, 60_000)])
    await sync_to_async(rollup)(at=AT)
    readings, energy = await _totals(fleet)
    assert readings == before[0] + 1
    # The ten minutes before the next reading were spoken for by it alone.
    assert energy == pytest.approx(before[1], rel=1e-3)


async def test_rollups_wait_for_readings_that_wait_for_them(fleet: Fleet) -> None:
    await fleet.set(raw_days=30, days_5m=30)
    device_id = fleet.device_ids[0]
    await insert(fleet.pg, [Given(device_id, "", LATE, 5.0, 230.0, 60_000)])
    found = await fleet.apply(AT)
    assert found[FIRST] is found[MONTH] is Fate.NOT_ROLLED_UP


async def test_rollups_stay_while_their_readings_cannot_go(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fleet.set(raw_days=30, days_5m=30)

    def keep_out_of_rollups(
        cursor: CursorWrapper, *tables: str, patience: str | None
    ) -> None:
        if tables == (Tier.RAW.table,):
            raise OperationalError("Somebody is at it.")
        keep_out(cursor, *tables, patience=patience)

    with monkeypatch.context() as patch:
        patch.setattr(retention, "keep_out", keep_out_of_rollups)
        found = await fleet.apply(AT)
    assert found[FIRST] is found[MONTH] is Fate.BUSY
    found = await fleet.apply(AT)
    assert (found[FIRST], found[MONTH]) == (Fate.DROPPED, Fate.THINNED)


async def test_a_rollup_that_comes_late_to_a_partition_goes_first(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed by PostgreSQL, for each waited for the other."""
    kept = fleet.device_ids[0]
    await fleet.set(raw_days=30, days_5m=30)
    await fleet.set("lab", raw_days=0)
    at = START + 90 * DAY
    through, made = rollups.keep, []

    def keep(
        cursor: CursorWrapper, manners: Any, at: datetime, tier: Tier, below: Tier,
        runs: Sequence[Run],
    ) -> int:  # fmt: skip
        if tier is Tier.FIVE_MINUTES:
            time.sleep(1.2)  # as long as some hundred thousand readings take
        return through(cursor, manners, at, tier, below, runs)

    def roll() -> None:
        try:
            made.append(rollup(at=at))
        finally:
            connection.close()

    late = [Given(kept, "", LATE, 5.0, 230.0, 60_000)]
    thread = Thread(target=roll)

    def then(cursor: CursorWrapper, part: Range, draft: str, column: str) -> None:
        keep_within(cursor, part, draft, column)
        if part.tier is Tier.FIVE_MINUTES:
            thread.start()
            time.sleep(0.2)

    monkeypatch.setattr(rollups, "keep", keep)
    monkeypatch.setattr(retention, "keep_within", then)
    # As if it came when all had been looked at.
    monkeypatch.setattr(retention, "is_due", lambda *_: False)
    await insert(fleet.pg, late)
    found = await fleet.apply(at)
    await sync_to_async(thread.join)()
    assert found[MONTH] is Fate.BUSY
    [done] = made
    assert done[Tier.FIVE_MINUTES] >= 1
