"""Test that the load of a large organization is what was seen, step by step."""

from datetime import UTC, datetime, timedelta

import pytest

from powerdash.accounts.services import organization_create
from powerdash.devices.services import device_register
from powerdash.telemetry import selectors
from powerdash.telemetry.models import LatestReading
from powerdash.telemetry.services.load import load_record

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
def test_a_large_fleet_has_the_curve_that_was_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(selectors, "RAW_CURVE_DEVICES", 1)
    organization = organization_create(slug="campus", name="Campus", at=AT)
    devices = [
        device_register(organization_id=organization.pk, name="Meter", at=AT).device
        for _ in range(2)
    ]
    for step in range(12):
        at = AT + step * timedelta(seconds=10)
        for device in devices:
            LatestReading.objects.update_or_create(
                device_id=device.pk,
                phase="",
                defaults={"ts": at, "current": 1, "voltage": 230, "power": 100 + step},
            )
        if step != 5:
            load_record(at=at + timedelta(seconds=3))
            load_record(at=at + timedelta(seconds=4))
    found = selectors.curve(
        organization_id=organization.pk, since=AT, until=AT + 2 * MINUTE, step_s=10
    )
    assert found.step_s == 10
    wanted: list[float | None] = [200.0 + 2 * step for step in range(12)]
    wanted[5] = None
    assert found.power_w == [*wanted, None]
    # Silent for longer than its interval, a device counts no more; nor does its past.
    load_record(at=AT + timedelta(days=2))
    assert selectors._rows("curve_load", organization_id=organization.pk, since=AT,
        until=AT + timedelta(days=3), step_s=10) == []  # fmt: skip
