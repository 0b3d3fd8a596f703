"""Test that the ledger loses no count and writes few rows."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from powerdash.ingest import ledger as module
from powerdash.ingest.ledger import Ledger

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = ("ingest.accepted", 1, 2, "")


def counts(rows: list[module.Row]) -> int:
    return sum(msgspec.json.decode(row[4])["requests"] for row in rows)


def test_the_first_is_recorded_at_once_and_the_rest_by_the_minute() -> None:
    ledger = Ledger()
    ledger.add(KEY, requests=1)
    assert counts(ledger.due(AT)) == 1
    for second in range(1, 60):
        ledger.add(KEY, requests=1)
        assert ledger.due(AT + timedelta(seconds=second)) == []
    assert counts(ledger.due(AT + timedelta(seconds=60))) == 59


def test_the_reason_is_kept() -> None:
    ledger = Ledger()
    ledger.add(("ingest.rejected_auth", None, None, "missing"), requests=1)
    ((_at, kind, _organization, _device, data),) = ledger.due(AT)
    assert kind == "ingest.rejected_auth"
    assert msgspec.json.decode(data) == {"requests": 1, "reason": "missing"}


def test_what_is_given_back_is_counted_again() -> None:
    ledger = Ledger()
    ledger.add(("x", None, 3, "why"), requests=4)
    ledger.give_back(ledger.due(AT))
    ((_, kind, _, device, data),) = ledger.due(AT, everything=True)
    assert (kind, device) == ("x", 3)
    assert msgspec.json.decode(data) == {"requests": 4, "reason": "why"}


def test_an_idle_key_is_forgotten() -> None:
    ledger = Ledger()
    ledger.add(KEY, requests=1)
    ledger.due(AT)
    ledger.due(AT + timedelta(minutes=2))
    assert not ledger._entries


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 90)), max_size=60))
def test_the_sum_of_rows_is_the_number_counted(steps: list[tuple[int, int]]) -> None:
    ledger, at, told = Ledger(), AT, 0
    for device, pause_s in steps:
        ledger.add(("ingest.accepted", 1, device, ""), requests=1)
        at += timedelta(seconds=pause_s)
        told += counts(ledger.due(at))
    assert told + counts(ledger.due(at, everything=True)) == len(steps)
