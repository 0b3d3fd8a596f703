"""What is pure about the embedded PostgreSQL."""

import pytest

from powerdash.lib.embedded import tuning
from powerdash.lib.postgres_files import reason_in


@pytest.mark.parametrize(
    ("gigabytes", "buffers"),
    [(1, "256MB"), (4, "512MB"), (8, "1024MB"), (64, "1024MB")],
)
def test_shared_buffers_follow_the_memory_within_bounds(
    gigabytes: int, buffers: str
) -> None:
    assert tuning(gigabytes * 2**30, 2)["shared_buffers"] == buffers


@pytest.mark.parametrize(("processors", "workers"), [(1, "0"), (2, "1"), (16, "2")])
def test_no_question_has_more_processes_than_there_are_processors(
    processors: int, workers: str
) -> None:
    assert tuning(2**33, processors)["max_parallel_workers_per_gather"] == workers


def test_nothing_acknowledged_is_traded_for_speed() -> None:
    options = tuning(2**33, 2)
    assert {options[name] for name in ("fsync", "synchronous_commit")} == {"on"}
    assert options["full_page_writes"] == "on"


def test_the_reason_is_the_last_fatal_line() -> None:
    log = (
        "LOG:  starting\n[7] FATAL:  the database system is starting up\n"
        "[7] FATAL:  could not write lock file: No space left on device\nLOG:  bye\n"
    )
    assert reason_in(log) == "could not write lock file: No space left on device"
    assert reason_in("") == "it gave no reason"
    assert reason_in("initdb: error: no.\n") == "no"
