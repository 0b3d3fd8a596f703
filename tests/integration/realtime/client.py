"""A client of the wire protocol: frames as they are, nothing done by itself."""

import asyncio
import hashlib
import json
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect

from powerdash import settings
from powerdash.lib import pusher

APP = pusher.App(
    settings.PUSHER_APP_ID, settings.PUSHER_APP_KEY, settings.PUSHER_APP_SECRET
)


class Client:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.socket_id = ""

    async def say(self, event: str, **data: Any) -> None:
        await self.socket.send(json.dumps({"event": event, "data": data}))

    async def hear(self) -> dict[str, Any]:
        """Return the next frame."""
        async with asyncio.timeout(10):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        return frame

    async def subscribe(self, channel: str) -> dict[str, Any]:
        auth = pusher.channel_auth(APP, self.socket_id, channel)
        await self.say("pusher:subscribe", channel=channel, auth=auth)
        return await self.hear()

    async def nothing_waits(self) -> bool:
        """Tell whether a ping's answer is the next frame."""
        await self.say("pusher:ping")
        return await self.hear() == {"event": "pusher:pong"}


@dataclass(frozen=True)
class Server:
    process: "subprocess.Popen[str]"
    port: int

    def url(self, path: str = f"/app/{APP.key}?protocol=7&client=js&version=8") -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Client]:
        async with connect(self.url()) as socket:
            client = Client(socket)
            greeting = json.loads((await client.hear())["data"])
            client.socket_id = greeting["socket_id"]
            yield client

    async def ask(
        self, method: str, path: str, body: Any = None, **query: str
    ) -> httpx.Response:
        """Send a signed request; a `body` of bytes goes as it is."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        raw = b"" if body is None else raw
        parameters = signed(method, path, raw, query)
        async with httpx.AsyncClient() as http:
            url = f"http://127.0.0.1:{self.port}{path}?{urlencode(parameters)}"
            return await http.request(method, url, content=raw)

    async def trigger(self, channel: str, data: str, **more: Any) -> httpx.Response:
        event = {"name": "E", "channel": channel, "data": data, **more}
        return await self.ask("POST", f"/apps/{APP.id}/events", event)


def signed(
    method: str, path: str, body: bytes, query: dict[str, str]
) -> dict[str, str]:
    parameters = {
        **query,
        "auth_key": APP.key,
        "auth_timestamp": str(int(time.time())),
        "auth_version": "1.0",
    }
    if body:
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        parameters["body_md5"] = md5
    text = pusher.request_signature(APP.secret, method, path, parameters)
    return {**parameters, "auth_signature": text}
