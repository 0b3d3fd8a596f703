"""Test who sees what was refused, and who may store it after all."""

import json

import pytest
from django.db import connection
from django.test import Client

from powerdash.lib import clock
from tests.cast import Cast


@pytest.fixture
def ids(cast: Cast) -> list[int]:
    """Three refused readings of our device, one of the stranger's."""
    devices = [cast.device.device] * 3 + [cast.strange_device.device]
    made = []
    with connection.cursor() as cursor:
        for number, device in enumerate(devices):
            ts = clock.now().isoformat()
            sent = json.dumps({"ts": ts, "current": -1 - number, "voltage": 230})
            cursor.execute(
                "INSERT INTO ingest_rejections (at, organization_id, device_id, errors,"
                " payload) VALUES (now(), %s, %s, %s, %s) RETURNING id",
                [device.organization_id, device.pk, '{"current": ["no"]}', sent],
            )
            made.append(cursor.fetchall()[0][0])
    return made


def test_they_are_listed_newest_first_by_page(cast: Cast, ids: list[int]) -> None:
    client = cast.client("viewer")
    first = client.get("/api/ingest/rejections?limit=2").json()
    assert [row["id"] for row in first["data"]] == [ids[2], ids[1]]
    assert first["data"][0]["device_name"] == "Chiller"
    assert first["data"][0]["errors"] == {"current": ["no"]}
    rest = client.get(f"/api/ingest/rejections?before={first['next']}").json()
    assert ([row["id"] for row in rest["data"]], rest["next"]) == ([ids[0]], None)
    strange = cast.strange_device.device.uuid
    assert client.get(f"/api/ingest/rejections?device={strange}").status_code == 404


def replay(client: Client, **body: object) -> dict[str, object]:
    answer = client.post(
        "/api/ingest/rejections/replay", body, content_type="application/json"
    )
    return {"status": answer.status_code, **answer.json()}


def test_an_operator_stores_them_after_a_fix(cast: Cast, ids: list[int]) -> None:
    client = cast.client("teammate")
    done = replay(client, ids=ids, factors={"current": -1})
    # One of them is another organization's: to this one there is none.
    none = {"ids": ["There is no such refused reading."]}
    assert done == {
        "status": 200, "accepted": 3, "duplicates": 0, "errors": {str(ids[-1]): none},
    }  # fmt: skip
    body = client.get(f"/api/devices/{cast.device.device.uuid}").json()
    assert sorted(row["current"] for row in body["records"]) == [1, 2, 3]
    assert body["arrivals"]["accepted"] == 0  # none came through the door


def test_a_bad_fix_names_its_field(cast: Cast, ids: list[int]) -> None:
    client = cast.client("teammate")
    assert replay(client, ids=[])["status"] == 422
    refused = replay(client, ids=ids, shift_s="1h")
    assert (refused["status"], list(refused["errors"])) == (422, ["shift_s"])  # type: ignore[call-overload]
