"""Test that verify finds what is wrong, and nothing else."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from asgiref.sync import sync_to_async

from powerdash.accounts.services import organization_create
from powerdash.devices.services import device_register
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.services.rollups import rollup
from powerdash.telemetry.verify import Verified, verify
from powerdash.telemetry.verify_totals import verify_totals
from tests.ladder import Given, Pg, insert

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = datetime(2026, 10, 24, 20, tzinfo=UTC)


async def checked(**given: object) -> Verified:
    return await sync_to_async(verify)(**given)  # type: ignore[arg-type]


@pytest.fixture(params=["Europe/Berlin", "Asia/Kolkata"])
async def device_id(request: pytest.FixtureRequest, pg: Pg) -> int:
    """A device with six days of readings, each ten minutes, rolled up."""
    organization = await sync_to_async(organization_create)(
        slug="campus", name="Campus", timezone=request.param, at=AT
    )
    made = await sync_to_async(device_register)(
        organization_id=organization.pk, name="Feeder", at=AT
    )
    readings = [
        Given(
            made.device.pk, phase, START + timedelta(minutes=10 * n), 5.0 + n, 230.0,
            # No binary fraction is the same as these: four bytes are not eight.
            power_factor=0.95, frequency=49.97, temperature=42.6,
        )
        for n in range(6 * 144)
        for phase in ("L1", "L2")
    ]  # fmt: skip
    await insert(pg, readings)
    await pg.execute(
        "INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)"
        " SELECT device_id, phase, max(ts), 1, 1, 1 FROM power_records GROUP BY 1, 2"
    )
    await sync_to_async(rollup)(at=AT)
    return made.device.pk


async def test_it_finds_nothing_where_nothing_is_wrong(device_id: int) -> None:
    found = await checked()
    assert found.differences == []
    assert found.buckets[Tier.FIVE_MINUTES] == 2 * 6 * 144
    assert found.buckets[Tier.HOUR] == 2 * 6 * 24
    assert found.buckets[Tier.DAY] == 2 * 7
    part = await checked(device_id=device_id, since=START + timedelta(days=5))
    assert 0 < part.buckets[Tier.FIVE_MINUTES] < found.buckets[Tier.FIVE_MINUTES]
    assert (await checked(device_id=device_id + 1)).buckets[Tier.DAY] == 0


@pytest.mark.parametrize(
    ("damage", "tiers"),
    [
        (
            "UPDATE telemetry_rollups_5m SET avg_current = avg_current * 1.000001",
            {"5m", "1h"},
        ),
        ("UPDATE telemetry_rollups_1h SET energy_wh = energy_wh + 1", {"1h", "1d"}),
        ("UPDATE telemetry_rollups_1d SET count = 1", {"1d"}),
        ("DELETE FROM telemetry_rollups_1d", {"1d"}),
        ("DELETE FROM power_records WHERE phase = 'L1' AND current = 45", {"5m"}),
    ],
)
async def test_it_finds_what_is_wrong(
    device_id: int, pg: Pg, damage: str, tiers: set[str]
) -> None:
    await pg.execute(damage)
    found = await checked()
    # A day is made of hours, where its zone allows it, else of five minutes.
    assert {each.tier.value for each in found.differences} - {"1d"} == tiers - {"1d"}
    assert found.differences


async def test_it_finds_a_day_that_is_none(device_id: int, pg: Pg) -> None:
    """As an interrupted change of the zone leaves them."""
    await pg.execute(
        "UPDATE telemetry_rollups_1d SET bucket_start_ts = bucket_start_ts"
        " + interval '1 hour' WHERE phase = 'L1' AND bucket_start_ts = (SELECT"
        " bucket_start_ts FROM telemetry_rollups_1d ORDER BY 1 OFFSET 4 LIMIT 1)"
    )
    found = (await checked()).differences
    assert {(bool(each.kept), bool(each.made)) for each in found} == {
        (True, False),
        (False, True),
    }


async def test_it_looks_beyond_the_newest_that_is_told(device_id: int, pg: Pg) -> None:
    """A door that was killed could not tell of the last readings it stored."""
    await pg.execute("UPDATE telemetry_latest SET ts = $1", START)
    await pg.execute(
        "UPDATE telemetry_rollups_5m SET energy_wh = energy_wh + 1"
        " WHERE bucket_start_ts > $1", START + timedelta(days=3),
    )  # fmt: skip
    found = (await checked()).differences
    assert len([each for each in found if each.tier == Tier.FIVE_MINUTES]) == 2 * 431


async def test_it_leaves_out_what_is_due(device_id: int, pg: Pg) -> None:
    late = Given(device_id, "L1", START + timedelta(seconds=7), 99.0, 230.0)
    await insert(pg, [late])
    found = await checked()
    assert (found.differences, found.waiting) == ([], 1)
    await pg.execute("TRUNCATE telemetry_rollup_due")
    [difference] = (await checked()).differences
    assert difference.tier is Tier.FIVE_MINUTES
    assert difference.kept["count"] == 1
    assert difference.made["count"] == 2


async def test_totals_are_the_sums_of_their_devices(device_id: int, pg: Pg) -> None:
    count, differences = await sync_to_async(verify_totals)()
    # The time for which they speak, the first for that before it, has no hole.
    assert (count, differences) == (6 * 288 + 6 * 24 + 1, [])
    await pg.execute(
        "UPDATE telemetry_totals_1h SET energy_wh = energy_wh + 1 WHERE bucket_start_ts"
        " = (SELECT min(bucket_start_ts) FROM telemetry_totals_1h)"
    )
    await pg.execute(
        "DELETE FROM telemetry_totals_5m WHERE bucket_start_ts ="
        " (SELECT max(bucket_start_ts) FROM telemetry_totals_5m)"
    )
    _, differences = await sync_to_async(verify_totals)()
    kinds = {(each.tier.value, bool(each.kept)) for each in differences}
    assert kinds == {("1h", True), ("5m", False)}
    ends = {"since": START + timedelta(days=1), "until": START + timedelta(days=2)}
    assert (await sync_to_async(verify_totals)(**ends))[1] == []


async def test_totals_before_the_first_bucket_are_looked_at(
    device_id: int, pg: Pg
) -> None:
    """The first reading speaks for a second before its bucket."""
    for tier in ("5m", "1h"):
        await pg.execute(
            f"DELETE FROM telemetry_totals_{tier} WHERE bucket_start_ts < $1",  # noqa: S608
            START,
        )
    _, differences = await sync_to_async(verify_totals)()
    assert {each.tier.value for each in differences} == {"5m", "1h"}


async def test_totals_are_not_asked_of_five_minutes_that_are_gone(
    device_id: int, pg: Pg
) -> None:
    await pg.execute(
        "DELETE FROM telemetry_rollups_5m WHERE bucket_start_ts < $1",
        START + timedelta(days=1),
    )
    _, differences = await sync_to_async(verify_totals)()
    assert differences
    await pg.execute(
        "INSERT INTO telemetry_dropped VALUES"
        " (DEFAULT, '5m', $1, $2, '{}', now(), 10000)",
        START - timedelta(days=1), START + timedelta(days=1),
    )  # fmt: skip
    _, differences = await sync_to_async(verify_totals)()
    assert differences == []


async def test_a_bucket_after_one_that_waits_is_no_difference(
    device_id: int, pg: Pg
) -> None:
    """A late reading at the end of a bucket says how long the next one's speaks."""
    boundary = START + timedelta(hours=3)
    await insert(
        pg, [Given(device_id, "L1", boundary - timedelta(seconds=30), 2.0, 230.0)]
    )
    assert (await sync_to_async(verify)()).differences == []
    await sync_to_async(rollup)(at=AT)
    assert (await sync_to_async(verify)()).differences == []


async def test_hours_are_those_of_utc_whatever_zone_one_asks_in(device_id: int) -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    ends = {
        "since": (START + timedelta(hours=3)).astimezone(zone),
        "until": (START + timedelta(hours=9)).astimezone(zone),
    }
    assert (await sync_to_async(verify_totals)(**ends))[1] == []


async def test_what_went_without_retention_is_told(device_id: int, pg: Pg) -> None:
    until = START + timedelta(days=1)
    await pg.execute("DELETE FROM power_records WHERE ts < $1", until)
    found = (await sync_to_async(verify)(until=until)).differences
    assert {(each.tier, bool(each.kept)) for each in found} >= {
        (Tier.FIVE_MINUTES, True)
    }
    await pg.execute("DELETE FROM power_records")
    assert len((await sync_to_async(verify)()).differences) > len(found)
    await pg.execute("DELETE FROM telemetry_totals_5m")
    await pg.execute("DELETE FROM telemetry_totals_1h")
    assert (await sync_to_async(verify_totals)())[1]
