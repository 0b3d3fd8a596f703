"""A browser that does not read costs bounded memory and delays nobody."""

import asyncio
import json
import socket
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from powerdash.lib import pusher
from powerdash.lib.broker import Frame, LiveBus, live_bus_from_settings
from powerdash.realtime import outbox
from tests.integration.realtime.client import APP, Client, Server

DATA = json.dumps("x" * 9_000)
PAGE = 4096  # bytes


@pytest_asyncio.fixture
async def bus(django_db_setup: None) -> AsyncIterator[LiveBus]:
    bus = live_bus_from_settings()
    await bus.start(None)
    yield bus
    await bus.close()


def memory(server: Server) -> int:
    """Return the resident bytes of the server's process."""
    statm = Path(f"/proc/{server.process.pid}/statm").read_text(encoding="ascii")
    return int(statm.split()[1]) * PAGE


class Stuck:
    """A client that subscribes and never reads again."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.socket = socket.socket()
        # The kernel's buffers would otherwise hold megabytes before anybody waits.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    async def subscribe(self, channel: str) -> None:
        self.socket.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self._server.port))
        request = (
            f"GET /app/{APP.key}?protocol=7 HTTP/1.1\r\nHost: x\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await loop.sock_sendall(self.socket, request.encode())
        heard = b""
        while b"activity_timeout" not in heard:
            heard += await loop.sock_recv(self.socket, 4096)
        socket_id = heard.partition(b'socket_id\\":\\"')[2].partition(b"\\")[0].decode()
        auth = pusher.channel_auth(APP, socket_id, channel)
        data = {"channel": channel, "auth": auth}
        text = json.dumps({"event": "pusher:subscribe", "data": data}).encode()
        head = bytes((0x81, 0x80 | 126)) + len(text).to_bytes(2) + bytes(4)
        await loop.sock_sendall(self.socket, head + text)  # masked with zeros
        while b"subscription_succeeded" not in heard:
            heard += await loop.sock_recv(self.socket, 4096)

    async def cut_off(self) -> bool:
        """Tell whether the server has dropped the connection."""
        try:
            await asyncio.get_running_loop().sock_sendall(self.socket, bytes(1))
        except OSError:
            return True
        return False


async def hear_until(client: Client, last: str) -> list[str]:
    heard: list[str] = []
    while not heard or heard[-1] != last:
        heard.append((await client.hear())["data"])
    return heard


async def publish_to_both(
    bus: LiveBus, healthy: Client, channel: str, frames: list[Frame]
) -> float:
    """Publish bursts and return the longest time one took to the healthy client, s."""
    longest = 0.0
    for number, start in enumerate(range(0, len(frames), 100)):
        at = time.monotonic()
        last = Frame(channel, "E", f'"burst {number}"')
        await bus.publish([*frames[start : start + 100], last])
        await hear_until(healthy, last.data)
        longest = max(longest, time.monotonic() - at)
    return longest


async def test_a_stuck_client_is_dropped_and_delays_nobody(
    own_server: Server, bus: LiveBus
) -> None:
    channel = f"private-{uuid.uuid4()}"
    async with own_server.connected() as healthy:
        await healthy.subscribe(channel)
        stuck = Stuck(own_server)
        await stuck.subscribe(channel)
        warm = [Frame(channel, "E", DATA)] * 100
        await publish_to_both(bus, healthy, channel, warm)
        before = memory(own_server)
        frames = [Frame(channel, "E", DATA)] * 6_000  # 54 MB, far over the limit
        longest = await publish_to_both(bus, healthy, channel, frames)
        assert longest < 1
        assert memory(own_server) - before < 10 * outbox.SIZE_MAX
        async with asyncio.timeout(15):
            while not await stuck.cut_off():
                await healthy.say("pusher:ping")
                await healthy.hear()
    stuck.socket.close()


async def test_a_slow_client_gets_the_newest_state_of_each_live_value(
    own_server: Server, bus: LiveBus
) -> None:
    channel = f"private-{uuid.uuid4()}"
    stuck = Stuck(own_server)
    async with own_server.connected() as healthy:
        await healthy.subscribe(channel)
        await stuck.subscribe(channel)
        frames = [
            Frame(channel, "E", json.dumps([n, n % 10, "x" * 9_000]), f"{n % 10}")
            for n in range(3_000)
        ]
        await publish_to_both(bus, healthy, channel, frames)
        heard = b""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(20):
            while not all(f'"[{n},'.encode() in heard for n in range(2_990, 3_000)):
                heard += await loop.sock_recv(stuck.socket, 65_536)
        assert heard.count(b'"[') < 1_500
    stuck.socket.close()
