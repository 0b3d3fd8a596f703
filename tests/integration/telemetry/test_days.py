"""Test that steps of days are the organization's days, whatever its clocks do."""

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from powerdash.accounts.services import organization_create
from powerdash.devices.services import device_register
from powerdash.telemetry.quantities import QUANTITIES
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.series import SeriesQuery, series
from powerdash.telemetry.services.rollups import rollup
from powerdash.telemetry.services.zones import organization_move
from powerdash.telemetry.total_series import TotalQuery, total_series
from tests.ladder import Given, Pg, insert

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def device_in(pg: Pg, zone: str, readings: list[Given]) -> tuple[int, int]:
    """Return an organization and its device, with readings rolled up."""
    organization = await sync_to_async(organization_create)(
        slug="campus", name="Campus", timezone=zone, at=AT
    )
    made = await sync_to_async(device_register)(
        organization_id=organization.pk, name="Feeder", heartbeat_interval_s=900, at=AT
    )
    await insert(pg, [r._replace(device_id=made.device.pk) for r in readings])
    await pg.execute(
        "INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)"
        " SELECT device_id, phase, max(ts), 1, 1, 1 FROM power_records GROUP BY 1, 2"
    )
    await sync_to_async(rollup)(at=AT)
    return organization.pk, made.device.pk


async def test_an_hour_of_two_days_is_in_neither_day_whole(pg: Pg) -> None:
    """India's midnight is at 18:30 UTC: a load of the half hour after is of its day."""
    start = datetime(2026, 10, 1, 18, 30, tzinfo=UTC)
    readings = []
    for n in range(8 * 144):
        at = timedelta(minutes=10 * n + 10) - timedelta(microseconds=1)
        current = 10.0 * (at // DAY + 1) if at % DAY < timedelta(minutes=30) else 0.0
        readings.append(Given(0, "", start + at, current, 100.0, 600_000))
    organization_id, device_id = await device_in(pg, "Asia/Kolkata", readings)
    wanted = [500.0 * (day + 1) for day in range(8)]
    for device_ids, tier in (
        (None, None),
        ([device_id], None),
        ([device_id], Tier.HOUR),
    ):
        total = await sync_to_async(total_series)(
            TotalQuery(
                organization_id=organization_id, since=start, until=start + 8 * DAY,
                max_points=8, at=AT, tier=tier, device_ids=device_ids,
            )
        )  # fmt: skip
        assert total.step_s == 86_400
        assert total.ts[:8] == [int((start + n * DAY).timestamp()) for n in range(8)]
        assert total.values["energy_wh"][:8] == pytest.approx(wanted)
    for tier in (None, Tier.HOUR, Tier.DAY):
        found = await sync_to_async(series)(
            device_id=device_id,
            query=SeriesQuery(
                start, start + 8 * DAY, [QUANTITIES["energy_wh"]], 8, AT, tier
            ),
        )
        assert found.tier is Tier.DAY
        assert found.phases[0].ts == total.ts[:8]
        assert found.phases[0].values["energy_wh"]["avg"] == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Atlantic/Azores", datetime(2026, 10, 25, tzinfo=UTC)),  # midnight twice
        ("America/Havana", datetime(2025, 11, 2, tzinfo=UTC)),
        ("America/Santiago", datetime(2026, 9, 6, tzinfo=UTC)),  # no midnight
        ("Australia/Lord_Howe", datetime(2026, 10, 4, tzinfo=UTC)),  # by half an hour
    ],
)
async def test_days_begin_where_their_buckets_do(
    pg: Pg, zone: str, day: datetime
) -> None:
    """Where clocks change at midnight, too: no false gap, and the power as it was."""
    readings = [
        Given(0, "", day - 4 * DAY + n * timedelta(minutes=10), 5.0, 230.0, 600_000)
        for n in range(1, 8 * 144)
    ]
    organization_id, device_id = await device_in(pg, zone, readings)
    rows = await pg.fetch("SELECT bucket_start_ts FROM telemetry_rollups_1d ORDER BY 1")
    days = [int(row[0].timestamp()) for row in rows]
    since, until = day - 5 * DAY, day + 5 * DAY
    found = await sync_to_async(series)(
        device_id=device_id,
        query=SeriesQuery(since, until, [QUANTITIES["power_w"]], 1000, until, Tier.DAY),
    )
    assert found.phases[0].ts == days
    for device_ids in (None, [device_id]):
        total = await sync_to_async(total_series)(
            TotalQuery(
                organization_id=organization_id, since=since, until=until,
                max_points=10, at=AT + 400 * DAY, device_ids=device_ids,
                tier=Tier.DAY if device_ids else None,
            )
        )  # fmt: skip
        assert total.ts == days
        assert total.values["power_w"][1:-1] == pytest.approx(
            [1150.0] * (len(days) - 2)
        )


async def test_a_day_of_25_hours_follows_into_another_zone_whole(pg: Pg) -> None:
    """Its only readings are in its last hour, a day and more after it began."""
    start = datetime(2026, 10, 25, 22, 30, tzinfo=UTC)
    readings = [
        Given(0, "", start + n * timedelta(minutes=10), 5.0, 230.0, 600_000)
        for n in range(200)
    ]
    organization_id, _ = await device_in(pg, "Europe/Berlin", readings)
    await sync_to_async(organization_move)(
        organization_id=organization_id, timezone="UTC", at=AT
    )
    total = "SELECT sum(count) FROM telemetry_rollups_1d"
    assert await pg.fetchval(total) == 200
