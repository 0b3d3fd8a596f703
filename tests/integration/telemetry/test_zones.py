"""Test that days follow their organization into another zone."""

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from powerdash.accounts.models import Organization
from powerdash.devices.models import Device
from powerdash.events.models import Event
from powerdash.lib.fields import FieldsInvalid
from powerdash.telemetry.services.zones import organization_move
from powerdash.telemetry.verify import verify
from tests.integration.telemetry.test_verify import START, device_id
from tests.ladder import Pg

__all__ = ["device_id"]  # the fixture: six days of two phases, in two zones

AT = datetime(2026, 11, 21, tzinfo=UTC)


async def moved(device: int, timezone: str) -> int:
    found = await Device.objects.aget(pk=device)
    return await sync_to_async(organization_move)(
        organization_id=found.organization_id, timezone=timezone, at=AT
    )


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", "UTC"])
async def test_days_are_made_anew(device_id: int, pg: Pg, zone: str) -> None:
    assert await moved(device_id, zone) >= 2 * 6
    assert (await sync_to_async(verify)()).differences == []
    starts = await pg.fetch(
        "SELECT DISTINCT (bucket_start_ts AT TIME ZONE $1)::time::text AS start"
        " FROM telemetry_rollups_1d",
        zone,
    )
    assert [row["start"] for row in starts] == ["00:00:00"]
    total = "SELECT sum(count) FROM telemetry_rollups_1d"
    assert await pg.fetchval(total) == 2 * 6 * 144
    event = await Event.objects.aget(type="organization.updated")
    assert event.data["timezone"] == zone


async def test_the_same_again_goes_on_with_it(device_id: int, pg: Pg) -> None:
    await moved(device_id, "Asia/Tokyo")
    await pg.execute("DELETE FROM telemetry_rollups_1d WHERE phase = 'L2'")
    assert await moved(device_id, "Asia/Tokyo") >= 6
    assert (await sync_to_async(verify)()).differences == []
    assert await Event.objects.filter(type="organization.updated").acount() == 1


async def test_days_of_which_the_hours_are_gone_stay(device_id: int, pg: Pg) -> None:
    old = "SELECT count(*) FROM telemetry_rollups_1d WHERE bucket_start_ts < $1"
    cut = (START + timedelta(days=3)).replace(hour=0)
    await pg.execute("DELETE FROM telemetry_rollups_1h WHERE bucket_start_ts < $1", cut)
    await pg.execute("DELETE FROM telemetry_rollups_5m WHERE bucket_start_ts < $1", cut)
    before = await pg.fetchval(old, cut - timedelta(days=1))
    assert before > 0
    await moved(device_id, "UTC")
    assert await pg.fetchval(old, cut - timedelta(days=1)) == before


async def test_a_zone_that_is_none_is_refused(device_id: int) -> None:
    before = (await Organization.objects.aget()).timezone
    with pytest.raises(FieldsInvalid):
        await moved(device_id, "Mars/Olympus")
    assert (await Organization.objects.aget()).timezone == before
