"""The heartbeat sweep."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from powerdash.accounts.services import organization_create
from powerdash.alerts.services import GRACE_S, heartbeat_sweep
from powerdash.devices.models import Device
from powerdash.devices.services import device_register_all, device_transition
from powerdash.devices.status import DeviceStatus, Trigger
from powerdash.events.models import Event, OutboxEntry

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
INTERVAL_S = 60


def seconds(count: float) -> datetime:
    return AT + timedelta(seconds=count)


def online(count: int = 1) -> list[Device]:
    """Devices last heard at `AT`, to be heard each `INTERVAL_S`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT events_partition_ensure(%s)", [AT])
    organization = organization_create(slug="lab", name="Lab", at=AT)
    made = device_register_all(
        organization_id=organization.pk,
        at=AT,
        names=[f"Meter {n}" for n in range(count)],
        heartbeat_interval_s=INTERVAL_S,
    )
    for each in made:
        device_transition(device_id=each.device.pk, trigger=Trigger.SEEN, at=AT)
    return list(Device.objects.order_by("id"))


def statuses() -> list[str]:
    return list(Device.objects.order_by("id").values_list("status", flat=True))


def test_it_leaves_a_device_alone_within_its_interval(db: None) -> None:
    online()
    assert heartbeat_sweep(at=seconds(INTERVAL_S)) == 0
    assert statuses() == ["online"]


def test_it_takes_a_silent_device_offline_within_interval_and_five_seconds(
    db: None,
) -> None:
    (device,) = online()
    late = seconds(INTERVAL_S + GRACE_S)
    assert heartbeat_sweep(at=late) == 1
    device.refresh_from_db()
    assert (device.status, device.status_changed_at) == ("offline", late)
    assert device.check_at is None
    event = Event.objects.get(type="device.offline")
    assert (event.device_id, event.organization_id) == (
        device.pk,
        device.organization_id,
    )
    assert (event.data["previous"], event.data["status"]) == ("online", "offline")
    payload = OutboxEntry.objects.get(event_id=event.pk).payload
    assert payload["device"] == str(device.uuid)
    assert payload["type"] == "device.offline"
    assert GRACE_S < 5


def test_it_looks_again_at_a_device_heard_since_when_it_can_be_late(db: None) -> None:
    (device,) = online()
    Device.objects.update(last_seen_at=seconds(50))
    assert heartbeat_sweep(at=seconds(INTERVAL_S + 3)) == 0
    device.refresh_from_db()
    assert device.check_at == seconds(50 + INTERVAL_S + GRACE_S)
    assert heartbeat_sweep(at=seconds(50 + INTERVAL_S + GRACE_S)) == 1


@pytest.mark.parametrize(
    "status",
    [DeviceStatus.MAINTENANCE, DeviceStatus.OFFLINE, DeviceStatus.DECOMMISSIONED],
)
def test_it_touches_only_devices_that_are_online(
    db: None, status: DeviceStatus
) -> None:
    online()
    Device.objects.update(status=status)
    assert heartbeat_sweep(at=seconds(1e6)) == 0
    assert statuses() == [status]


def test_it_goes_on_until_all_are_done(db: None) -> None:
    online(7)
    assert heartbeat_sweep(at=seconds(1e6), limit=2) == 7
    assert Event.objects.filter(type="device.offline").count() == 7


def test_it_leaves_to_others_what_they_hold(database: None) -> None:
    first, second = online(2)
    with transaction.atomic():
        Device.objects.select_for_update().get(pk=first.pk)
        moved: list[int] = []
        other = threading.Thread(target=_sweep, args=(moved,))
        other.start()
        other.join(20)
        assert moved == [1]
    second.refresh_from_db()
    assert second.status == "offline"
    assert heartbeat_sweep(at=seconds(1e6)) == 1


def test_several_sweeps_at_once_move_each_device_once(database: None) -> None:
    online(60)
    moved: list[int] = []
    sweeps = [threading.Thread(target=_sweep, args=(moved, 5)) for _ in range(4)]
    for sweep in sweeps:
        sweep.start()
    for sweep in sweeps:
        sweep.join(20)
    assert sum(moved) + heartbeat_sweep(at=seconds(1e6)) == 60
    assert Event.objects.filter(type="device.offline").count() == 60


def _sweep(moved: list[int], limit: int = 5_000) -> None:
    try:
        moved.append(heartbeat_sweep(at=seconds(1e6), limit=limit))
    finally:
        connection.close()


def test_it_finds_the_late_ones_by_the_index_of_deadlines(db: None) -> None:
    online()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM devices WHERE status = 'online'"
            " AND check_at <= now() ORDER BY check_at LIMIT 10"
        )
        plan: list[Any] = cursor.fetchall()
    assert "devices_due" in str(plan)
