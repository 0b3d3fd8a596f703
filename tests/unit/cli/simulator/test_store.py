"""Store and forward: order, bound, and what survives a restart."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.cli.posting import Reading
from powerdash.cli.simulator.meter import Register
from powerdash.cli.simulator.store import Journal, Store

START = datetime(2026, 1, 1, tzinfo=UTC)


def reading(number: int) -> Reading:
    return Reading(START + timedelta(seconds=number), 1.0, 230.0, {"n": number})


@given(st.lists(st.sampled_from(["put", "take", "done"]), max_size=60))
def test_it_gives_every_reading_in_order_until_it_is_done(steps: list[str]) -> None:
    store, put = Store(1000), 0
    given_out: list[Reading] = []
    taken: list[Reading] = []
    for step in steps:
        if step == "put":
            store.put(reading(put))
            put += 1
        elif step == "take":
            taken = store.take(3)
        else:
            given_out += taken
            store.done()
            taken = []
    while rest := store.take(7):
        given_out += rest
        store.done()
    assert [r.attributes["n"] for r in given_out] == list(range(put))


def test_a_full_store_drops_the_oldest_and_counts_it() -> None:
    store = Store(3)
    for number in range(5):
        store.put(reading(number))
    assert store.dropped == 2
    assert [r.attributes["n"] for r in store.take(9)] == [2, 3, 4]


def test_what_is_under_way_is_not_dropped() -> None:
    store = Store(2)
    store.put(reading(0))
    store.take(1)
    for number in range(1, 4):
        store.put(reading(number))
    assert [r.attributes["n"] for r in store.take(9)] == [0, 3]


def test_a_journal_gives_back_what_was_not_acknowledged(tmp_path: Path) -> None:
    file, store = tmp_path / "journal", Store(100)
    journal = Journal(file)
    for number in range(10):
        store.put(reading(number))
    journal.save("a", store, {"L1": Register(5.0, 1.0)})
    store.take(4)
    store.done()
    store.put(reading(10))
    journal.save("a", store, {"L1": Register(6.0, 1.0)})
    journal.close()

    again, journal = Store(100), Journal(file)
    journal.load("a", again)
    assert [r.attributes["n"] for r in again.take(99)] == list(range(4, 11))
    assert again.take(1)[0] == reading(4)
    assert journal.registers("a") == {"L1": Register(6.0, 1.0)}
    assert journal.registers("b") == {}
    again.put(reading(11))
    again.take(99)
    again.done()
    journal.save("a", again, {})
    journal.close()

    empty, journal = Store(100), Journal(file)
    journal.load("a", empty)
    journal.close()
    assert len(empty) == 0


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but long enough to be read" * 9)
    with pytest.raises(sqlite3.DatabaseError):
        Journal(tmp_path / "text")
