"""Sends each path to its door.

`uvicorn powerdash.asgi:application`, as `powerdash serve` runs it. Readings and sockets
go to the data plane; everything else is Django's.
"""

import gc
import os

from powerdash.ingest.app import Ingest, Receive, Scope, Send
from powerdash.lib.broker import live_bus_from_settings
from powerdash.realtime.server import Realtime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "powerdash.settings")

from powerdash.web.door import django_application

_INGEST = frozenset({"/api/ingest", "/api/heartbeat"})


class Application:
    """The doors of one process and their common life."""

    def __init__(self) -> None:
        self._django = django_application()
        self._bus = live_bus_from_settings()
        self._ingest = Ingest(self._bus)
        self._realtime = Realtime(self._bus)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, host a socket, or live through start and stop."""
        kind = scope["type"]
        if kind == "http":
            path = scope["path"]
            if path in _INGEST:
                await self._ingest(scope, receive, send)
            elif path.startswith("/apps/"):
                await self._realtime(scope, receive, send)
            elif path in ("/up", "/ready"):
                await self._health(path, send)
            else:
                await self._django(scope, receive, send)
        elif kind == "websocket":
            await self._realtime(scope, receive, send)
        else:
            await self._lifespan(receive, send)

    async def _health(self, path: str, send: Send) -> None:
        good = path == "/up" or await self._ingest.ready()
        body = b'{"status":"ok"}' if good else b'{"status":"unavailable"}'
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        status = 200 if good else 503
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await send({"type": "http.response.body", "body": body})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._realtime.start()
        await self._ingest.start()
        # What was loaded lives as long as the process. Looking through it for garbage
        # again and again stops every sender for 70 ms (docs/explanation/speed.md).
        gc.collect()
        gc.freeze()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._ingest.stop()
        await self._realtime.stop()
        await send({"type": "lifespan.shutdown.complete"})


application = Application()
