"""Writes of devices."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from powerdash import settings
from powerdash.accounts.models import Organization
from powerdash.accounts.services import (
    membership_set,
    organization_create,
    user_create,
)
from powerdash.devices import services
from powerdash.devices.models import Device
from powerdash.devices.secrets import secret_matches
from powerdash.devices.services import (
    DeviceDecommissioned,
    device_register,
    device_register_all,
    device_transition,
    device_update,
)
from powerdash.devices.status import (
    MOVES,
    DeviceStatus,
    TransitionNotAllowed,
    Trigger,
)
from powerdash.events.models import Event, OutboxEntry
from powerdash.lib.fields import FieldsInvalid

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _month() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT events_partition_ensure(%s)", [AT])


@pytest.fixture
def organization(_month: None) -> Organization:
    return organization_create(slug="lab", name="Lab", at=AT)


def new_device(organization: Organization, **fields: Any) -> Device:
    fields = {"name": "Pump", **fields}
    return device_register(organization_id=organization.pk, at=AT, **fields).device


def test_it_registers_a_device_and_keeps_only_the_hash_of_its_secret(
    organization: Organization,
) -> None:
    made = device_register(
        organization_id=organization.pk,
        at=AT,
        name=" Pump ",
        tags=["water", "cellar", "water"],
        metadata={"floor": -1},
    )
    device = Device.objects.get()
    assert (device.name, device.slug, device.status) == ("Pump", "pump", "offline")
    assert device.tags == ["water", "cellar"]
    assert device.metadata == {"floor": -1}
    assert device.heartbeat_interval_s == settings.OFFLINE_SLA_SECONDS
    pepper = settings.DEVICE_SECRET_PEPPER
    assert secret_matches(made.secret, device.secret_hash, pepper=pepper)


def test_it_records_and_announces_a_registration(organization: Organization) -> None:
    user = user_create(email="a@lab.test", password="a long password", at=AT)
    made = device_register(
        organization_id=organization.pk, at=AT, name="Pump", actor_id=user.pk
    )
    event = Event.objects.get(type="device.registered")
    assert (event.organization_id, event.user_id) == (organization.pk, user.pk)
    entry = OutboxEntry.objects.get(event_id=event.pk)
    assert entry.topic == "device.registered"
    assert datetime.fromisoformat(entry.payload.pop("at")) == AT
    assert entry.payload == {
        "id": event.pk,
        "type": "device.registered",
        "organization": str(organization.uuid),
        "device": str(made.device.uuid),
        "device_name": "Pump",
        "user": "a@lab.test",
        "data": {},
    }


def test_it_gives_like_names_slugs_of_their_own(organization: Organization) -> None:
    names = ["Pump", "Pump", "Pump 2", "泵", "泵"]
    made = device_register_all(organization_id=organization.pk, at=AT, names=names)
    again = device_register_all(organization_id=organization.pk, at=AT, names=["Pump"])
    slugs = [each.device.slug for each in [*made, *again]]
    assert slugs == ["pump", "pump-2", "pump-2-2", "device", "device-2", "pump-3"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 121),
        ("name", "a\x00b"),
        ("name", "a\ud800b"),
        ("name", 7),
        ("model", "x" * 121),
        ("location", "a\nb"),
        ("firmware", "x" * 61),
        ("tags", ["a,b"]),
        ("tags", [""]),
        ("tags", ["x" * 61]),
        ("tags", [str(n) for n in range(21)]),
        ("metadata", {"a": "\x00"}),
        ("metadata", {"a": float("nan")}),
        ("metadata", {"a": "x" * 20_000}),
        ("metadata", {"a": [[[[[[[[[1]]]]]]]]]}),
        ("heartbeat_interval_s", 0),
        ("heartbeat_interval_s", 604_801),
        ("heartbeat_interval_s", True),
        ("user_id", 999_999),
    ],
)
def test_it_refuses_and_names_the_field(
    organization: Organization, field: str, value: Any
) -> None:
    with pytest.raises(FieldsInvalid) as caught:
        new_device(organization, **{field: value})
    assert list(caught.value.errors) == [field]
    assert not Device.objects.exists()


def test_it_takes_only_members_as_responsible(organization: Organization) -> None:
    user = user_create(email="a@lab.test", password="a long password", at=AT)
    with pytest.raises(FieldsInvalid):
        new_device(organization, user_id=user.pk)
    membership_set(
        user_id=user.pk, organization_id=organization.pk, role="viewer", at=AT
    )
    assert new_device(organization, user_id=user.pk).user == user


def test_it_records_what_an_update_changed(organization: Organization) -> None:
    device = new_device(organization, model="A")
    device_update(
        device_id=device.pk, at=LATER, name="Pump", model="B", metadata={"a": 1}
    )
    device.refresh_from_db()
    assert (device.model, device.updated_at) == ("B", LATER)
    assert Event.objects.get(type="device.updated").data == {
        "changed": {"model": {"from": "A", "to": "B"}, "metadata": {}}
    }


def test_it_records_nothing_when_nothing_changes(organization: Organization) -> None:
    device = new_device(organization)
    device_update(device_id=device.pk, at=LATER, name="Pump")
    assert not Event.objects.filter(type="device.updated").exists()


def test_it_has_the_sweep_look_soon_at_a_device_with_a_shorter_interval(
    organization: Organization,
) -> None:
    device = new_device(organization, heartbeat_interval_s=86_400)
    device_transition(device_id=device.pk, trigger=Trigger.SEEN, at=AT)
    device_update(device_id=device.pk, at=LATER, heartbeat_interval_s=10)
    device.refresh_from_db()
    assert device.check_at == LATER


def test_it_leaves_a_decommissioned_device_as_it_is(organization: Organization) -> None:
    device = new_device(organization)
    device_transition(device_id=device.pk, trigger=Trigger.DECOMMISSIONED, at=AT)
    with pytest.raises(DeviceDecommissioned):
        device_update(device_id=device.pk, at=LATER, name="Other")


@pytest.mark.parametrize("status", DeviceStatus)
@pytest.mark.parametrize("trigger", Trigger)
def test_it_moves_a_device_by_the_table_or_not_at_all(
    organization: Organization, status: DeviceStatus, trigger: Trigger
) -> None:
    device = new_device(organization)
    Device.objects.filter(pk=device.pk).update(status=status)
    if (status, trigger) not in MOVES:
        with pytest.raises(TransitionNotAllowed):
            device_transition(device_id=device.pk, trigger=trigger, at=LATER)
        device.refresh_from_db()
        assert device.status == status
        return
    new, event_type = MOVES[status, trigger]
    assert device_transition(device_id=device.pk, trigger=trigger, at=LATER) == new
    device.refresh_from_db()
    assert (device.status, device.status_changed_at) == (new, LATER)
    assert (device.check_at is not None) == (new == DeviceStatus.ONLINE)
    event = Event.objects.get(type=event_type, device_id=device.pk)
    assert event.data == {"previous": status, "status": new}
    assert OutboxEntry.objects.filter(event_id=event.pk).count() == 1


def test_it_notices_a_status_that_changed_meanwhile(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = new_device(organization)

    def late(status: DeviceStatus, trigger: Trigger) -> Any:
        Device.objects.filter(pk=device.pk).update(status=DeviceStatus.MAINTENANCE)
        return MOVES[status, trigger]

    monkeypatch.setattr(services, "next_status", late)
    with pytest.raises(services.DeviceChangedMeanwhile):
        device_transition(device_id=device.pk, trigger=Trigger.SEEN, at=LATER)


async def test_it_tells_the_doors_which_device_changed(pg: Any) -> None:
    import asyncio

    from asgiref.sync import sync_to_async

    heard: asyncio.Queue[str] = asyncio.Queue()
    await pg.add_listener("device_changed", lambda *a: heard.put_nowait(a[3]))
    organization = await sync_to_async(organization_create)(
        slug="lab", name="Lab", at=AT
    )
    device = await sync_to_async(new_device)(organization)
    assert await asyncio.wait_for(heard.get(), 5) == str(device.uuid)
    await sync_to_async(device_transition)(
        device_id=device.pk, trigger=Trigger.DECOMMISSIONED, at=AT
    )
    assert await asyncio.wait_for(heard.get(), 5) == str(device.uuid)
