"""A replay at work: batches sent, a few at once, and what became of them."""

import asyncio
import time
from collections.abc import Callable, Iterator

from powerdash.cli.posting import Answer, AnswerUnexpected, Credential, DeviceRefused
from powerdash.cli.replaying.batches import Batch
from powerdash.cli.replaying.checkpoint import Checkpoint, Tally, Window
from powerdash.cli.uplink import ServerGone, Uplink

IN_FLIGHT = 3
SAVE_S = 0.5
FINISH_S = 5.0  # how long an interrupted replay waits for answers under way
REASONS_MAX = 20


class Reasons:
    """Why readings were refused or rows could not be read: how often, where first."""

    def __init__(self) -> None:
        self._seen: dict[str, list[int]] = {}

    def add(self, row: int, text: str) -> None:
        """Count one reason; only the first twenty different ones are kept."""
        if text in self._seen:
            self._seen[text][0] += 1
            self._seen[text][1] = min(self._seen[text][1], row)
        elif len(self._seen) < REASONS_MAX:
            self._seen[text] = [1, row]

    def lines(self) -> list[str]:
        """Return a line each, the first in the file first."""
        ordered = sorted(self._seen.items(), key=lambda item: item[1][1])
        return [
            f"row {first:,}: {text}" + (f" ({count:,} times)" if count > 1 else "")
            for text, (count, first) in ordered
        ]


class Replay:
    """Sends the batches of one file as one device.

    Args:
        start: What an interrupted replay had done already.
        progress: Called now and then, for a bar.
    """

    def __init__(
        self,
        credential: Credential,
        uplink: Uplink,
        checkpoint: Checkpoint,
        *,
        start: Tally,
        progress: Callable[[Tally], None],
    ) -> None:
        self.window = Window(start)
        self.reasons = Reasons()
        self.stop = asyncio.Event()
        self.waiting = 0
        self.failure: Exception | None = None
        self._credential = credential
        self._uplink = uplink
        self._checkpoint = checkpoint
        self._progress = progress
        self._saved_at = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, batches: Iterator[Batch]) -> bool:
        """Send every batch; return whether all of the file was sent.

        Raises:
            FileUnreadable: The file broke off; what came before is sent.
            StateUnwritable: The checkpoint cannot be written.
        """
        started = time.monotonic()
        try:
            for batch in batches:
                if not await self._is_due(started + batch.due_s):
                    break
                await self._room()
                if self.stop.is_set():
                    break
                self._begin(batch)
        finally:
            await self._finish()
        return self.failure is None and not self.stop.is_set()

    async def _is_due(self, at: float) -> bool:
        wait_s = at - time.monotonic()
        if wait_s > 0.0:
            try:
                await asyncio.wait_for(self.stop.wait(), wait_s)
            except TimeoutError:
                return True
        return not self.stop.is_set()

    def _begin(self, batch: Batch) -> None:
        number = self.window.begin()
        for row, reason in batch.problems:
            self.reasons.add(row, reason)
        self.waiting += len(batch.readings)
        self._tasks.add(asyncio.create_task(self._send(number, batch)))

    async def _room(self) -> None:
        while len(self._tasks) >= IN_FLIGHT and not self.stop.is_set():
            await self._some_done(0.2)
        # Even with room to spare, let those under way read their answers.
        await asyncio.sleep(0)

    async def _some_done(self, within_s: float) -> None:
        done, self._tasks = await asyncio.wait(
            self._tasks, timeout=within_s, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            self._note(task)

    def _note(self, task: asyncio.Task[None]) -> None:
        error = task.exception()
        if isinstance(error, (DeviceRefused, AnswerUnexpected, ServerGone)):
            self.failure = self.failure or error
            self.stop.set()
        elif error is not None:
            raise error

    async def _finish(self) -> None:
        """Wait for answers under way: all of them, unless told to stop."""
        deadline = time.monotonic() + FINISH_S
        while self._tasks:
            if not self.stop.is_set():
                await self._some_done(0.2)
                deadline = time.monotonic() + FINISH_S
            elif time.monotonic() < deadline:
                await self._some_done(deadline - time.monotonic())
            else:
                break
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._save()

    async def _send(self, number: int, batch: Batch) -> None:
        answer = Answer()
        if batch.readings:
            answer = await self._uplink.send(self._credential, batch.readings)
        self.waiting -= len(batch.readings)
        for index, name, text in answer.errors:
            row = batch.row_of[min(index, len(batch.row_of) - 1)]
            self.reasons.add(row, f"{name} {text}")
        self.window.acknowledge(number, batch.counts, answer)
        self._progress(self.window.all)
        if time.monotonic() - self._saved_at >= SAVE_S:
            self._save()

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        self._checkpoint.save(self.window.firm)
