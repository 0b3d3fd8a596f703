"""One WebSocket: the protocol's actions carried out, a sender, a bounded outbox."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, MutableMapping
from typing import Any

import structlog
from prometheus_client import Counter

from powerdash.realtime.channels import Channels
from powerdash.realtime.outbox import Outbox, Overflow
from powerdash.realtime.protocol import Action, Close, Connection, Join, Leave, Send
from powerdash.realtime.protocol import error as protocol_error

log = structlog.get_logger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
SendMessage = Callable[[Message], Awaitable[None]]

CLOSE_GRACE_S = 5.0  # for a browser to take what waits for it before the close
ECHO_GRACE_S = 15.0  # for its answer to our close; the HTTP server itself waits 10 s

FRAMES_SENT = Counter("powerdash_realtime_frames_sent", "Frames sent to browsers.")
CLOSED = Counter(
    "powerdash_realtime_connections_closed", "Connections we closed.", ["code"]
)


class Session:
    """Runs one client's connection from the accepted handshake to its end.

    The task that calls `run` sends; a second one receives. Nobody else ever waits for
    the socket: `deliver` and `apply` only fill the outbox.
    """

    def __init__(
        self,
        connection: Connection,
        channels: Channels,
        receive: Receive,
        send: SendMessage,
    ) -> None:
        self.socket_id = connection.socket_id
        self._connection = connection
        self._channels = channels
        self._receive = receive
        self._send = send
        self._outbox = Outbox()
        self._wake = asyncio.Event()
        self._gone = False
        self._close: Close | None = None
        self._closing_at = 0.0

    async def run(self, actions: Iterable[Action]) -> None:
        """Carry out the handshake's actions and serve until either side ends it."""
        self.apply(actions)
        reader = asyncio.create_task(self._read())
        try:
            await self._write()
        except OSError:
            pass  # the client has gone; the HTTP server raises it from send
        finally:
            self._channels.leave(self._connection.channels, self)
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    def apply(self, actions: Iterable[Action]) -> None:
        """Carry out what the protocol wants, without waiting."""
        for action in actions:
            if self._close is not None:
                return
            match action:
                case Send(text):
                    self.deliver(text, None)
                case Join(channel):
                    self._channels.join(channel, self)
                case Leave(channel):
                    self._channels.leave([channel], self)
                case Close():
                    self._finish(action)

    def deliver(self, text: str, key: Hashable | None) -> None:
        """Queue one frame; a browser that is too slow is closed instead (4100)."""
        if self._close is not None:
            return
        try:
            self._outbox.put(text, key)
        except Overflow:
            slow = Close(4100, "The client is too slow for its channels.")
            self._outbox.put(protocol_error(slow.code, slow.reason).text)
            self._finish(slow)
        self._wake.set()

    def tick(self, at: float) -> None:
        """Look for silence, and end what does not end by itself; every second."""
        if self._close is None:
            self.apply(self._connection.tick(at))
        elif at - self._closing_at > CLOSE_GRACE_S:
            self.abort()

    def abort(self) -> None:
        """Drop the TCP connection with all that is buffered.

        ASGI has no word for it: uvicorn's send waits until the client reads, for a
        close as well, and a client that never reads would keep its buffer for ever.
        """
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()

    def _finish(self, close: Close) -> None:
        self._close = close
        self._closing_at = asyncio.get_running_loop().time()
        CLOSED.labels(str(close.code)).inc()
        self._wake.set()

    async def _write(self) -> None:
        while not self._gone:
            await self._wake.wait()
            self._wake.clear()
            await self._flush()
            if self._close is not None and not self._gone:
                close = {"code": self._close.code, "reason": self._close.reason}
                await self._send({"type": "websocket.close", **close})
                asyncio.get_running_loop().call_later(ECHO_GRACE_S, self.abort)
                return

    async def _flush(self) -> None:
        sent = 0
        try:
            while (text := self._outbox.take()) is not None and not self._gone:
                # Waits while more than a socket buffer is unsent: the back-pressure.
                await self._send({"type": "websocket.send", "text": text})
                sent += 1
        finally:
            FRAMES_SENT.inc(sent)

    async def _read(self) -> None:
        try:
            while (message := await self._receive())["type"] == "websocket.receive":
                self._take(message.get("text"))
        except Exception:  # a fault of ours in one connection; the client reconnects
            log.exception("connection failed", action="realtime.connection_failed")
        self._gone = True
        self._wake.set()

    def _take(self, text: str | None) -> None:
        if self._close is not None:
            return
        if text is None:
            self._finish(Close(1003, "Binary messages have no meaning here."))
        else:
            at = asyncio.get_running_loop().time()
            self.apply(self._connection.receive(text, at))
