"""A running ingest door, with what it tells, on the worker's database."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from powerdash.accounts.services import organization_create
from powerdash.devices.services import RegisteredDevice, device_register
from powerdash.ingest.app import Ingest
from powerdash.lib.live import Frame, Receiver


class HeardBus:
    """The bus of a process without sockets: remembers what is published on it."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    async def start(self, receive: Receiver | None) -> None:
        """Nothing to connect."""

    async def publish(self, frames: Sequence[Frame]) -> None:
        """Remember."""
        self.frames.extend(frames)

    async def close(self) -> None:
        """Nothing to close."""


@dataclass
class Door:
    """The door and a client of it.

    Attributes:
        headers: The credentials of `device`.
    """

    ingest: Ingest
    client: httpx.AsyncClient
    bus: HeardBus
    device: RegisteredDevice
    organization_id: int
    pg: "asyncpg.Connection[asyncpg.Record]"

    @property
    def headers(self) -> dict[str, str]:
        return credentials(self.device)

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        return await self.client.post(
            "/api/ingest", json=body, headers={**self.headers, **headers}
        )

    async def register(self, name: str) -> RegisteredDevice:
        return await sync_to_async(device_register)(
            organization_id=self.organization_id, name=name, at=datetime.now(UTC)
        )


def credentials(device: RegisteredDevice) -> dict[str, str]:
    return {"X-Device-ID": str(device.device.uuid), "X-Device-Secret": device.secret}


def reading(**given: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"ts": now, "current": 5.2, "voltage": 230.0, **given}


@pytest.fixture
def organization_id(database: None) -> int:
    return organization_create(slug="campus", name="Campus", at=datetime.now(UTC)).id


@pytest_asyncio.fixture
async def door(
    organization_id: int, pg: "asyncpg.Connection[asyncpg.Record]"
) -> AsyncIterator[Door]:
    device = await sync_to_async(device_register)(
        organization_id=organization_id, name="Main feeder", at=datetime.now(UTC)
    )
    bus = HeardBus()
    ingest = Ingest(bus)
    await ingest.start()
    transport = httpx.ASGITransport(app=ingest)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield Door(ingest, client, bus, device, organization_id, pg)
        await ingest.stop()
