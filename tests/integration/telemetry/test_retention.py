"""Test that what is past its time goes, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Thread

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connection
from django.db.backends.utils import CursorWrapper

from powerdash.devices.services import device_register
from powerdash.lib.fields import FieldsInvalid
from powerdash.telemetry.quantities import QUANTITIES
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.series import SeriesQuery, series
from powerdash.telemetry.services import chunks, retention, swap
from powerdash.telemetry.services.chunks import compress
from powerdash.telemetry.services.devices import device_update
from powerdash.telemetry.services.retention import (
    Fate,
    Partition,
    retention_apply,
    retention_plan,
)
from powerdash.telemetry.services.rollups import rollup
from powerdash.telemetry.services.rules import hold_set, retention_unset
from powerdash.telemetry.services.swap import Range
from powerdash.telemetry.verify import verify
from tests.fleet import (
    ARRIVED,
    DAY,
    FIRST,
    START,
    Fleet,
    make_fleet,
)
from tests.ladder import Given, Pg, insert


@pytest_asyncio.fixture
async def fleet(pg: Pg) -> Fleet:
    return await make_fleet(pg)


async def test_readings_go_after_seven_days_by_the_partition(fleet: Fleet) -> None:
    assert await fleet.plan(START + 7.5 * DAY) == {}
    assert await fleet.apply(START + 8.5 * DAY) == {FIRST: Fate.DROPPED}
    assert await fleet.counts() == dict.fromkeys(fleet.device_ids, 288)
    assert await fleet.plan(START + 8.5 * DAY) == {}
    assert len(await fleet.apply(START + 30 * DAY)) == 2
    assert await fleet.counts() == {}
    # The rollups are kept longer, and what they tell outlived its readings.
    assert (await sync_to_async(verify)()).differences == []
    assert (
        await fleet.pg.fetchval("SELECT sum(count) FROM telemetry_rollups_5m") == 1728
    )
    told = await fleet.pg.fetch(
        "SELECT data FROM events WHERE type = 'telemetry.dropped'"
    )
    assert len(told) == 3


async def test_what_outlived_its_readings_is_not_made_anew(fleet: Fleet) -> None:
    """Neither from late readings alone nor without the reading before a bucket's."""
    device_id = fleet.device_ids[1]
    late = START + 8.5 * DAY
    # No sampling interval: a reading speaks for the time since the one before.
    minutes = [
        Given(device_id, "L1", START + n * timedelta(minutes=1), 4.0, 230.0)
        for n in range(2880)
    ]
    await insert(fleet.pg, minutes)
    await sync_to_async(rollup)(at=ARRIVED)
    before = await _rollups(fleet.pg)
    assert (await fleet.apply(late))[FIRST] is Fate.DROPPED
    assert (await sync_to_async(verify)()).differences == []
    again = [
        *minutes[600:605],  # sent again
        Given(device_id, "L1", START + timedelta(hours=10, seconds=30), 90.0, 230.0),
        Given(device_id, "", START + timedelta(hours=10, minutes=3), 1.0, 230.0),
        Given(device_id, "L1", START + DAY + timedelta(seconds=30), 4.0, 230.0),
    ]
    await insert(fleet.pg, again)
    await sync_to_async(rollup)(at=late)
    after = await _rollups(fleet.pg)
    assert {key: after[key] for key in before} == before
    assert (await sync_to_async(verify)()).differences == []


async def test_a_first_bucket_has_outlived_nothing(fleet: Fleet) -> None:
    """What went before a device had readings was none of them."""
    made = await sync_to_async(device_register)(
        organization_id=fleet.organization_id, name="New", at=START
    )
    first = START + 9 * DAY + timedelta(hours=10)
    readings = [
        Given(made.device.pk, "", first + timedelta(seconds=n), 5.0 + n, 230.0)
        for n in range(200)
    ]
    await insert(fleet.pg, readings[:1])
    await sync_to_async(rollup)(at=first)
    assert Fate.DROPPED in (await fleet.apply(START + 10.5 * DAY)).values()
    await insert(fleet.pg, readings[1:])
    await sync_to_async(rollup)(at=START + 10.6 * DAY)
    for tier in ("5m", "1h", "1d"):
        rows = await fleet.pg.fetch(
            f"SELECT count, max_current FROM telemetry_rollups_{tier}"  # noqa: S608
            " WHERE device_id = $1", made.device.pk,
        )  # fmt: skip
        assert [tuple(row) for row in rows] == [(200, 204.0)]


