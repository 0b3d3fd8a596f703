"""A connection that writes one group after the other while the door is open."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import asyncpg
import structlog

from powerdash.ingest.request import Request, Unavailable
from powerdash.ingest.store import Inserted, Store
from powerdash.lib import clock, postgres

log = structlog.get_logger(__name__)

RECONNECT_S = 0.25

Answer = Callable[[list[Request], Inserted, datetime], None]


class Source(Protocol):
    """Where a lane gets its work."""

    stopping: bool

    async def next_group(self, number: int) -> list[Request]:
        """Wait for work, and take it; it may be none after a `wake`."""

    def wake(self) -> None:
        """End the wait of every lane."""

    def fail_waiting(self) -> None:
        """Refuse what waits, if no lane can take it."""


class Lane:
    """Takes groups from the source, writes and answers them.

    Attributes:
        up: Whether its connection stands.
    """

    def __init__(
        self, number: int, source: Source, answer: Answer, *, event_each: bool
    ) -> None:
        self.number = number
        self.up = False
        self._source = source
        self._answer = answer
        self._event_each = event_each
        self._connection: postgres.Connection | None = None
        self._store: Store | None = None
        self._told = False

    async def connect(self) -> None:
        """Connect and prepare; leaves the lane down when the server is away."""
        try:
            connection = await postgres.connect(
                "ingest writer", plan_cache_mode="force_generic_plan", jit="off"
            )
            connection.add_termination_listener(self._on_loss)
            self._connection = connection
            self._store = Store(connection, event_each=self._event_each)
            await self._store.prepare()
        except (*postgres.AWAY, asyncpg.PostgresError) as error:
            self._drop()
            if self.number == 0 and not self._told:
                log.warning("PostgreSQL away", action="ingest.away", error=str(error))
            self._told = True
        else:
            if self.number == 0 and self._told:
                log.info("PostgreSQL is back", action="ingest.back")
            self.up, self._told = True, False

    async def run(self) -> None:
        """Write groups until the source stops and has no more."""
        source = self._source
        while True:
            if self.up and (group := await source.next_group(self.number)):
                await self._write(group)
            elif source.stopping:
                break
            elif not self.up:
                source.fail_waiting()
                await asyncio.sleep(RECONNECT_S)
                await self.connect()
        if self._connection:
            await self._connection.close(timeout=2)

    async def _write(self, group: list[Request]) -> None:
        try:
            await self._write_now(group)
        except postgres.AWAY as error:
            self._fail(group, error)
        except asyncpg.PostgresError as error:
            await self._write_apart(group, error)
        except Exception:
            # A fault of ours must not end the lane: this group is refused.
            log.exception("group failed", action="ingest.failed")
            self._fail(group, None)

    async def _write_now(self, group: list[Request]) -> None:
        if self._store is None:
            raise ConnectionError("The connection was lost.")
        at = clock.now()
        self._answer(group, await self._store.write(group, at), at)

    async def _write_apart(
        self, group: list[Request], error: asyncpg.PostgresError
    ) -> None:
        """Write one by one, so that what the server refuses harms only itself."""
        log.warning("group refused", action="ingest.refused", error=str(error))
        if isinstance(error, asyncpg.CheckViolationError) and self._store:
            await self._store.prepare()  # a partition was dropped since we looked
        for request in group:
            try:
                await self._write_now([request])
            except (*postgres.AWAY, asyncpg.PostgresError) as refusal:
                log.error(
                    "request refused", action="ingest.refused", error=str(refusal)
                )
                request.fail(Unavailable())

    def _fail(self, group: list[Request], error: BaseException | None) -> None:
        if error is not None:
            log.warning("lost PostgreSQL", action="ingest.lost", error=repr(error))
        self._drop()
        for request in group:
            request.fail(Unavailable())

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._connection = self._store = None
        self.up = False
        self._source.wake()  # the others take what waits

    def _on_loss(self, connection: object) -> None:
        if connection is self._connection:
            self.up = False
            self._source.wake()
