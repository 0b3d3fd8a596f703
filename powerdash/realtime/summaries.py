"""Each second, the summary of every organization that somebody here watches.

Made in the process whose sockets carry it, so it costs nothing where nobody looks and
needs no other process.
"""

import asyncio
import re
from typing import Any

import asyncpg
import msgspec
import structlog

from powerdash.lib import clock, postgres
from powerdash.lib.broker import Frame
from powerdash.lib.sql import positional
from powerdash.realtime.channels import Channels
from powerdash.telemetry.sql import QUERIES
from powerdash.telemetry.summary import Summary, summaries

log = structlog.get_logger(__name__)

PREFIX = "private-organization."
_NAME = re.compile(re.escape(PREFIX) + r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EVERY_S = 1.0
TIMEOUT_S = 5.0


class Summaries:
    """Sends `OrganizationSummary` to the organizations' channels of this process."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._connection: postgres.Connection | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="summaries")

    async def stop(self) -> None:
        """End and close the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close(timeout=1)

    async def _run(self) -> None:
        away = False
        while True:
            await asyncio.sleep(EVERY_S)
            names = [n for n in self._channels.occupied(PREFIX) if _NAME.fullmatch(n)]
            if not names:
                continue
            try:
                await self._send([name.removeprefix(PREFIX) for name in names])
                away = False
            except (*postgres.AWAY, asyncpg.PostgresError) as error:
                if not away:
                    log.warning(
                        "no summaries", action="realtime.summaries", error=str(error)
                    )
                away = True
                if self._connection is not None:
                    self._connection.terminate()

    async def _send(self, organizations: list[str]) -> None:
        made = await self._summaries(organizations)
        self._channels.deliver(
            [
                Frame(
                    PREFIX + uuid,
                    "OrganizationSummary",
                    msgspec.json.encode(summary).decode(),
                    key=uuid,
                )
                for uuid, summary in made.items()
            ]
        )

    async def _summaries(self, organizations: list[str]) -> dict[str, Summary]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await postgres.connect("summaries")
        at = clock.now()
        arguments = {"organizations": organizations, "at": at}
        rows: list[list[tuple[Any, ...]]] = []
        for name in ("consumers", "statuses"):
            query, values = positional(QUERIES[name], arguments)
            found = await self._connection.fetch(query, *values, timeout=TIMEOUT_S)
            rows.append([tuple(row) for row in found])
        consumers, statuses = rows
        return summaries(organizations, consumers, statuses, at=at)
