"""Test that guessing is slowed and nothing is told by the time it takes."""

from powerdash.ingest.patience import (
    FLOOR_S,
    FORGET_S,
    FREE_FAILURES,
    LONGEST_S,
    Patience,
)


def test_first_failures_take_the_floor_later_ones_longer_up_to_a_limit() -> None:
    patience = Patience()
    waits = [patience.wait_s(b"a", float(n)) for n in range(40)]
    assert waits[:FREE_FAILURES] == [FLOOR_S] * FREE_FAILURES
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_S


def test_each_name_counts_for_itself() -> None:
    patience = Patience()
    for n in range(40):
        patience.wait_s(b"a", float(n))
    assert patience.wait_s(b"b", 40.0) == FLOOR_S


def test_failures_are_forgotten() -> None:
    patience = Patience()
    for n in range(40):
        patience.wait_s(b"a", float(n))
    assert patience.wait_s(b"a", 40 + FORGET_S + 1) == FLOOR_S


def test_those_who_name_nobody_share_no_wait() -> None:
    patience = Patience()
    assert [patience.wait_s(b"", float(n)) for n in range(40)] == [FLOOR_S] * 40
