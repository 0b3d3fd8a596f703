"""Test `/api/devices/{…}/markers` and the page that shows them, `/explore`."""

from datetime import timedelta

import pytest
from django.test import Client

from powerdash.devices.services import device_transition
from powerdash.devices.status import Trigger
from powerdash.lib import clock
from tests.cast import STRANGER, Cast
from tests.integration.web.test_pages import props
from tests.readings import reading

MAINTENANCE = (Trigger.MAINTENANCE_STARTED, Trigger.MAINTENANCE_ENDED)


@pytest.fixture
def client(cast: Cast) -> Client:
    return cast.client("viewer")


def test_changes_of_status_are_marked_the_oldest_first(
    client: Client, cast: Cast
) -> None:
    device, at = cast.device.device, clock.now() - timedelta(hours=1)
    for minute, trigger in enumerate(MAINTENANCE):
        moment = at + timedelta(minutes=minute)
        device_transition(device_id=device.pk, trigger=trigger, at=moment)
    path = f"/api/devices/{device.uuid}/markers"
    body = client.get(path).json()
    assert [each["type"] for each in body["data"]] == [
        "device.maintenance_on",
        "device.maintenance_off",
    ]
    assert set(body["data"][0]) == {"at", "type"}  # who did it is not for viewers
    assert body["truncated"] is False
    newest = client.get(f"{path}?limit=1").json()
    assert [each["type"] for each in newest["data"]] == ["device.maintenance_off"]
    assert newest["truncated"] is True
    assert client.get(f"{path}?to=2007-01-01T00:00:00Z").json()["data"] == []


def test_a_range_that_ends_before_it_begins_is_refused(
    client: Client, cast: Cast
) -> None:
    path = f"/api/devices/{cast.device.device.uuid}/markers"
    answer = client.get(f"{path}?from=2007-02-01T00:00:00Z&to=2007-01-01T00:00:00Z")
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"to"}


def test_the_page_knows_the_devices_of_the_address(client: Client, cast: Cast) -> None:
    device, at = cast.device.device, clock.now()
    reading(device, at - timedelta(days=1))
    reading(device, at)
    found = props(client, f"/explore?devices={device.uuid},nothing,{device.pk}")
    [explored] = found["devices"]
    assert explored["name"] == device.name
    assert explored["first_reading_at"] < explored["last_reading_at"]
    assert props(client, "/explore")["devices"] == []
    strange = props(cast.client(STRANGER), f"/explore?devices={device.uuid}")
    assert strange["devices"] == []
