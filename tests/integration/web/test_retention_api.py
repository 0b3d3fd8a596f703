"""Test who may say how long what is kept, and what is told of it."""

import pytest
from django.test import Client

from powerdash.events.models import Event
from tests.cast import Cast

RULE = {"raw_days": 30, "days_5m": 90, "days_1h": 0, "days_1d": 0}


@pytest.fixture
def client(cast: Cast) -> Client:
    return cast.client("owner")


def put(client: Client, path: str, **body: object) -> int:
    return client.put(path, body, content_type="application/json").status_code


def test_an_owner_sets_and_removes_rules(client: Client, cast: Cast) -> None:
    assert put(client, "/api/retention", **RULE) == 200
    assert (
        put(client, "/api/retention", **{**RULE, "raw_days": 7}, tag="cooling") == 200
    )
    told = cast.client("viewer").get("/api/retention").json()
    assert told["installation"]["raw_days"] == 7
    assert told["rules"] == {"": RULE, "cooling": {**RULE, "raw_days": 7}}
    assert client.delete("/api/retention?tag=cooling").status_code == 204
    assert client.delete("/api/retention?tag=cooling").status_code == 404
    assert set(client.get("/api/retention").json()["rules"]) == {""}
    assert Event.objects.filter(type="retention.set").count() == 3
    strange = cast.client("stranger").get("/api/retention").json()
    assert strange["rules"] == {}


def test_a_device_is_held_and_released(client: Client, cast: Cast) -> None:
    uuid = str(cast.device.device.uuid)
    assert put(client, f"/api/devices/{uuid}/hold", reason="Dispute 7") == 204
    [held] = client.get("/api/retention").json()["held"]
    assert (held["device"], held["reason"]) == (uuid, "Dispute 7")
    assert cast.client("stranger").get("/api/retention").json()["held"] == []
    strange = cast.strange_device.device.uuid
    assert put(client, f"/api/devices/{strange}/hold") == 404
    assert client.delete(f"/api/devices/{uuid}/hold").status_code == 204
    assert client.get("/api/retention").json()["held"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [({"raw_days": -1}, "raw_days"), ({"days_1h": "7"}, "days_1h"), ({"x": 1}, "x")],
)
def test_a_bad_rule_names_its_field(
    client: Client, change: dict[str, object], field: str
) -> None:
    answer = client.put(
        "/api/retention", {**RULE, **change}, content_type="application/json"
    )
    assert answer.status_code == 422
    assert field in answer.json()["errors"]
