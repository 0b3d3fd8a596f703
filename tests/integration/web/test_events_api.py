"""`/api/events` and the record itself."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import Error, connection, transaction
from django.test import Client

from powerdash.events.models import Event
from powerdash.events.services import event_record
from powerdash.events.types import EventType
from powerdash.lib import clock
from tests.cast import Cast


@pytest.fixture
def client(cast: Cast) -> Client:
    return cast.client("support")


@pytest.fixture
def record(cast: Cast) -> list[int]:
    """Ten events of our device, a second apart; every other one is routine."""
    begin = clock.now() - timedelta(minutes=10)
    return [
        event_record(
            event_type=EventType.DEVICE_ONLINE if n % 2 else EventType.INGEST_ACCEPTED,
            at=begin + timedelta(seconds=n),
            device_id=cast.device.device.pk,
            data={"n": n},
        )
        for n in range(10)
    ]


def lines(client: Client, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/events?{urlencode(query)}")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


@pytest.mark.usefixtures("record")
def test_it_lists_the_newest_first(client: Client, cast: Cast) -> None:
    found = lines(client, device=cast.device.device.uuid)
    assert [line["data"].get("n") for line in found] == [*range(9, -1, -1), None]
    assert found[0]["device_name"] == "Chiller"
    assert found[-1]["type"] == "device.registered"


@pytest.mark.usefixtures("record")
def test_it_goes_back_by_cursor_without_loss_or_repetition(
    client: Client, cast: Cast
) -> None:
    whole = [line["id"] for line in lines(client)]
    found: list[int] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        answer = client.get(f"/api/events?{urlencode(query)}").json()
        found += [line["id"] for line in answer["data"]]
        if answer["next"] is None:
            break
        query["cursor"] = answer["next"]
    assert found == whole
    assert (
        len(whole) == Event.objects.filter(organization_id=cast.organization.pk).count()
    )


@pytest.mark.usefixtures("record")
def test_it_narrows_by_type_and_time_and_user(client: Client, cast: Cast) -> None:
    online = lines(client, type="device.online")
    assert [line["data"]["n"] for line in online] == [9, 7, 5, 3, 1]
    since, until = online[3]["at"], online[0]["at"]
    between = lines(client, type="device.online", **{"from": since, "to": until})
    assert [line["data"]["n"] for line in between] == [7, 5, 3]
    about = lines(client, user_id=cast.users["owner"].pk)
    assert {line["user"] for line in about} == {"Owner"}


@pytest.mark.parametrize("cursor", ["x", "AAAA", "////", "9" * 90, "MTIz", "ä"])
def test_it_refuses_a_cursor_that_it_did_not_give(client: Client, cursor: str) -> None:
    answer = client.get(f"/api/events?{urlencode({'cursor': cursor})}")
    assert answer.status_code == 422
    assert "cursor" in answer.json()["errors"]


def test_another_organizations_device_does_not_exist(
    client: Client, cast: Cast
) -> None:
    strange = cast.strange_device.device.uuid
    assert client.get(f"/api/events?device={strange}").status_code == 404


@pytest.mark.usefixtures("record")
def test_the_page_leaves_out_what_is_routine_unless_asked(
    client: Client, cast: Cast
) -> None:
    headers = {"X-Inertia": "true"}
    shown = client.get("/events", headers=headers).json()["props"]["events"]
    assert "ingest.accepted" not in {line["type"] for line in shown}
    asked = client.get("/events?type=ingest.accepted", headers=headers).json()["props"]
    assert len(asked["events"]) == 5
    assert asked["filters"] == {"type": "ingest.accepted"}


@pytest.mark.parametrize(
    "query",
    [
        "type=x",
        "device=x",
        "user_id=x",
        "from=x",
        "cursor=x",
        "to=2026-01-01",
        "user_id=9" + "9" * 40,
    ],
)
def test_the_page_shows_nothing_for_what_it_does_not_understand(
    client: Client, query: str
) -> None:
    answer = client.get(f"/events?{query}", headers={"X-Inertia": "true"})
    assert answer.status_code == 200
    assert answer.json()["props"]["events"] == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET data = '{}'",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE events SET at = at + interval '1 year'",
    ],
)
def test_the_database_refuses_to_change_the_record(
    cast: Cast, record: list[int], statement: str
) -> None:
    with (
        pytest.raises(Error, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Event.objects.filter(pk__in=record).count() == len(record)


def test_the_list_of_what_is_notable_is_read_by_its_index(cast: Cast) -> None:
    from powerdash.events.sql import QUERIES

    arguments: dict[str, Any] = dict.fromkeys(
        ("types", "device_id", "user_id", "since", "until", "before_at", "before_id")
    )
    arguments |= {"organization_id": cast.organization.pk, "limit": 10}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute("EXPLAIN " + QUERIES["page_notable"], arguments)
        plan = str(cursor.fetchall())
    assert "Index Scan" in plan
    assert "Sort Key: e.at DESC" not in plan
