"""The unmodified clients of the browser, under Node, against the real door."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from powerdash.lib import pusher
from tests.integration.realtime.client import APP, Server

HERE = Path(__file__).parent
PACKAGES = HERE.parents[2] / "frontend" / "package.json"

both = pytest.mark.parametrize("echo", [False, True], ids=["pusher-js", "laravel-echo"])


class Page:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def sees(self, what: str, **expected: Any) -> dict[str, Any]:
        """Return the next thing of a kind that has the expected values."""
        assert self._process.stdout is not None
        async with asyncio.timeout(15):
            while line := await self._process.stdout.readline():
                seen: dict[str, Any] = json.loads(line)
                if seen["what"] == what and expected.items() <= seen.items():
                    return seen
        raise AssertionError(f"The page ended before it saw {what}.")


@asynccontextmanager
async def page(server: Server, *channels: str, **wanted: Any) -> AsyncIterator[Page]:
    asked = {
        "packages": str(PACKAGES),
        "port": server.port,
        "key": APP.key,
        "secret": APP.secret,
        "channels": channels,
        **wanted,
    }
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "stock.cjs"),
        json.dumps(asked),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    try:
        yield Page(process)
    finally:
        process.stdin.close()
        async with asyncio.timeout(15):
            await process.communicate()


async def announce(server: Server, channel: str, data: str, **more: Any) -> None:
    event = {"name": "DeviceStatusChanged", "channel": channel, "data": data, **more}
    answer = await server.ask("POST", f"/apps/{APP.id}/events", event)
    assert answer.status_code == 200


def names() -> tuple[str, str]:
    stem = uuid.uuid4()
    return f"news-{stem}", f"private-org.{stem}"


@both
async def test_18_31_it_subscribes_and_hears_what_another_server_publishes(
    pair: tuple[Server, Server], echo: bool
) -> None:
    here, there = pair
    channels = names()
    async with page(here, *channels, echo=echo) as browser:
        await browser.sees("state", state="connected")
        for name in channels:
            await browser.sees("subscribed", name=name)
        for name in channels:
            await announce(there, name, '{"status": "online", "name": "ä€"}')
            data = {"status": "online", "name": "ä€"}
            await browser.sees("event", name=name, data=data)


async def test_31_data_that_is_no_json_arrives_as_it_is(server: Server) -> None:
    channel = names()[0]
    async with page(server, channel) as browser:
        await browser.sees("subscribed")
        await announce(server, channel, "plain {text")
        await browser.sees("event", data="plain {text")


@both
async def test_19_a_refused_channel_tells_its_own_error_callback(
    server: Server, echo: bool
) -> None:
    forbidden, allowed = "private-forbidden", names()[1]
    async with page(server, forbidden, allowed, echo=echo) as browser:
        seen = await browser.sees("refused", name=forbidden)
        assert (seen["type"], seen["status"]) == ("AuthError", 401)
        await browser.sees("subscribed", name=allowed)


async def test_32_it_can_be_left_out(server: Server) -> None:
    channel = names()[1]
    async with page(server, channel) as browser:
        socket_id = (await browser.sees("state", state="connected"))["socketId"]
        assert pusher.socket_id_is_valid(socket_id)
        await browser.sees("subscribed")
        await announce(server, channel, "1", socket_id=socket_id)
        await announce(server, channel, "2")
        assert (await browser.sees("event"))["data"] == 2


async def test_08_its_own_pings_are_answered(server: Server) -> None:
    async with page(server, activityTimeout=200) as browser:
        await browser.sees("pong")
        await browser.sees("pong")


async def test_03_an_unknown_key_ends_it(server: Server) -> None:
    async with page(server, key="other") as browser:
        await browser.sees("error", code=4001)
        await browser.sees("state", state="disconnected")
