"""Group commit: requests that arrive while one transaction commits form the next.

A request is answered after its transaction has committed, never before. Groups are
bounded and so is what waits; beyond it, and while the database is away, requests are
refused at once and the sender tries again (a retry stores nothing twice).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime

from powerdash.ingest.auth import Device
from powerdash.ingest.lane import Lane
from powerdash.ingest.request import (
    Busy,
    DeviceDecommissioned,
    Request,
    Stored,
    Unavailable,
)
from powerdash.ingest.store import Inserted
from powerdash.telemetry.reading import Reading

HELP_FROM = 200  # readings that wait, for each lane but the first
GROUP_MAX = 5_000  # readings in one transaction, unless one request has more

# Told after each commit: the request, its new readings, and when.
Committed = Callable[[Request, list[Reading], datetime], None]


class Writer:
    """Queues requests for `lanes` connections that write them in groups.

    Args:
        queue_max: How many readings may wait.
        event_each: Record an `ingest.accepted` event for each request.
        committed: Called after the commit, for what is told rather than recorded.
    """

    def __init__(
        self,
        *,
        queue_max: int,
        event_each: bool,
        committed: Committed,
        lanes: int = 2,
    ) -> None:
        self.stopping = False
        self._queue: deque[Request] = deque()
        self._waiting = 0  # readings in the queue
        self._queue_max = queue_max
        self._committed = committed
        self._work = asyncio.Event()
        self._lanes = [
            Lane(number, self, self._answer, event_each=event_each)
            for number in range(lanes)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the lanes; the first connection is tried before this returns."""
        self.stopping = False
        await asyncio.gather(*(lane.connect() for lane in self._lanes))
        self._tasks = [
            asyncio.create_task(lane.run(), name=f"ingest lane {lane.number}")
            for lane in self._lanes
        ]

    async def stop(self) -> None:
        """Write what waits, then close."""
        self.stopping = True
        self.wake()
        await asyncio.gather(*self._tasks)
        self._fail_all()

    @property
    def up(self) -> bool:
        """Whether a connection to the database stands."""
        return any(lane.up for lane in self._lanes)

    def submit(
        self, device: Device, readings: list[Reading]
    ) -> "asyncio.Future[Stored]":
        """Queue a request; the future is done when it is durable.

        Raises:
            Busy: Too much waits already.
            Unavailable: The database is away.
        """
        if not self.up:
            raise Unavailable
        if self._waiting and self._waiting + len(readings) > self._queue_max:
            raise Busy
        done: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        request = Request(device, readings, done)
        self._queue.append(request)
        self._waiting += request.size
        self._work.set()
        return done

    async def next_group(self, number: int) -> list[Request]:
        """Wait for work, and take the next group; it may be empty after a `wake`.

        The first lane takes what there is; the others help when much waits. Few large
        groups cost less than many small ones.
        """
        if not self._enough(number) and not self.stopping:
            self._work.clear()
            await self._work.wait()
        if not self._enough(number):
            return []
        group: list[Request] = []
        room = GROUP_MAX
        queue = self._queue
        while queue and (not group or queue[0].size <= room):
            request = queue.popleft()
            room -= request.size
            self._waiting -= request.size
            group.append(request)
        return group

    def _enough(self, number: int) -> bool:
        if not self._queue:
            return False
        return self._waiting >= number * HELP_FROM or not self._lanes[0].up

    def wake(self) -> None:
        """Let the lanes look at themselves: one lost its connection, or it is time."""
        self._work.set()

    def fail_waiting(self) -> None:
        """Refuse all that waits, unless a lane can take it."""
        if not self.up:
            self._fail_all()

    def _fail_all(self) -> None:
        while self._queue:
            self._queue.popleft().fail(Unavailable())
        self._waiting = 0

    def _answer(self, group: list[Request], inserted: Inserted, at: datetime) -> None:
        for request in group:
            if request.device.id not in inserted.devices:
                request.fail(DeviceDecommissioned())
                continue
            new = inserted.take(request.readings)
            self._committed(request, new, at)
            request.answer(Stored(len(new), len(request.readings) - len(new)))
