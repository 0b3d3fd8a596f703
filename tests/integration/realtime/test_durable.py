"""The durable publisher on a real RabbitMQ."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aio_pika
import pytest
import pytest_asyncio
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from powerdash import settings
from powerdash.lib import broker
from powerdash.lib.broker import BrokerUnavailable, DurablePublisher
from tests.integration.realtime.proxy import Relay

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def rabbitmq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "RABBITMQ_HOST", "127.0.0.1")


@pytest_asyncio.fixture
async def publisher(rabbitmq: None) -> AsyncIterator[DurablePublisher]:
    publisher = DurablePublisher()
    yield publisher
    await publisher.close()


@pytest_asyncio.fixture
async def channel() -> AsyncIterator[AbstractChannel]:
    connection = await aio_pika.connect(host="127.0.0.1")
    yield await connection.channel()
    await connection.close()


async def taken(
    channel: AbstractChannel, queue_name: str, message_id: str
) -> AbstractIncomingMessage:
    """Take one message from a queue that other tests use at the same time."""
    queue = await channel.get_queue(queue_name)
    async with asyncio.timeout(10):
        while True:
            found, others = None, list[AbstractIncomingMessage]()
            while found is None and (message := await queue.get(fail=False)):
                if message.message_id == message_id:
                    found = message
                else:
                    others.append(message)
            for other in others:
                await other.nack(requeue=True)
            if found is not None:
                await found.ack()
                return found


@pytest.mark.parametrize(
    ("exchange", "queue"),
    [("notifications", "notifications_queue"), ("chat", "chat_queue")],
)
async def test_a_message_is_kept_in_the_queue_of_its_exchange(
    publisher: DurablePublisher, channel: AbstractChannel, exchange: str, queue: str
) -> None:
    message_id = str(uuid.uuid4())
    await publisher.publish(exchange, "device.online", b'{"a":1}', message_id, at=AT)
    message = await taken(channel, queue, message_id)
    assert message.body == b'{"a":1}'
    assert message.routing_key == "device.online"
    assert message.content_type == "application/json"
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert message.timestamp == AT


async def test_an_exchange_that_is_not_there_is_refused(
    publisher: DurablePublisher,
) -> None:
    with pytest.raises(KeyError):
        await publisher.publish("other", "x", b"{}", "1")


async def test_a_refused_login_is_said_in_a_sentence(
    publisher: DurablePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "RABBITMQ_PASSWORD", "wrong")
    with pytest.raises(BrokerUnavailable, match="RabbitMQ at 127") as error:
        await publisher.publish("chat", "x", b"{}", "1")
    assert "wrong" not in str(error.value)


async def test_it_raises_while_the_broker_is_away_and_then_goes_on(
    publisher: DurablePublisher,
    channel: AbstractChannel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broker, "CONNECT_TIMEOUT_S", 1.0)
    message_id = str(uuid.uuid4())
    async with Relay("127.0.0.1", 5672) as relay:
        monkeypatch.setattr(settings, "RABBITMQ_PORT", relay.port)
        await publisher.publish("chat", "x", b"{}", message_id)
        await taken(channel, "chat_queue", message_id)
        await relay.cut()
        for _ in range(2):
            with pytest.raises(BrokerUnavailable):
                await publisher.publish("chat", "x", b"{}", message_id)
        await relay.open()
        await publisher.publish("chat", "x", b"{}", message_id)
        await taken(channel, "chat_queue", message_id)
        await publisher.close()
