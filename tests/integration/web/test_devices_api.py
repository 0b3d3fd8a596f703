"""`/api/devices`: the list, one device, what can be done with it."""

import json
import shlex
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from powerdash import settings
from powerdash.devices.models import Device
from powerdash.devices.secrets import secret_matches
from powerdash.devices.services import device_register, device_transition
from powerdash.devices.status import Trigger
from powerdash.events.models import Event
from powerdash.lib import clock
from tests.cast import Cast
from tests.readings import reading

Queries = Callable[[int], Any]


@pytest.fixture
def client(cast: Cast) -> Client:
    return cast.client("teammate")


@pytest.fixture
def fleet(cast: Cast) -> dict[str, Device]:
    """The chiller and three more, one of them online at 460 W."""
    at = clock.now()
    made = {"Chiller": cast.device.device}
    for name, tags in (("Boiler", ["heat"]), ("Pump A", ["cellar"]), ("Pump B", [])):
        made[name] = device_register(
            organization_id=cast.organization.pk, name=name, tags=tags, at=at
        ).device
    device_transition(device_id=made["Pump A"].pk, trigger=Trigger.SEEN, at=at)
    device_transition(
        device_id=made["Boiler"].pk, trigger=Trigger.MAINTENANCE_STARTED, at=at
    )
    reading(made["Pump A"], at, phase="L1")
    reading(made["Pump A"], at, phase="L2")
    # Too old to count: the pump is silent.
    reading(made["Pump B"], at - timedelta(hours=2))
    Device.objects.filter(pk=made["Boiler"].pk).update(user=cast.users["owner"])
    return made


def names(client: Client, **query: Any) -> list[str]:
    answer = client.get(f"/api/devices?{urlencode(query)}")
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["data"]]


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Boiler", "Chiller", "Pump A", "Pump B"]),
        ({"status": "online"}, ["Pump A"]),
        ({"status": "maintenance"}, ["Boiler"]),
        ({"status": "decommissioned"}, []),
        ({"tags": "cellar"}, ["Chiller", "Pump A"]),
        ({"tags": "cellar,cooling"}, ["Chiller"]),
        ({"tags": " cellar , "}, ["Chiller", "Pump A"]),
        ({"search": "PUMP"}, ["Pump A", "Pump B"]),
        ({"search": "pm-1"}, ["Chiller"]),
        ({"search": "cell"}, ["Chiller"]),
        ({"search": "%"}, []),
        ({"search": "_"}, []),
        ({"search": "pump", "status": "offline"}, ["Pump B"]),
        ({"sort": "-name"}, ["Pump B", "Pump A", "Chiller", "Boiler"]),
        ({"sort": "status"}, ["Boiler", "Chiller", "Pump B", "Pump A"]),
        ({"sort": "-power"}, ["Pump A", "Boiler", "Chiller", "Pump B"]),
        ({"sort": "-last_seen_at"}, ["Pump A", "Boiler", "Chiller", "Pump B"]),
        ({"sort": "created_at", "per_page": 1}, ["Chiller"]),
        ({"per_page": 2, "page": 2}, ["Pump A", "Pump B"]),
        ({"per_page": 2, "page": 9}, []),
    ],
)
def test_it_lists_what_is_asked_for(
    client: Client, query: dict[str, Any], expected: list[str]
) -> None:
    assert names(client, **query) == expected


def test_it_lists_by_responsible_user(
    client: Client, cast: Cast, fleet: dict[str, Device]
) -> None:
    assert names(client, user_id=cast.users["owner"].pk) == ["Boiler"]


def test_it_finds_a_device_by_the_beginning_of_its_uuid(
    client: Client, fleet: dict[str, Device]
) -> None:
    assert names(client, search=str(fleet["Pump B"].uuid)[:13].upper()) == ["Pump B"]


def test_it_adds_the_power_of_phases_heard_of_late(
    client: Client, fleet: dict[str, Device]
) -> None:
    rows = client.get("/api/devices").json()["data"]
    power = {row["name"]: row["power_w"] for row in rows}
    assert power == {"Boiler": None, "Chiller": None, "Pump A": 460, "Pump B": None}


@pytest.mark.usefixtures("fleet")
def test_it_links_the_other_parts(client: Client) -> None:
    answer = client.get("/api/devices?per_page=1&page=2&search=u&tags=").json()
    assert answer["meta"] == {"page": 2, "per_page": 1, "total": 2, "pages": 2}
    links = answer["links"]
    assert links["next"] is None
    assert links["first"] == links["prev"]
    assert client.get(links["prev"]).json()["meta"]["page"] == 1
    assert client.get(links["last"]).json() == answer


