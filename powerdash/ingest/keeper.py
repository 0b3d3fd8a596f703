"""What follows a commit: live frames at once, newest readings and counts each second.

None of it holds up a reading. What cannot be saved is kept for the next time; a process
that is killed loses at most a second of last-seen times and its counts of the minute,
never a reading.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
import structlog

from powerdash.ingest.arrivals import Arrivals
from powerdash.ingest.latest import Latest
from powerdash.ingest.ledger import Ledger
from powerdash.ingest.sql import QUERIES
from powerdash.lib import clock, postgres
from powerdash.lib.broker import LiveBus

log = structlog.get_logger(__name__)

FRAMES_EVERY_S = 0.02
SAVE_EVERY_S = 1.0
SAVE_TIMEOUT_S = 10.0


class Keeper:
    """Owns the newest readings and the ledger of one process, and their two loops."""

    def __init__(self, bus: LiveBus) -> None:
        self.latest = Latest()
        self.ledger = Ledger()
        self.arrivals = Arrivals()
        self._bus = bus
        self._connection: postgres.Connection | None = None
        self._turn = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the loops."""
        self._tasks = [
            asyncio.create_task(self._tell(), name="ingest frames"),
            asyncio.create_task(self._save_each_second(), name="ingest keeper"),
        ]

    async def stop(self) -> None:
        """Save what is left and close."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._save(everything=True)
        if self._connection:
            await self._connection.close(timeout=2)

    async def ready(self) -> bool:
        """Ask the database whether a reading could be stored."""
        try:
            async with self._turn:
                connection = await self._connected()
                await connection.execute(QUERIES["ready"], timeout=2)
        except (*postgres.AWAY, asyncpg.PostgresError):
            if self._connection:
                self._connection.terminate()
            return False
        return True

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(FRAMES_EVERY_S)
            frames = self.latest.frames(time.monotonic())
            if frames:
                await self._bus.publish(frames)

    async def _save_each_second(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            await self._save()

    async def _save(self, *, everything: bool = False) -> None:
        at = clock.now()
        seen, newest = self.latest.unsaved()
        rows = self.ledger.due(at, everything=everything)
        arrivals, rejected = self.arrivals.take()
        try:
            async with self._turn:
                connection = await self._connected()
                async with asyncio.timeout(SAVE_TIMEOUT_S), connection.transaction():
                    await self._save_in(connection, seen, newest, rows)
                    await self._save_arrivals(connection, arrivals, rejected)
        except (*postgres.AWAY, asyncpg.PostgresError) as error:
            log.warning("not saved yet", action="ingest.keeper", error=str(error))
            self.latest.give_back(seen, newest)
            self.ledger.give_back(rows)
            self.arrivals.give_back(arrivals, rejected)
            if self._connection:
                self._connection.terminate()

    async def _save_in(
        self,
        connection: postgres.Connection,
        seen: Sequence[tuple[Any, ...]],
        newest: Sequence[tuple[Any, ...]],
        rows: Sequence[tuple[Any, ...]],
    ) -> None:
        if seen:
            await connection.execute(QUERIES["last_seen"], *_columns(seen))
        if newest:
            # all but the sampling interval and the flags
            kept = [(*row[:6], *row[7:11]) for row in newest]
            await connection.execute(QUERIES["latest"], *_columns(kept))
        if rows:
            await connection.execute(QUERIES["ledger"], *_columns(rows))

    async def _save_arrivals(
        self,
        connection: postgres.Connection,
        arrivals: Sequence[tuple[Any, ...]],
        rejected: Sequence[tuple[Any, ...]],
    ) -> None:
        if arrivals:
            await connection.execute(QUERIES["arrivals"], *_columns(arrivals))
        if rejected:
            await connection.execute(QUERIES["rejections"], *_columns(rejected))

    async def _connected(self) -> postgres.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await postgres.connect("ingest keeper")
        return self._connection


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True))
