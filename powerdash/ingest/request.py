"""A request on its way to the disk, and what can become of it."""

import asyncio
from dataclasses import dataclass

from powerdash.ingest.auth import Device
from powerdash.telemetry.reading import Reading


class Busy(Exception):
    """As many readings wait as may wait."""


class Unavailable(Exception):
    """The database is away, or did not say whether it committed."""


class DeviceDecommissioned(Exception):
    """The device was decommissioned; nothing it sends is stored any more."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a request's readings."""

    accepted: int
    duplicates: int


@dataclass(slots=True, eq=False)
class Request:
    """One request's readings (none: a heartbeat), waiting for their commit."""

    device: Device
    readings: list[Reading]
    done: "asyncio.Future[Stored]"

    @property
    def size(self) -> int:
        """How much room it takes in a queue or a group."""
        return len(self.readings) or 1

    def answer(self, stored: Stored) -> None:
        """Tell the sender, unless it has gone."""
        if not self.done.done():
            self.done.set_result(stored)

    def fail(self, error: Exception) -> None:
        """Tell the sender that nothing was stored, unless it has gone."""
        if not self.done.done():
            self.done.set_exception(error)
