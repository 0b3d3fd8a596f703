"""Tells others what the outbox holds: the broker, and browsers through the live bus.

At least once, in order, by one relay at a time: rows are published with the broker's
confirmation and deleted after, in one transaction that holds the lock. Consumers know
an event that comes twice by its id.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from powerdash import settings
from powerdash.events.sql import QUERIES
from powerdash.lib import postgres
from powerdash.lib.broker import DurablePublisher, Frame, live_bus_from_settings

log = structlog.get_logger(__name__)

EXCHANGE = "notifications"
AT_ONCE = 200  # rows in one transaction
WAIT_S = 1.0  # for news, before looking again


class Relay:
    """Publishes the outbox. `turn` again and again; `close` at the end."""

    def __init__(self) -> None:
        self._bus = live_bus_from_settings()
        self._publisher = DurablePublisher() if settings.RABBITMQ_HOST else None
        self._connection: postgres.Connection | None = None
        self._bus_started = False
        self._news = asyncio.Event()

    async def turn(self) -> int:
        """Publish what is there; wait up to `WAIT_S` when nothing is.

        Returns:
            How many events were published.

        Raises:
            BrokerUnavailable: RabbitMQ took nothing; the rows are kept.
            OSError, asyncpg.PostgresError: The database is away.
        """
        connection = await self._connected()
        self._news.clear()
        published = await self._publish(connection)
        if not published:
            try:
                async with asyncio.timeout(WAIT_S):
                    await self._news.wait()
            except TimeoutError:
                pass
        return published

    async def close(self) -> None:
        """Disconnect."""
        await self._bus.close()
        if self._publisher:
            await self._publisher.close()
        if self._connection:
            await self._connection.close(timeout=1)

    async def _publish(self, connection: postgres.Connection) -> int:
        async with connection.transaction():
            if not await connection.fetchval(QUERIES["relay_lock"]):
                return 0  # another worker is the relay
            rows = await connection.fetch(QUERIES["relay_take"], AT_ONCE)
            payloads = [msgspec.json.decode(row["payload"]) for row in rows]
            if self._publisher:
                for row in rows:
                    await self._publisher.publish(
                        EXCHANGE,
                        row["topic"],
                        row["payload"].encode(),
                        str(row["event_id"]),
                    )
            await connection.execute(
                QUERIES["relay_delete"], [row["id"] for row in rows]
            )
        # Browsers last: they ask for the new state, which is there for all to read.
        await self._bus.publish([frame for p in payloads for frame in frames_of(p)])
        return len(rows)

    async def _connected(self) -> postgres.Connection:
        if self._connection is None or self._connection.is_closed():
            if not self._bus_started:
                self._bus_started = True
                await self._bus.start(None)
            connection = await postgres.connect("relay")
            await connection.add_listener("outbox", self._on_news)
            self._connection = connection
        return self._connection

    def _on_news(self, *_: object) -> None:
        self._news.set()


def frames_of(payload: dict[str, Any]) -> Sequence[Frame]:
    """Return the live frames that tell browsers of an event.

    The record itself goes to the channel of those who may read it; a change of a
    device's status to all who see the device.
    """
    organization, device = payload["organization"], payload["device"]
    if organization is None:
        return ()
    told = {
        "id": payload["id"],
        "at": payload["at"],
        "type": payload["type"],
        "device_uuid": device,
        "device_name": payload["device_name"],
        "user": payload["user"],
        "data": payload["data"],
    }
    frames = [_frame(f"private-events.{organization}", "EventRecorded", told)]
    if device and "status" in payload["data"]:
        change = {
            "device": device,
            "name": payload["device_name"],
            "status": payload["data"]["status"],
            "previous": payload["data"].get("previous"),
            "at": payload["at"],
        }
        for channel in (f"organization.{organization}", f"device.{device}"):
            frames.append(_frame(f"private-{channel}", "DeviceStatusChanged", change))
    return frames


def _frame(channel: str, event: str, data: dict[str, Any]) -> Frame:
    return Frame(channel, event, msgspec.json.encode(data).decode())
