"""The worker's loops: one that fails is tried again and holds no other up."""

import asyncio

import pytest
from django.db import OperationalError

from powerdash.cli import worker
from powerdash.cli.worker import (
    AWAY_PAUSE_S,
    BACKOFF_MAX_S,
    Loop,
    is_away,
    pause_s,
    run_loops,
)


def test_the_pause_grows_with_the_failures_up_to_a_limit() -> None:
    assert pause_s(5, 0) == 5
    pauses = [pause_s(0.25, failures) for failures in (1, 2, 50)]
    assert pauses == [AWAY_PAUSE_S, 2 * AWAY_PAUSE_S, BACKOFF_MAX_S]
    assert pause_s(300, 1) == BACKOFF_MAX_S  # what is rare is not put off for long


def test_a_server_that_is_away_is_told_from_wrong_work() -> None:
    assert is_away(ConnectionRefusedError())
    assert is_away(OperationalError())
    assert not is_away(ValueError())


async def test_a_failing_loop_is_tried_again_beside_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "AWAY_PAUSE_S", 0.001)
    stop = asyncio.Event()
    turns = {"good": 0, "bad": 0}

    async def good() -> None:
        turns["good"] += 1

    async def bad() -> None:
        turns["bad"] += 1
        if turns["bad"] == 3:
            stop.set()
        raise ValueError("of the test")

    loops = [Loop("good", 0.001, good), Loop("bad", 0.001, bad)]
    await asyncio.wait_for(run_loops(loops, stop), 20)
    assert turns["bad"] == 3
    assert turns["good"] >= 2


async def test_told_to_stop_a_turn_is_finished() -> None:
    stop = asyncio.Event()
    done: list[str] = []

    async def slow() -> None:
        stop.set()
        for _ in range(10):
            await asyncio.sleep(0)
        done.append("turn")

    await asyncio.wait_for(run_loops([Loop("slow", 60, slow)], stop), 20)
    assert done == ["turn"]


async def test_a_turn_with_more_to_do_is_followed_at_once_but_can_be_stopped() -> None:
    stop = asyncio.Event()
    turns: list[int] = []

    async def busy() -> bool:
        turns.append(len(turns))
        if len(turns) == 50:
            stop.set()
        return True

    await asyncio.wait_for(run_loops([Loop("busy", 60, busy)], stop), 20)
    assert len(turns) == 50
