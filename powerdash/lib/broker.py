"""Messages through RabbitMQ, and which live bus this installation has.

The only module that speaks AMQP. The live bus (see `lib.live`) goes through RabbitMQ
where it is configured; the durable publisher carries news that must arrive, with the
broker's confirmation.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple

import aio_pika
import msgspec
from aio_pika.abc import (
    AbstractChannel,
    AbstractConnection,
    AbstractExchange,
    AbstractIncomingMessage,
    AbstractQueue,
)

from powerdash import settings
from powerdash.lib.live import (
    CHECK_EVERY_S,
    CONNECT_TIMEOUT_S,
    LIVE,
    SEND_TIMEOUT_S,
    Bus,
    Frame,
    LiveBus,
    PostgresBus,
    Session,
)

__all__ = [
    "BrokerUnavailable",
    "DurablePublisher",
    "Frame",
    "LiveBus",
    "live_bus_from_settings",
]

QUEUE_MAX = 10_000  # bursts that RabbitMQ keeps for a process that does not read
QUEUE_MAX_BYTES = 64 * 1024 * 1024

# One queue an exchange, bound with `#`. Source: specification, "Message Queuing".
DURABLE_QUEUES = {"notifications": "notifications_queue", "chat": "chat_queue"}

_FAILURES = (
    OSError,  # TimeoutError and ConnectionError are among them
    aio_pika.exceptions.AMQPError,
    aio_pika.exceptions.ChannelInvalidStateError,
)


class BrokerUnavailable(Exception):
    """RabbitMQ did not confirm the message: it may be lost, publish it again later."""


class RabbitBus(Bus):
    """Frames through RabbitMQ: MessagePack, one transient message a burst."""

    failures = _FAILURES

    def __init__(self) -> None:
        super().__init__()
        self._decoder = msgspec.msgpack.Decoder(list[Frame])

    @contextlib.asynccontextmanager
    async def open_session(self) -> AsyncIterator[Session]:
        """Connect, and consume a queue of our own if there is a receiver."""
        connection = await _rabbit_connect("powerdash live")
        try:
            connection.close_callbacks.add(self.on_lost)
            channel = await connection.channel(publisher_confirms=False)
            channel.close_callbacks.add(self.on_lost)
            exchange = await channel.declare_exchange(
                LIVE, aio_pika.ExchangeType.FANOUT, durable=False
            )
            queue = None
            if self.receiver is not None:
                queue = await self._queue(channel)
                await queue.bind(exchange)
                await queue.consume(self._on_message, no_ack=True)
            yield _RabbitSession(channel, exchange, queue)
        finally:
            await _rabbit_close(connection)

    async def _queue(self, channel: AbstractChannel) -> AbstractQueue:
        return await channel.declare_queue(
            exclusive=True,
            auto_delete=True,
            arguments={
                "x-max-length": QUEUE_MAX,
                "x-max-length-bytes": QUEUE_MAX_BYTES,
                "x-overflow": "drop-head",
            },
        )

    async def _on_message(self, message: AbstractIncomingMessage) -> None:
        self.deliver(lambda: self._decoder.decode(message.body))


class _RabbitSession:
    def __init__(
        self,
        channel: AbstractChannel,
        exchange: AbstractExchange,
        queue: AbstractQueue | None,
    ) -> None:
        self._channel = channel
        self._exchange = exchange
        self._queue = queue
        self._encode = msgspec.msgpack.Encoder().encode

    async def send(self, frames: Sequence[Frame]) -> None:
        message = aio_pika.Message(
            self._encode(frames), delivery_mode=aio_pika.DeliveryMode.NOT_PERSISTENT
        )
        await self._exchange.publish(message, routing_key="")

    async def check(self) -> None:
        if self._queue is not None:  # somebody may have deleted it
            await self._channel.declare_queue(self._queue.name, passive=True)


async def _rabbit_connect(name: str) -> AbstractConnection:
    return await aio_pika.connect(
        host=settings.RABBITMQ_HOST,
        port=settings.RABBITMQ_PORT,
        login=settings.RABBITMQ_USER,
        password=settings.RABBITMQ_PASSWORD,
        virtualhost=settings.RABBITMQ_VHOST,
        timeout=CONNECT_TIMEOUT_S,
        client_properties={"connection_name": name},
        heartbeat=int(CHECK_EVERY_S),
    )


async def _rabbit_close(connection: AbstractConnection) -> None:
    with contextlib.suppress(*_FAILURES):
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await connection.close()


def live_bus_from_settings() -> LiveBus:
    """Return the bus of this installation: RabbitMQ's if configured, else PostgreSQL's.

    Every process of the installation must use the same.
    """
    return RabbitBus() if settings.RABBITMQ_HOST else PostgresBus()


class DurablePublisher:
    """Publishes to the topic exchanges that must lose nothing.

    Connects on the first message, and again on the next one after a failure; may be
    used by many tasks at once.
    """

    def __init__(self) -> None:
        self._link: _Link | None = None
        self._linking = asyncio.Lock()

    async def publish(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        message_id: str,
        *,
        at: datetime | None = None,
    ) -> None:
        """Publish one persistent JSON message and wait until the broker has it.

        Args:
            exchange: `notifications` or `chat`.
            message_id: By it, consumers know a message that comes twice.
            at: When it happened, UTC; the message's timestamp.

        Raises:
            BrokerUnavailable: No confirmation came.
            KeyError: There is no such exchange.
        """
        message = aio_pika.Message(
            body,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            content_type="application/json",
            message_id=message_id,
            timestamp=at,
        )
        if exchange not in DURABLE_QUEUES:
            raise KeyError(exchange)
        try:
            await self._publish(exchange, routing_key, message)
        except _FAILURES as error:
            reason = str(error) or type(error).__name__
            raise BrokerUnavailable(
                f"RabbitMQ at {settings.RABBITMQ_HOST}:{settings.RABBITMQ_PORT} did not"
                f" confirm a message: {reason}"
            ) from error

    async def close(self) -> None:
        """Disconnect."""
        if self._link is not None:
            await self._drop(self._link)

    async def _publish(
        self, exchange: str, routing_key: str, message: aio_pika.Message
    ) -> None:
        async with self._linking:
            if self._link is None:
                self._link = await _durable_link()
            link = self._link
        try:
            target = link.exchanges[exchange]
            await target.publish(message, routing_key, timeout=SEND_TIMEOUT_S)
        except _FAILURES:
            await self._drop(link)
            raise

    async def _drop(self, link: "_Link") -> None:
        if self._link is link:  # not one that another task has made meanwhile
            self._link = None
        await _rabbit_close(link.connection)


class _Link(NamedTuple):
    connection: AbstractConnection
    exchanges: dict[str, AbstractExchange]


async def _durable_link() -> _Link:
    connection = await _rabbit_connect("powerdash durable")
    try:
        channel = await connection.channel(publisher_confirms=True)
        exchanges = {
            name: await _durable_exchange(channel, name, queue)
            for name, queue in DURABLE_QUEUES.items()
        }
    except _FAILURES:
        await _rabbit_close(connection)
        raise
    return _Link(connection, exchanges)


async def _durable_exchange(
    channel: AbstractChannel, name: str, queue_name: str
) -> AbstractExchange:
    exchange = await channel.declare_exchange(
        name, aio_pika.ExchangeType.TOPIC, durable=True
    )
    # No queue type: the operator's default (classic, quorum) and existing queues hold.
    queue = await channel.declare_queue(queue_name, durable=True)
    await queue.bind(exchange, routing_key="#")
    return exchange
