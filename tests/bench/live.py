"""POST to socket: how long until a reading that was posted is seen by a browser."""

import asyncio
import json
import time
from datetime import UTC, datetime

import websockets

from powerdash.lib import pusher

RATE = 1_000  # readings per second
WATCHED = 50  # devices
SECONDS = 8
CONNECTIONS = 20


async def latencies_ms(
    port: int, app: pusher.App, devices: list[tuple[str, str]]
) -> list[float]:
    """Post as `devices` once a second each, and return the watched ones' delays, ms."""
    sent: dict[tuple[str, str], float] = {}
    delays: list[float] = []
    url = f"ws://127.0.0.1:{port}/app/{app.key}?protocol=7"
    async with websockets.connect(url, max_queue=None) as socket:
        greeting = json.loads(json.loads(await socket.recv())["data"])
        for uuid, _ in devices[:WATCHED]:
            await _subscribe(socket, app, greeting["socket_id"], uuid)
        watcher = asyncio.create_task(_watch(socket, sent, delays))
        share = len(devices) // CONNECTIONS
        await asyncio.gather(
            *(
                _post(port, devices[n * share : (n + 1) * share], sent)
                for n in range(CONNECTIONS)
            )
        )
        await asyncio.sleep(0.5)
        watcher.cancel()
    return sorted(delays)


async def _subscribe(
    socket: websockets.ClientConnection, app: pusher.App, socket_id: str, uuid: str
) -> None:
    channel = f"private-device.{uuid}"
    auth = pusher.channel_auth(app, socket_id, channel)
    data = {"channel": channel, "auth": auth}
    await socket.send(json.dumps({"event": "pusher:subscribe", "data": data}))


async def _watch(
    socket: websockets.ClientConnection,
    sent: dict[tuple[str, str], float],
    delays: list[float],
) -> None:
    async for message in socket:
        now = time.perf_counter()
        frame = json.loads(message)
        if frame["event"] != "PowerReadingRecorded":
            continue
        data = json.loads(frame["data"])
        for reading in data["readings"]:
            if posted := sent.pop((data["device"], reading["ts"]), None):
                delays.append((now - posted) * 1000)


async def _post(
    port: int, devices: list[tuple[str, str]], sent: dict[tuple[str, str], float]
) -> None:
    """Post each device's reading once a second, spread over the second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    for turn in range(SECONDS * len(devices)):
        pause = began + turn / len(devices) - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        uuid, secret = devices[turn % len(devices)]
        ts = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        body = f'{{"ts":"{ts}","current":5.2,"voltage":230.1}}'
        sent[uuid, ts] = time.perf_counter()
        head = (
            f"POST /api/ingest HTTP/1.1\r\nHost: bench\r\nX-Device-ID: {uuid}\r\n"
            f"X-Device-Secret: {secret}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write((head + body).encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        if not answer.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(answer.decode())
    writer.close()
