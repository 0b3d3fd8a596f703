"""Numbers are those of the checklist in the protocol reference, section 11."""

import asyncio
import json
import uuid

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.integration.realtime.client import APP, Server


def name() -> str:
    return f"private-{uuid.uuid4()}"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/app/other?protocol=7", 4001),
        (f"/app/{APP.key}?protocol=x", 4006),
        (f"/app/{APP.key}?protocol=1", 4007),
        (f"/ap/{APP.key}?protocol=7", 4005),
    ],
)
async def test_03_a_refused_client_gets_the_code_twice(
    server: Server, path: str, code: int
) -> None:
    async with connect(server.url(path)) as socket:
        frame = json.loads(await socket.recv())
        assert frame["event"] == "pusher:error"
        assert frame["data"]["code"] == code
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == code


@pytest.mark.parametrize(
    "path", [f"/app/{APP.key}", f"/some/prefix/app/{APP.key}?protocol=7&flash=false"]
)
async def test_02_a_client_is_greeted(server: Server, path: str) -> None:
    async with connect(server.url(path)) as socket:
        frame = json.loads(await socket.recv())
        assert frame["event"] == "pusher:connection_established"


async def test_socket_ids_differ(server: Server) -> None:
    async with server.connected() as one, server.connected() as two:
        assert one.socket_id != two.socket_id


async def test_07_a_message_over_the_limit_closes(server: Server) -> None:
    async with server.connected() as client:
        await client.say("pusher:ping", text="x" * 20_000)
        with pytest.raises(ConnectionClosed):
            await client.hear()
        assert client.socket.close_code == 1009


async def test_08_a_ping_frame_gets_a_pong_frame(server: Server) -> None:
    async with server.connected() as client, asyncio.timeout(5):
        await (await client.socket.ping(b"payload"))


async def test_13_nonsense_does_not_end_the_connection(server: Server) -> None:
    async with server.connected() as client:
        await client.socket.send("nonsense")
        assert (await client.hear())["data"]["code"] == 4200
        assert await client.nothing_waits()


async def test_fragments_are_joined(server: Server) -> None:
    async with server.connected() as client:
        await client.socket.send(['{"event":', '"pusher:ping"}'])
        assert await client.hear() == {"event": "pusher:pong"}


async def test_binary_messages_close(server: Server) -> None:
    async with server.connected() as client:
        await client.socket.send(b"x")
        with pytest.raises(ConnectionClosed):
            await client.hear()
        assert client.socket.close_code == 1003


async def occupied(server: Server, channel: str) -> bool:
    answer = await server.ask("GET", f"/apps/{APP.id}/channels/{channel}")
    return bool(answer.json()["occupied"])


async def wait_until_empty(server: Server, channel: str) -> None:
    async with asyncio.timeout(5):
        while await occupied(server, channel):
            pass


async def test_21_nothing_is_left_of_a_client_that_leaves(server: Server) -> None:
    unsubscribed, closed, cut = name(), name(), name()
    async with server.connected() as client:
        for channel in (unsubscribed, closed):
            await client.subscribe(channel)
        await client.say("pusher:unsubscribe", channel=unsubscribed)
        assert await client.nothing_waits()
        assert not await occupied(server, unsubscribed)
        assert await occupied(server, closed)
    await wait_until_empty(server, closed)
    async with server.connected() as client:
        await client.subscribe(cut)
        client.socket.transport.abort()
    await wait_until_empty(server, cut)


async def test_09_10_a_silent_client_is_asked_and_then_closed(
    impatient_server: Server,
) -> None:
    channel = name()
    async with impatient_server.connected() as client:
        await client.subscribe(channel)
        assert await client.hear() == {"event": "pusher:ping"}
        assert (await client.hear())["data"]["code"] == 4201
        with pytest.raises(ConnectionClosed):
            await client.hear()
        assert client.socket.close_code == 4201
    await wait_until_empty(impatient_server, channel)


async def test_09_a_client_that_answers_stays(impatient_server: Server) -> None:
    async with impatient_server.connected() as client:
        for _ in range(3):
            assert await client.hear() == {"event": "pusher:ping"}
            await client.say("pusher:pong")


async def test_31_data_arrives_as_posted_on_every_server(
    pair: tuple[Server, Server],
) -> None:
    channel, data = name(), '{"b": 1,  "a":"ä\\u0000€"}'
    here, there = pair
    async with here.connected() as one, there.connected() as two:
        await one.subscribe(channel)
        await two.subscribe(channel)
        assert (await here.trigger(channel, data)).json() == {}
        for client in (one, two):
            frame = {"event": "E", "channel": channel, "data": data}
            assert await client.hear() == frame


async def test_32_a_client_is_left_out_on_whichever_server_it_is(
    pair: tuple[Server, Server],
) -> None:
    channel = name()
    here, there = pair
    async with here.connected() as one, there.connected() as two:
        await one.subscribe(channel)
        await two.subscribe(channel)
        await here.trigger(channel, "1", socket_id=two.socket_id)
        await here.trigger(channel, "2", socket_id="nonsense")
        assert [(await one.hear())["data"] for _ in range(2)] == ["1", "2"]
        assert (await two.hear())["data"] == "2"


async def test_39_all_events_of_a_batch_arrive_in_order(
    pair: tuple[Server, Server],
) -> None:
    channel = name()
    here, there = pair
    async with there.connected() as client:
        await client.subscribe(channel)
        batch = [{"name": "E", "channel": channel, "data": str(n)} for n in range(10)]
        path = f"/apps/{APP.id}/batch_events"
        answer = await here.ask("POST", path, {"batch": batch})
        assert answer.json() == {}
        heard = [(await client.hear())["data"] for _ in range(10)]
        assert heard == [str(n) for n in range(10)]


async def test_a_stopping_server_sends_its_clients_elsewhere(
    own_server: Server,
) -> None:
    async with own_server.connected() as client:
        own_server.process.terminate()
        with pytest.raises(ConnectionClosed):
            await client.hear()
        # The HTTP server closes first: pusher-js comes back after a second.
        assert client.socket.close_code in {1012, 4200}
