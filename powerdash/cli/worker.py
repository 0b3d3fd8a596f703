"""`powerdash worker`: the loops that run beside the web process."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import Counter, Gauge

from powerdash import settings
from powerdash.lib import clock, logs, postgres

log = structlog.get_logger(__name__)

FAILURES = Counter("powerdash_worker_failures_total", "Turns that failed.", ["loop"])
LAST_TURN = Gauge(
    "powerdash_worker_last_turn_seconds", "When a turn last succeeded.", ["loop"]
)
BACKOFF_MAX_S = 4.0  # the sweep may be no later after the database was away
AWAY_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Loop:
    """Work done again and again.

    Attributes:
        every_s: Pause between the end of a turn and the next, in seconds.
        run: One turn; True when there is more to do at once. A turn is let finish when
            the worker is told to stop, so it must be short.
        close: Called once, after the last turn.
    """

    name: str
    every_s: float
    run: Callable[[], Awaitable[object]]
    close: Callable[[], Awaitable[object]] | None = None


def command() -> None:
    """Run the background process: heartbeats, rollups, partitions, the relay."""
    from powerdash.cli.worker_loops import loops

    logs.configure("worker", settings.LOG_LEVEL)
    asyncio.run(main(loops))


async def main(make_loops: Callable[[], Sequence[Loop]]) -> None:
    """Run loops until SIGTERM or SIGINT; then let each finish its turn."""
    loops = make_loops()
    stop = asyncio.Event()
    running = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, stop.set)
    log.info("worker started", action="worker.started", loops=len(loops))
    await run_loops(loops, stop)
    log.info("worker stopped", action="worker.stopped")


async def run_loops(loops: Sequence[Loop], stop: asyncio.Event) -> None:
    """Run loops side by side until `stop` is set."""
    async with asyncio.TaskGroup() as group:
        for loop in loops:
            group.create_task(_repeat(loop, stop), name=loop.name)
        await stop.wait()


async def _repeat(loop: Loop, stop: asyncio.Event) -> None:
    failures = 0
    while not stop.is_set():
        more = await _turn(loop, failures)
        failures = failures + 1 if more is None else 0
        await _pause(stop, 0 if more else pause_s(loop.every_s, failures))
    if loop.close is not None:
        await loop.close()


def pause_s(every_s: float, failures: int) -> float:
    """Return how long to wait after so many failures in a row, in seconds."""
    if failures == 0:
        return every_s
    return min(max(every_s, AWAY_PAUSE_S * 2.0 ** min(failures - 1, 10)), BACKOFF_MAX_S)


async def _turn(loop: Loop, failures: int) -> bool | None:
    try:
        more = await loop.run()
    except Exception as error:
        # The top of a loop: whatever went wrong, the next turn may go right.
        FAILURES.labels(loop.name).inc()
        if not is_away(error):
            log.exception("loop failed", action="worker.loop_failed", loop=loop.name)
        elif failures == 0:
            log.warning(
                "database away", action="worker.away", loop=loop.name, error=str(error)
            )
        return None
    if failures:
        log.info("loop runs again", action="worker.loop_recovered", loop=loop.name)
    LAST_TURN.labels(loop.name).set(clock.now().timestamp())
    return bool(more)


def is_away(error: BaseException) -> bool:
    """Tell whether the database is away rather than the work wrong."""
    from django.db import InterfaceError, OperationalError

    return isinstance(error, (*postgres.AWAY, InterfaceError, OperationalError))


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
