"""kill -9 under load: every acknowledged reading is there, once.

`POWERDASH_KILLS=20` makes the long form of it.
"""

import asyncio
import itertools
import json
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.installation import Up, powerdash
from tests.waiting import eventually

KILLS = int(os.environ.get("POWERDASH_KILLS", "4"))
SENDERS = 8
BETWEEN_S = (0.5, 2.0)  # until the next kill
START = datetime(2026, 1, 1, tzinfo=UTC)
BATCHES = (1, 1, 1, 20, 400)  # readings in a request: arrays and COPY


class Sender:
    """Posts as one device, each reading until it is acknowledged, as a device does."""

    def __init__(self, client: httpx.AsyncClient, credentials: dict[str, str]) -> None:
        self._client = client
        self._headers = {
            "X-Device-ID": credentials["uuid"],
            "X-Device-Secret": credentials["secret"],
        }
        self.acknowledged = 0
        self.retries = 0

    async def run(self, stop: asyncio.Event) -> None:
        seconds = itertools.count()
        for size in itertools.cycle(BATCHES):
            if stop.is_set():
                return
            batch = [_reading(next(seconds)) for _ in range(size)]
            await self._send(batch)
            self.acknowledged += size

    async def _send(self, batch: list[dict[str, object]]) -> None:
        while True:
            try:
                answer = await self._client.post(
                    "/api/ingest", json=batch, headers=self._headers
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 201:
                counts = answer.json()
                assert counts["accepted"] + counts["duplicates"] == len(batch)
                return
            assert answer is None or answer.status_code == 503, answer.text
            self.retries += 1
            await asyncio.sleep(0.05)  # a device waits before it tries again


def _reading(second: int) -> dict[str, object]:
    ts = START + timedelta(seconds=second)
    return {"ts": ts.isoformat(), "current": 1.0, "voltage": 230.0}


@asynccontextmanager
async def load(up: Up, devices: list[dict[str, str]]) -> AsyncIterator[list[Sender]]:
    base = f"http://127.0.0.1:{up.port}"
    stop = asyncio.Event()
    async with httpx.AsyncClient(base_url=base, timeout=30) as client:
        senders = [Sender(client, device) for device in devices]
        async with asyncio.TaskGroup() as group:
            for sender in senders:
                group.create_task(sender.run(stop))
            yield senders
            stop.set()


async def kill(up: Up, part: str) -> None:
    """Kill the child whose command line has `part`, once it is there again."""

    async def killed() -> bool:
        for pid, line in up.children().items():
            if part in line:
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    await eventually(killed, seconds=60)


async def test_every_acknowledged_reading_is_there_once(data_dir: Path) -> None:
    up = Up(data_dir, "--workers", "2")
    try:
        made = powerdash(data_dir, "organizations", "create", "site", "--name", "Site")
        assert made.returncode == 0, made.stderr
        registered = powerdash(
            data_dir, "devices", "register", "--organization", "site",
            "--name", "Meter", "--count", str(SENDERS), "--json",
        )  # fmt: skip
        devices = [json.loads(line) for line in registered.stdout.splitlines()]
        async with load(up, devices) as senders:
            for number in range(KILLS):
                await asyncio.sleep(random.uniform(*BETWEEN_S))  # noqa: S311
                await kill(up, (" serve ", "/postgres ")[number % 2])
            await asyncio.sleep(BETWEEN_S[1])
        assert sum(sender.retries for sender in senders) > 0
        found = dict(
            up.ask(
                "SELECT d.uuid::text, count(r.ts) FROM devices d"
                " LEFT JOIN power_records r ON r.device_id = d.id GROUP BY d.uuid"
            )
        )
        assert found == {
            device["uuid"]: sender.acknowledged
            for device, sender in zip(devices, senders, strict=True)
        }
    finally:
        assert up.stop() == 0