async def test_two_of_a_kind_do_not_trip_over_each_other(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another run took away since it was planned is left to the next turn."""
    at = START + 8.5 * DAY
    plan = await sync_to_async(retention_plan)(at=at)
    days = await sync_to_async(chunks.compress_plan)(at=at)
    assert len(await sync_to_async(compress)(at=at)) == 3
    monkeypatch.setattr(retention, "retention_plan", lambda **_: plan)
    monkeypatch.setattr(chunks, "compress_plan", lambda **_: days)
    assert await fleet.apply(at) == {FIRST: Fate.BUSY}
    again = await sync_to_async(compress)(at=at)
    assert {each.outcome for each in again} == {chunks.Outcome.BUSY}
    monkeypatch.undo()
    assert list((await fleet.apply(at)).values()) == [Fate.DROPPED]
    assert (await sync_to_async(verify)()).differences == []


async def test_a_hold_set_while_it_works_is_heard(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = START + 8.5 * DAY
    plan = retention.retention_plan

    def then_hold(*, at: datetime) -> list[Partition]:
        found = plan(at=at)
        hold_set(device_id=fleet.device_ids[0], held=True, reason="audit", at=at)
        return found

    monkeypatch.setattr(retention, "retention_plan", then_hold)
    assert await fleet.apply(at) == {FIRST: Fate.BUSY}
    monkeypatch.undo()
    assert await fleet.apply(at) == {FIRST: Fate.THINNED}


async def test_an_import_into_a_dropped_day_is_rolled_up_piece_by_piece(
    fleet: Fleet,
) -> None:
    late = START + 8.5 * DAY
    assert (await fleet.apply(late))[FIRST] is Fate.DROPPED
    device_id = fleet.device_ids[1]
    readings = [
        Given(device_id, "L2", START + timedelta(seconds=n), 4.0, 230.0)
        for n in range(600)
    ]
    for piece in range(3):
        await insert(fleet.pg, readings[piece::3])
        await sync_to_async(rollup)(at=late + timedelta(minutes=1 + piece))
    found = await fleet.pg.fetch(
        "SELECT count, energy_wh FROM telemetry_rollups_5m WHERE phase = 'L2'"
    )
    assert [row[0] for row in found] == [300, 300]
    assert sum(row[1] for row in found) == pytest.approx(920 * 600 / 3600)


async def _rollups(pg: Pg) -> dict[tuple[object, ...], tuple[object, ...]]:
    found: dict[tuple[object, ...], tuple[object, ...]] = {}
    for tier in ("5m", "1h", "1d"):
        rows = await pg.fetch(
            "SELECT device_id, phase, bucket_start_ts, count, covered_s, energy_wh,"  # noqa: S608
            f" max_current FROM telemetry_rollups_{tier}"
        )
        found |= {(tier, *row[:3]): tuple(row[3:]) for row in rows}
    return found


async def test_a_plan_takes_nothing(fleet: Fleet) -> None:
    assert len(await fleet.plan(START + 30 * DAY)) == 3
    assert await fleet.counts() == dict.fromkeys(fleet.device_ids, 432)


async def test_an_import_is_as_old_as_its_arrival(fleet: Fleet) -> None:
    late = START + 9 * DAY
    await insert(fleet.pg, [Given(fleet.device_ids[0], "L9", START, 1.0, 230.0)])
    await sync_to_async(rollup)(at=late)
    assert await fleet.apply(late) == {
        FIRST: Fate.ARRIVED,
        "power_records_20261103": Fate.DROPPED,
    }
    assert (await fleet.apply(late + 6 * DAY)).get(FIRST) is Fate.ARRIVED
    assert (await fleet.apply(late + 8 * DAY)).get(FIRST) is Fate.DROPPED


async def test_nothing_goes_before_it_is_rolled_up(fleet: Fleet) -> None:
    await insert(fleet.pg, [Given(fleet.device_ids[0], "", START, 5.0, 230.0, 600_000)])
    at = START + 8.5 * DAY
    assert await fleet.apply(at) == {FIRST: Fate.NOT_ROLLED_UP}
    await fleet.pg.execute("DELETE FROM telemetry_rollup_due")
    assert await fleet.apply(at) == {FIRST: Fate.DROPPED}


async def test_a_device_that_is_kept_longer_keeps_its_rows(fleet: Fleet) -> None:
    lab, *others = fleet.device_ids
    await fleet.set("lab", raw_days=30)
    assert await fleet.apply(START + 8.5 * DAY) == {FIRST: Fate.THINNED}
    assert await fleet.counts() == {lab: 432, **dict.fromkeys(others, 288)}
    assert await fleet.plan(START + 8.5 * DAY) == {}
    await fleet.apply(START + 20 * DAY)
    assert await fleet.counts() == {lab: 432}
    # What arrives in it later is stored as ever.
    await insert(fleet.pg, [Given(lab, "L2", START, 5.0, 230.0)])
    await sync_to_async(rollup)(at=START + 20 * DAY)
    assert (await sync_to_async(verify)()).differences == []
    await fleet.apply(START + 60 * DAY)
    assert await fleet.counts() == {}


async def test_what_is_past_its_time_goes_from_a_partition_of_which_most_stays(
    fleet: Fleet,
) -> None:
    await fleet.set(raw_days=30)
    held = fleet.device_ids[2]
    await sync_to_async(hold_set)(device_id=held, held=True, at=START)
    assert await fleet.apply(START + 8.5 * DAY) == {FIRST: Fate.THINNED}
    kept = dict.fromkeys(fleet.device_ids, 432)
    assert await fleet.counts() == {**kept, fleet.device_ids[3]: 288}


async def test_many_at_once_take_nothing_that_is_held(fleet: Fleet) -> None:
    held, at = fleet.device_ids[0], START + 30 * DAY
    await sync_to_async(hold_set)(device_id=held, held=True, at=START)
    await fleet.pg.execute("SELECT events_partition_ensure($1)", at)

    def run(_: int) -> list[Partition]:
        try:
            return retention_apply(at=at)
        finally:
            connection.close()

    def all_of_them() -> list[list[Partition]]:
        with ThreadPoolExecutor(4) as several:
            return list(several.map(run, range(8)))

    await sync_to_async(all_of_them)()
    await fleet.apply(at)
    assert await fleet.counts() == {held: 432}
    drafts = "SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_kept'"
    assert await fleet.pg.fetchval(drafts) == 0


async def test_buckets_made_anew_while_others_go_stay_so(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rollups of the partition go first; what is left over goes."""
    kept = fleet.device_ids[0]
    await fleet.set(raw_days=30, days_5m=30)
    await fleet.set("lab", raw_days=0)
    await fleet.pg.execute("CREATE TABLE telemetry_rollups_5m_202611_kept ()")
    look_through = swap.keep_within
    threads = []

    def then_change(
        cursor: CursorWrapper, part: Range, draft: str, column: str
    ) -> None:
        threads.append(Thread(target=change))
        threads[-1].start()
        threads[-1].join(0.5)
        assert threads[-1].is_alive() is (part.tier is not Tier.RAW)
        look_through(cursor, part, draft, column)

    def change() -> None:
        try:
            interval_s = 1800 + len(threads)
            device_update(device_id=kept, at=START, heartbeat_interval_s=interval_s)
            rollup(at=START + 90 * DAY)
        finally:
            connection.close()

    monkeypatch.setattr(retention, "keep_within", then_change)
    month, at = "telemetry_rollups_5m_202611", START + 90 * DAY
    assert (await fleet.apply(at))[month] is Fate.BUSY
    for thread in threads:
        await sync_to_async(thread.join)()
    monkeypatch.undo()
    assert await fleet.apply(at) == {month: Fate.THINNED}
    assert (await sync_to_async(verify)()).differences == []


@pytest.mark.parametrize("is_older", [True, False])
async def test_what_went_from_others_is_not_gone_for_a_device(
    fleet: Fleet, is_older: bool
) -> None:
    """It had nothing of the day, or was not there, when the day went."""
    at = START + 8.5 * DAY

    async def made() -> int:
        device = await sync_to_async(device_register)(
            organization_id=fleet.organization_id, name="Importer", at=START
        )
        return device.device.pk

    importer = await made() if is_older else 0
    assert await fleet.apply(at) == {FIRST: Fate.DROPPED}
    importer = importer or await made()
    for start in (12, 0, 18):  # the rest of a bucket comes after it was made
        late = [
            Given(importer, "", START + timedelta(seconds=start + 30 * n), 4.0, 230.0)
            for n in range(60)
        ]
        await insert(fleet.pg, late)
        await fleet.pg.execute(
            "INSERT INTO telemetry_latest VALUES ($1, '', $2, 1, 1, 1)"
            " ON CONFLICT DO NOTHING", importer, late[-1].ts,
        )  # fmt: skip
        await sync_to_async(rollup)(at=at)
    count = await fleet.pg.fetchval(
        "SELECT sum(count) FROM telemetry_rollups_1d WHERE device_id = $1", importer
    )
    assert count == 180
    found = await sync_to_async(series)(
        device_id=importer,
        query=SeriesQuery(
            START, START + DAY / 24, [QUANTITIES["power_w"]], max_points=2000, at=at
        ),
    )
    assert found.tier is Tier.RAW
    assert (await sync_to_async(verify)()).differences == []


async def test_a_new_heartbeat_interval_is_no_arrival(fleet: Fleet) -> None:
    at = START + 8.5 * DAY
    for device_id in fleet.device_ids:
        await sync_to_async(device_update)(
            device_id=device_id, at=at, heartbeat_interval_s=900
        )
    await sync_to_async(rollup)(at=at)
    assert await fleet.plan(at) == {FIRST: Fate.DROPPED}


async def test_a_hold_keeps_readings_until_it_is_released(fleet: Fleet) -> None:
    held, *_ = fleet.device_ids
    hold = sync_to_async(hold_set)
    await hold(device_id=held, held=True, reason="Dispute 7", at=START)
    await fleet.apply(START + 400 * DAY)
    assert await fleet.counts() == {held: 432}
    await hold(device_id=held, held=False, at=START)
    await fleet.apply(START + 400 * DAY)
    assert await fleet.counts() == {}


async def test_readings_in_rows_and_chunks_are_kept_or_gone_together(
    fleet: Fleet,
) -> None:
    """A day by column, then late rows of it: what goes of these is not all that is."""
    held, other, *_ = fleet.device_ids
    at = START + 8.5 * DAY
    await sync_to_async(hold_set)(device_id=held, held=True, at=START)
    await sync_to_async(compress)(at=START + 7.5 * DAY)
    late = START + timedelta(hours=5, seconds=30)
    await insert(fleet.pg, [Given(other, "", late, 5.0, 230.0)])
    await sync_to_async(rollup)(at=START + DAY)
    assert (await fleet.apply(at)).items() >= {
        (FIRST, Fate.DROPPED),
        (FIRST.replace("records", "chunks"), Fate.THINNED),
    }
    assert await fleet.plan(at) == {}
    # The rows went, and the held device's readings are there: its bucket is made anew.
    await insert(fleet.pg, [Given(held, "", late, 90.0, 230.0)])
    await sync_to_async(rollup)(at=at)
    found = await fleet.pg.fetchval(
        "SELECT max(max_current) FROM telemetry_rollups_1d WHERE device_id = $1", held
    )
    assert found == 90.0
    assert (await sync_to_async(verify)()).differences == []


async def test_a_rule_of_the_organization_beats_the_installation(fleet: Fleet) -> None:
    elsewhere = fleet.device_ids[2:]
    await fleet.set(raw_days=2)
    await fleet.pg.execute("ANALYZE power_records")
    at = START + 4 * DAY
    # Half of the rows: not more than are copied.
    assert (await fleet.apply(at))[FIRST] is Fate.THINNED
    assert (await fleet.counts())[elsewhere[0]] == 432
    await sync_to_async(retention_unset)(
        organization_id=fleet.organization_id, tag="", at=START
    )
    assert await fleet.plan(at) == {}


async def test_somebody_who_reads_is_waited_for_not_cut_off(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "powerdash.telemetry.services.swap.LOCK_TIMEOUT"
    monkeypatch.setattr(module, "50ms")
    at = START + 8.5 * DAY
    async with fleet.pg.transaction():
        await fleet.pg.fetchval("SELECT count(*) FROM power_records")
        assert await fleet.apply(at) == {FIRST: Fate.BUSY}
    assert await fleet.apply(at) == {FIRST: Fate.DROPPED}


async def test_rollups_have_their_time_too(fleet: Fleet) -> None:
    await fleet.set(raw_days=1, days_5m=3, days_1h=3, days_1d=3)
    await fleet.apply(START + 5 * 366 * DAY)
    assert await fleet.pg.fetchval("SELECT count(*) FROM telemetry_rollups_5m") == 0
    hours = await fleet.pg.fetch("SELECT DISTINCT device_id FROM telemetry_rollups_1h")
    assert {row[0] for row in hours} == set(fleet.device_ids[2:])


async def test_a_bad_rule_names_its_field(fleet: Fleet) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        await fleet.set(raw_days=-1)
    assert set(refused.value.errors) == {"raw_days"}
    # What came late would reach the readings, and never the hours.
    with pytest.raises(FieldsInvalid) as refused:
        await fleet.set(raw_days=0, days_5m=30, days_1h=20)
    assert set(refused.value.errors) == {"days_5m", "days_1h"}
