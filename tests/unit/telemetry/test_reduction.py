"""Test that steps become columns with gaps, and that lines keep their shape."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.telemetry.reduction import columns, lttb, raw_steps, rolled_steps

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOLD = timedelta(seconds=120)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def test_a_raw_step_covers_its_readings_and_the_way_to_them() -> None:
    rows = [
        (at(0), 3, at(1), at(9), 1000, 1.0),
        (at(10), 2, at(11), at(19), 1000, 2.0),
        (at(130), 1, at(139), at(139), 1000, 3.0),
        (at(260), 1, at(260), at(260), 60_000, 4.0),
    ]
    steps = raw_steps(rows, HOLD)
    assert [step.covered_s for step in steps] == [9, 10, 120, 60]
    assert [step.gap for step in steps] == [False, False, False, True]


def test_a_slow_meter_is_not_silent_between_its_readings() -> None:
    rows = [(at(n), 1, at(n), at(n), 900_000, 1.0) for n in (0, 900, 1800, 3601)]
    steps = raw_steps(rows, HOLD)
    assert [step.covered_s for step in steps] == [900, 900, 900, 900]
    assert [step.gap for step in steps] == [False, False, False, True]


def test_rolled_steps_have_a_gap_where_time_is_not_covered() -> None:
    rows = [
        (at(0), 5, 300.0, 1.0),
        (at(300), 5, 300.0, 2.0),
        (at(1200), 1, 900.0, 3.0),  # a meter of fifteen minutes
        (at(2400), 5, 300.0, 4.0),
    ]
    steps = rolled_steps(rows, 300)
    assert [step.gap for step in steps] == [False, False, False, True]


def test_columns_have_a_row_of_nothing_in_each_gap() -> None:
    rows = [(at(0), 1, 300.0, 1.0, 5.0), (at(900), 1, 60.0, 2.0, None)]
    times, found = columns(rolled_steps(rows, 300), 2)
    first = int(START.timestamp())
    assert times == [first, first + 1, first + 900]
    assert found == [[1.0, None, 2.0], [5.0, None, None]]
    assert columns([], 2) == ([], [[], []])


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300),
    st.integers(1, 60),
)
def test_thinning_keeps_the_ends_and_the_order(values: list[float], most: int) -> None:
    kept = lttb(range(len(values)), values, most)
    assert kept == sorted(set(kept))
    assert kept[0] == 0
    assert kept[-1] == len(values) - 1
    assert len(kept) <= max(most, 3) or len(values) <= most or most < 3


@pytest.mark.parametrize("place", [1, 17, 500, 998])
def test_thinning_keeps_a_peak(place: int) -> None:
    values = [1.0] * 1000
    values[place] = 50.0
    assert place in lttb(range(1000), values, 20)
