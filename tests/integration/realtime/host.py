"""Serve the realtime door alone on a free port, as `powerdash serve` hosts it.

Prints the port when it listens, and `stopped` when it has stopped in order. With
`SILENCE_S` set it asks after so many seconds of silence, and gives up after as many.
"""

import os
import socket
from typing import Any

import uvicorn

from powerdash.realtime import protocol
from powerdash.realtime.server import Realtime

realtime = Realtime()


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "lifespan":
        await realtime(scope, receive, send)
        return
    await receive()
    await realtime.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await realtime.stop()
    print("stopped", flush=True)
    await send({"type": "lifespan.shutdown.complete"})


def main() -> None:
    if silence_s := os.environ.get("SILENCE_S"):
        protocol.ACTIVITY_TIMEOUT_S = protocol.PONG_TIMEOUT_S = int(silence_s)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=65_536,
        ws_per_message_deflate=False,
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=5,
    )
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