@pytest.mark.usefixtures("fleet")
def test_it_asks_the_same_number_of_questions_for_any_number_of_devices(
    client: Client, django_assert_num_queries: Queries
) -> None:
    for per_page in (1, 200):
        # Session, user, memberships; count, rows.
        with django_assert_num_queries(5):
            client.get(f"/api/devices?per_page={per_page}")


def test_it_registers_a_device_and_shows_the_secret_once(
    client: Client, cast: Cast
) -> None:
    draft = {
        "name": "Fan",
        "model": "F-2",
        "location": "Roof",
        "firmware": "1.0",
        "tags": ["air"],
        "metadata": {"floor": 4},
        "heartbeat_interval_s": 30,
        "user_id": cast.users["viewer"].pk,
    }
    answer = client.post("/api/devices", draft, content_type="application/json")
    assert answer.status_code == 201
    body = answer.json()
    device = Device.objects.get(uuid=body["device"]["uuid"])
    pepper = settings.DEVICE_SECRET_PEPPER
    assert secret_matches(body["secret"], device.secret_hash, pepper=pepper)
    assert {name: body["device"][name] for name in draft if name != "user_id"} == {
        name: draft[name] for name in draft if name != "user_id"
    }
    assert body["device"]["responsible"] == "Viewer"
    words = shlex.split(body["curl"])
    assert "http://testserver/api/ingest" in words
    assert json.loads(words[-1])["voltage"] == 230.0
    assert f"X-Device-Secret: {body['secret']}" in words
    shown = client.get(f"/api/devices/{device.uuid}").content.decode()
    assert body["secret"] not in shown
    assert device.secret_hash not in shown
    event = Event.objects.get(type="device.registered", device_id=device.pk)
    assert event.user_id == cast.users["teammate"].pk


def test_it_names_each_field_that_it_refuses(client: Client) -> None:
    draft = {"name": " ", "tags": ["a,b"], "heartbeat_interval_s": 30}
    answer = client.post("/api/devices", draft, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["error"] == "invalid"
    assert set(answer.json()["errors"]) == {"name", "tags"}


def test_it_shows_a_device_and_its_readings_newest_first(
    client: Client, cast: Cast
) -> None:
    device, at = cast.device.device, clock.now().replace(microsecond=0)
    for minutes in range(3):
        reading(device, at - timedelta(minutes=2 - minutes))
    body = client.get(f"/api/devices/{device.pk}?limit=2").json()
    assert body["device"]["uuid"] == str(device.uuid)
    assert [r["ts"] for r in body["records"]] == [
        (at - timedelta(minutes=n)).isoformat().replace("+00:00", "Z") for n in (0, 1)
    ]
    assert body["records"][0]["power"] == 460
    assert body["meta"] == {"limit": 2, "truncated": True}
    assert body["latest"][0]["active_power_w"] == 230
    older = urlencode({"to": (at - timedelta(seconds=90)).isoformat()})
    body = client.get(f"/api/devices/{device.uuid}?{older}").json()
    assert len(body["records"]) == 1
    assert not body["meta"]["truncated"]


def test_it_changes_only_what_is_said(client: Client, cast: Cast) -> None:
    path = f"/api/devices/{cast.device.device.uuid}"
    answer = client.patch(path, {"location": "Roof"}, content_type="application/json")
    body = answer.json()["device"]
    assert (body["name"], body["location"], body["model"]) == (
        "Chiller",
        "Roof",
        "PM-1",
    )
    event = Event.objects.get(type="device.updated")
    assert event.data["changed"] == {"location": {"from": "Cellar", "to": "Roof"}}
    assert event.user_id == cast.users["teammate"].pk


def test_it_leads_a_device_through_maintenance_to_its_end(
    client: Client, cast: Cast
) -> None:
    path = f"/api/devices/{cast.device.device.uuid}"

    def status(answer: Any) -> str:
        return str(answer.json().get("device", answer.json()).get("status", ""))

    assert status(client.post(f"{path}/maintenance")) == "maintenance"
    again = client.post(f"{path}/maintenance")
    assert (again.status_code, again.json()["error"]) == (409, "transition_not_allowed")
    assert status(client.delete(f"{path}/maintenance")) == "offline"
    assert status(client.post(f"{path}/decommission")) == "decommissioned"
    assert client.post(f"{path}/maintenance").status_code == 409
    change = client.patch(path, {"name": "X"}, content_type="application/json")
    assert (change.status_code, change.json()["error"]) == (409, "decommissioned")


def test_it_records_who_asked_for_what_their_role_forbids(cast: Cast) -> None:
    path = f"/api/devices/{cast.device.device.uuid}/decommission"
    answer = cast.client("viewer").post(path)
    assert answer.json()["error"] == "permission_denied"
    event = Event.objects.get(type="permission.denied")
    assert event.user_id == cast.users["viewer"].pk
    assert event.data == {"scope": "devices:write", "method": "POST", "path": path}
