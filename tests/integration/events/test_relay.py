"""Test that the outbox is told: in order, with the broker's word, and never lost."""

import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import aio_pika
import asyncpg
import msgspec
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from powerdash import settings
from powerdash.accounts.services import organization_create
from powerdash.devices.services import device_register, device_transition
from powerdash.devices.status import Trigger
from powerdash.events.relay import Relay, frames_of
from powerdash.lib.broker import BrokerUnavailable
from powerdash.lib.live import Frame, PostgresBus
from tests.waiting import eventually

Told = list[Frame]


@pytest_asyncio.fixture
async def told(database: None) -> AsyncIterator[Told]:
    """What another process hears on the live bus."""
    heard: Told = []

    def receive(frames: Sequence[Frame]) -> None:
        heard.extend(frames)

    bus = PostgresBus()
    await bus.start(receive)
    yield heard
    await bus.close()


@pytest_asyncio.fixture
async def relay(database: None) -> AsyncIterator[Relay]:
    made = Relay()
    yield made
    await made.close()


async def register() -> tuple[str, int]:
    def make() -> tuple[str, int]:
        at = datetime.now(UTC)
        organization = organization_create(slug="campus", name="Campus", at=at)
        device = device_register(organization_id=organization.id, name="Feeder", at=at)
        device_transition(
            device_id=device.device.id, trigger=Trigger.MAINTENANCE_STARTED, at=at
        )
        return str(device.device.uuid), device.device.id

    return await sync_to_async(make)()


async def waiting(pg: "asyncpg.Connection[asyncpg.Record]") -> int:
    return int(await pg.fetchval("SELECT count(*) FROM outbox"))


async def test_browsers_of_another_process_hear_of_a_move(
    relay: Relay, told: Told, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    device, _ = await register()
    assert await relay.turn() == 2
    assert await waiting(pg) == 0

    async def heard() -> bool:
        return any(frame.channel == f"private-device.{device}" for frame in told)

    await eventually(heard)
    (change,) = (f for f in told if f.channel == f"private-device.{device}")
    assert change.event == "DeviceStatusChanged"
    data = msgspec.json.decode(change.data)
    assert (data["status"], data["previous"]) == ("maintenance", "offline")
    recorded = [f for f in told if f.event == "EventRecorded"]
    assert [msgspec.json.decode(f.data)["type"] for f in recorded] == [
        "device.registered",
        "device.maintenance_on",
    ]
    assert all(f.channel.startswith("private-events.") for f in recorded)


async def test_the_broker_gets_each_event_by_its_type(
    told: Told,
    pg: "asyncpg.Connection[asyncpg.Record]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "RABBITMQ_HOST", "127.0.0.1")
    connection = await aio_pika.connect("amqp://guest:guest@127.0.0.1/")
    channel = await connection.channel()
    exchange = await channel.declare_exchange("notifications", "topic", durable=True)
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(exchange, "device.#")
    device, _ = await register()
    relay = Relay()
    try:
        assert await relay.turn() == 2
        found: dict[str, Any] = {}

        async def both() -> bool:
            message = await queue.get(fail=False, no_ack=True)
            body = msgspec.json.decode(message.body) if message else {}
            if message and body["device"] == device:
                assert message.message_id == str(body["id"])
                found[message.routing_key or ""] = body
            return len(found) == 2

        await eventually(both)
        assert list(found) == ["device.registered", "device.maintenance_on"]
    finally:
        await relay.close()
        await connection.close()


async def test_while_the_broker_is_away_nothing_is_lost(
    pg: "asyncpg.Connection[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "RABBITMQ_HOST", "127.0.0.1")
    monkeypatch.setattr(settings, "RABBITMQ_PORT", 1)  # nobody listens there
    await register()
    relay = Relay()
    with pytest.raises(BrokerUnavailable):
        await relay.turn()
    assert await waiting(pg) == 2
    await relay.close()


async def test_only_one_relay_at_a_time_tells(
    relay: Relay, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await register()
    async with pg.transaction():
        await pg.execute("SELECT pg_advisory_xact_lock(7202602)")
        assert await relay.turn() == 0
    assert await relay.turn() == 2


async def test_news_end_the_wait(
    relay: Relay, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await relay.turn()
    await register()

    async def published() -> bool:
        return await relay.turn() > 0

    await eventually(published)


def test_what_has_no_organization_is_told_to_nobody() -> None:
    payload: dict[str, Any] = {
        "organization": None,
        "device": None,
        "data": {},
        "id": 1,
    }
    assert not frames_of(payload)


def test_only_a_change_of_status_is_one() -> None:
    organization, device = str(uuid.uuid4()), str(uuid.uuid4())
    payload = {
        "id": 1,
        "at": "2026-01-31T12:00:00Z",
        "type": "device.updated",
        "organization": organization,
        "device": device,
        "device_name": "Feeder",
        "user": "Ann",
        "data": {"changed": ["name"]},
    }
    assert [frame.event for frame in frames_of(payload)] == ["EventRecorded"]
