"""Numbers are those of the checklist in the protocol reference, section 11."""

import json
import uuid
from typing import Any

import httpx
import pytest

from tests.integration.realtime.client import APP, Server, signed

EVENTS = f"/apps/{APP.id}/events"
BATCH = f"/apps/{APP.id}/batch_events"
EVENT = {"name": "E", "channel": "a", "data": "1"}


def name() -> str:
    return f"private-{uuid.uuid4()}"


async def test_33_info_is_answered_for_every_channel_named(server: Server) -> None:
    full, empty = name(), name()
    event = {"name": "E", "channels": [full, empty], "data": "1"}
    async with server.connected() as one, server.connected() as two:
        await one.subscribe(full)
        await two.subscribe(full)
        assert (await server.ask("POST", EVENTS, event)).json() == {}
        event["info"] = "subscription_count"
        answer = (await server.ask("POST", EVENTS, event)).json()
    counts = {full: {"subscription_count": 2}, empty: {"subscription_count": 0}}
    assert answer == {"channels": counts}


async def test_33_a_batch_answers_one_entry_an_event(server: Server) -> None:
    asking = EVENT | {"info": "subscription_count"}
    answer = await server.ask("POST", BATCH, {"batch": [EVENT, asking]})
    assert answer.json() == {"batch": [{}, {"subscription_count": 0}]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (EVENT | {"data": None}, 400),
        (EVENT | {"data": {"a": 1}}, 400),
        ({"name": "E", "channel": "a"}, 400),
        ({"name": "E", "data": "1"}, 400),
        (EVENT | {"name": 1}, 400),
        (EVENT | {"name": ""}, 400),
        (EVENT | {"name": "x" * 201}, 400),
        (EVENT | {"socket_id": 1}, 400),
        (EVENT | {"info": 1}, 400),
        (EVENT | {"info": "secrets"}, 400),
        (EVENT | {"info": "user_count"}, 400),
        (EVENT | {"channel": "a b"}, 400),
        (EVENT | {"channels": []} | {"channel": None}, 400),
        (EVENT | {"channels": [f"c{n}" for n in range(101)]}, 400),
        (EVENT | {"channels": [f"c{n}" for n in range(100)]}, 400),  # and `channel`
        (EVENT | {"data": "ä" * 5121}, 413),
        (EVENT | {"data": "ä" * 5120}, 200),
        (EVENT | {"name": "x" * 200}, 200),
        (b"null", 400),
        (b"nonsense", 400),
        (b"[" * 100_000, 400),
        (b" " * (1024 * 1024 + 1), 413),
    ],
)
async def test_34_35_36_an_event_that_is_none_is_refused(
    server: Server, body: Any, status: int
) -> None:
    answer = await server.ask("POST", EVENTS, body)
    assert answer.status_code == status
    if status != 200:
        assert set(answer.json()) == {"error", "message"}


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([EVENT] * 11, 400),
        ([EVENT, EVENT | {"data": "x" * 10_241}], 413),
        ([EVENT, EVENT | {"channel": "#server-to-user-1"}], 400),
        ([{"name": "E", "channels": ["a"], "data": "1"}], 400),
    ],
)
async def test_34_a_batch_is_all_or_nothing(
    server: Server, events: list[Any], status: int
) -> None:
    async with server.connected() as client:
        await client.say("pusher:subscribe", channel="a")
        await client.hear()
        answer = await server.ask("POST", BATCH, {"batch": events})
        assert answer.status_code == status
        await server.trigger("a", "last")
        assert (await client.hear())["data"] == "last"


async def test_35_a_body_in_pieces_is_put_together(server: Server) -> None:
    body = json.dumps(EVENT).encode() + b" " * 150_000

    async def pieces() -> Any:
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    query = signed("POST", EVENTS, body, {})
    url = f"http://127.0.0.1:{server.port}{EVENTS}"
    async with httpx.AsyncClient() as http:
        assert (await http.post(url, params=query, content=pieces())).json() == {}


@pytest.mark.parametrize(
    "change", [{"auth_signature": "x"}, {"auth_key": "x"}, {"auth_timestamp": "1"}]
)
async def test_37_an_unsigned_request_is_refused(
    server: Server, change: dict[str, str]
) -> None:
    body = json.dumps(EVENT).encode()
    query = signed("POST", EVENTS, body, {}) | change
    url = f"http://127.0.0.1:{server.port}{EVENTS}"
    async with httpx.AsyncClient() as http:
        for parameters in (query, {}):
            answer = await http.post(url, params=parameters, content=body)
            assert answer.status_code == 401
            assert answer.json()["error"] == "unauthorized"
            assert APP.secret not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/apps/other/events", 404),
        ("GET", "/apps/other/channels", 404),
        ("POST", f"/apps/{APP.id}/other", 404),
        ("POST", f"/apps/{APP.id}/events/x", 404),
        ("POST", "/apps", 404),
        ("GET", EVENTS, 405),
        ("PUT", BATCH, 405),
        ("POST", f"/apps/{APP.id}/channels", 405),
        ("GET", f"/apps/{APP.id}/channels/a:b", 400),
    ],
)
async def test_37_there_is_nothing_else(
    server: Server, method: str, path: str, status: int
) -> None:
    assert (await server.ask(method, path)).status_code == status


async def test_40_a_channel_tells_what_was_asked(server: Server) -> None:
    channel = name()
    path = f"/apps/{APP.id}/channels/{channel}"
    async with server.connected() as client:
        await client.subscribe(channel)
        assert (await server.ask("GET", path)).json() == {"occupied": True}
        answer = await server.ask("GET", path, info="subscription_count,cache")
        assert answer.json() == {"occupied": True, "subscription_count": 1}
    empty = await server.ask("GET", f"/apps/{APP.id}/channels/cache-x", info="cache")
    assert empty.json() == {"occupied": False, "cache": None}
    users = await server.ask(
        "GET", f"/apps/{APP.id}/channels/presence-x", info="user_count"
    )
    assert users.json() == {"occupied": False, "user_count": 0}


async def test_41_the_list_has_occupied_channels_only(server: Server) -> None:
    one, two = name(), name()
    path = f"/apps/{APP.id}/channels"
    async with server.connected() as client:
        await client.subscribe(one)
        await client.subscribe(two)
        assert {one, two} <= (await server.ask("GET", path)).json()["channels"].keys()
        answer = await server.ask(
            "GET", path, filter_by_prefix=one, info="subscription_count"
        )
        assert answer.json() == {"channels": {one: {"subscription_count": 1}}}
    none = await server.ask("GET", path, filter_by_prefix="presence-")
    assert none.json() == {"channels": {}}


async def test_41_users_are_counted_on_presence_channels_only(server: Server) -> None:
    path = f"/apps/{APP.id}/channels"
    refused = await server.ask("GET", path, info="user_count")
    assert refused.status_code == 400
    asked = {"info": "user_count", "filter_by_prefix": "presence-"}
    assert (await server.ask("GET", path, **asked)).json() == {"channels": {}}


async def test_44_an_answer_has_its_length_and_type(server: Server) -> None:
    answer = await server.ask("POST", EVENTS, EVENT)
    assert answer.headers["content-length"] == "2"
    assert answer.headers["content-type"] == "application/json"
