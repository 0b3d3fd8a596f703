"""The ASGI application of the realtime door: WebSocket connections and the HTTP API."""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec
import structlog
from prometheus_client import Gauge

from powerdash import settings
from powerdash.lib import clock, pusher
from powerdash.lib.broker import Frame, LiveBus, live_bus_from_settings
from powerdash.realtime import api, protocol
from powerdash.realtime.channels import Channels
from powerdash.realtime.pace import Pace
from powerdash.realtime.session import Message, Receive, SendMessage, Session
from powerdash.realtime.summaries import Summaries

log = structlog.get_logger(__name__)

CONNECTIONS_MAX = 10_000  # in one process
TICK_S = 1.0
PACE_S = 0.02  # how exactly a live value keeps its pace
STOP_S = 5.0  # for browsers to take the goodbye

CONNECTIONS = Gauge("powerdash_realtime_connections", "Open WebSocket connections.")


class Realtime:
    """Serves `/app/{key}` (WebSocket) and `/apps/…` (HTTP).

    Args:
        bus: Started and closed by `start` and `stop`; others in the process may
            publish on it in between. The installation's if not given.
        app: The application; the one in the settings if not given.
    """

    def __init__(
        self, bus: LiveBus | None = None, app: pusher.App | None = None
    ) -> None:
        self._app = app or pusher.App(
            settings.PUSHER_APP_ID, settings.PUSHER_APP_KEY, settings.PUSHER_APP_SECRET
        )
        self._bus = bus or live_bus_from_settings()
        self._channels = Channels()
        self._api = api.Api(
            self._app, self._channels, self._bus, lambda: clock.now().timestamp()
        )
        self._pace = Pace()
        self._turn: asyncio.TimerHandle | None = None
        self._sessions: set[Session] = set()
        self._ended = asyncio.Event()
        self._summaries = Summaries(self._channels)
        self._ticker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Join the live bus and begin to look after silent connections."""
        await self._bus.start(self._hear)
        self._ticker = asyncio.create_task(self._tick(), name="realtime ticker")
        self._summaries.start()

    def _hear(self, frames: Sequence[Frame]) -> None:
        """Hand frames from the bus to their subscribers, live values at their pace."""
        watched = self._channels.watched(frames)
        loop = asyncio.get_running_loop()
        self._channels.deliver(self._pace.take(watched, loop.time()))
        if self._pace.is_waiting() and self._turn is None:
            self._turn = loop.call_later(PACE_S, self._tell_waiting)

    def _tell_waiting(self) -> None:
        self._turn = None
        loop = asyncio.get_running_loop()
        self._channels.deliver(self._pace.due(loop.time()))
        if self._pace.is_waiting():
            self._turn = loop.call_later(PACE_S, self._tell_waiting)

    async def stop(self) -> None:
        """Ask every client to come back elsewhere (4200), then leave the bus."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        await self._summaries.stop()
        if self._turn is not None:
            self._turn.cancel()
        for session in self._sessions:
            session.apply(protocol.refusal(4200, "The server restarts."))
        await self._all_ended()
        for session in self._sessions:
            session.abort()
        await self._bus.close()

    async def __call__(self, scope: Any, receive: Receive, send: SendMessage) -> None:
        """Serve one WebSocket or one HTTP request."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _websocket(self, scope: Any, receive: Receive, send: SendMessage) -> None:
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        at = asyncio.get_running_loop().time()
        connection = protocol.Connection(self._app, _socket_id(), at)
        session = Session(connection, self._channels, receive, send)
        self._sessions.add(session)
        CONNECTIONS.inc()
        try:
            await session.run(self._greeting(scope, connection))
        finally:
            CONNECTIONS.dec()
            self._sessions.discard(session)
            self._ended.set()

    def _greeting(
        self, scope: Any, connection: protocol.Connection
    ) -> list[protocol.Action]:
        folder, _, key = scope["path"].rpartition("/")
        if not folder.endswith("/app"):
            return protocol.refusal(4005, "There is nothing at this path.")
        if len(self._sessions) > CONNECTIONS_MAX:
            return protocol.refusal(4100, "The server has no room, come back later.")
        version = parse_qs(scope["query_string"].decode("latin-1")).get("protocol")
        return connection.open(key, version[0] if version else None)

    async def _http(self, scope: Any, receive: Receive, send: SendMessage) -> None:
        try:
            body = await _body(receive)
            answer = await self._api.answer(_request(scope, body))
            await _respond(send, 200, answer)
        except api.Refused as refused:
            about = {"error": refused.code, "message": refused.message}
            await _respond(send, refused.status, about)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            at = asyncio.get_running_loop().time()
            for session in list(self._sessions):
                try:
                    session.tick(at)
                except Exception:  # one connection's fault must not end the watch
                    log.exception("tick failed", action="realtime.tick_failed")

    async def _all_ended(self) -> None:
        try:
            async with asyncio.timeout(STOP_S):
                while self._sessions:
                    self._ended.clear()
                    await self._ended.wait()
        except TimeoutError:
            left = len(self._sessions)
            log.info("clients did not go", action="realtime.stop", connections=left)


def _socket_id() -> str:
    return f"{secrets.randbelow(10**9) + 1}.{secrets.randbelow(10**9) + 1}"


def _request(scope: Any, body: bytes) -> api.Request:
    return api.Request(
        method=scope["method"],
        path=scope["path"],
        raw_path=scope.get("raw_path", b"").decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        body=body,
    )


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message: Message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > api.BODY_MAX:
            limit = f"The body may have {api.BODY_MAX} bytes."
            raise api.Refused(413, "too_large", limit)
        more = message.get("more_body", False)
    return b"".join(parts)


async def _respond(send: SendMessage, status: int, answer: object) -> None:
    body = msgspec.json.encode(answer)
    length = str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
