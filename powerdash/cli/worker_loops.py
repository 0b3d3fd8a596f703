"""The loops of `powerdash worker`: what is done again and again beside the web."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from powerdash.cli.worker import Loop
from powerdash.events.relay import Relay
from powerdash.lib import clock

SWEEP_EVERY_S = 1.0
# The buckets that are open are made anew in each turn: rarer is cheaper, and what they
# show is fresh within ten seconds.
ROLLUP_EVERY_S = 4.0
LOAD_EVERY_S = 10.0
PARTITIONS_EVERY_S = 3600.0
RETENTION_EVERY_S = 3600.0
COMPRESS_EVERY_S = 3600.0
SESSIONS_EVERY_S = 86_400.0


def sweep() -> None:
    """Take silent devices offline."""
    from powerdash.alerts.services import heartbeat_sweep

    heartbeat_sweep(at=clock.now())


def rollup() -> bool:
    """Make the buckets anew that have new readings; tell whether more are due."""
    from powerdash.telemetry.services.rollups import RollupRunning, rollup_step

    try:
        return rollup_step(at=clock.now()).more
    except RollupRunning:
        return False  # another worker, or somebody's command, is at it


def load() -> None:
    """Record the power of every organization."""
    from powerdash.telemetry.services.load import load_record

    load_record(at=clock.now())


def partitions() -> None:
    """Make the partitions that the next days need."""
    from powerdash.telemetry.services.partitions import partitions_ahead

    partitions_ahead(at=clock.now())


def retention() -> None:
    """Drop what is older than it is kept."""
    from powerdash.telemetry.services.retention import retention_apply

    retention_apply(at=clock.now())


def compress_closed() -> None:
    """Compress the days that are closed."""
    from powerdash.telemetry.services.chunks import compress

    compress(at=clock.now())


def sessions() -> None:
    """Remove sessions that have expired."""
    from django.core.management import call_command

    call_command("clearsessions")


def loops() -> list[Loop]:
    """Return the loops of one worker."""
    relay = Relay()
    return [
        Loop("partitions", PARTITIONS_EVERY_S, _in_thread(partitions)),
        Loop("retention", RETENTION_EVERY_S, _in_thread(retention)),
        Loop("compression", COMPRESS_EVERY_S, _in_thread(compress_closed)),
        Loop("sessions", SESSIONS_EVERY_S, _in_thread(sessions)),
        Loop("heartbeat sweep", SWEEP_EVERY_S, _in_thread(sweep)),
        Loop("rollup", ROLLUP_EVERY_S, _in_thread(rollup)),
        Loop("load", LOAD_EVERY_S, _in_thread(load)),
        Loop("relay", 0.0, relay.turn, relay.close),
    ]


def _in_thread(turn: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    """Run a turn in a thread of its own, so that a long one holds up no other loop.

    Django keeps a connection for each thread; one that failed is closed, and the next
    turn opens another.
    """
    thread = ThreadPoolExecutor(1, turn.__name__)

    def guarded() -> object:
        from django.db import connection

        try:
            return turn()
        except Exception:
            connection.close()
            raise

    async def run() -> object:
        return await asyncio.get_running_loop().run_in_executor(thread, guarded)

    return run
