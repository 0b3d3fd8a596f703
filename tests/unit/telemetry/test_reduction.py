"""Test that steps become columns with gaps, and that lines keep their shape."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.telemetry.reduction import (
    Column,
    columns,
    extremes,
    lttb,
    outline,
    raw_steps,
    rolled_steps,
    seven_digits,
)

START = 1_769_860_800
HOLD_S = 120
Envelope = tuple[Column, Column, Column]


def test_a_raw_step_covers_its_readings_and_the_way_to_them() -> None:
    rows = [
        (0, 1, 9, 1, 1.0),
        (10, 11, 19, 1, 2.0),
        (130, 139, 139, 1, 3.0),
        (260, 260, 260, 60, 4.0),
    ]
    steps = raw_steps(rows, HOLD_S, None)
    assert steps.covered_s == [9, 10, 120, 60]
    assert steps.gaps == [3]


def test_a_slow_meter_is_not_silent_between_its_readings() -> None:
    rows = [(n, n, n, 900, 1.0) for n in (0, 900, 1800, 3601)]
    steps = raw_steps(rows, HOLD_S, None)
    assert steps.covered_s == [900, 900, 900, 900]
    assert steps.gaps == [3]


def test_rolled_steps_have_a_gap_where_time_is_not_covered() -> None:
    rows = [
        (0, 300.0, 1.0),
        (300, 300.0, 2.0),
        (1200, 900.0, 3.0),  # a meter of fifteen minutes
        (2400, 300.0, 4.0),
    ]
    assert rolled_steps(rows, 300).gaps == [3]


@pytest.mark.parametrize(
    ("at", "covered_s", "gaps"),
    [
        ([0, 600], [300.0, 300.0], [1]),  # one is empty
        ([0, 600], [300.0, 300.4], [1]),  # and the next is not on time
        ([0, 600], [300.0, 600.0], []),  # a meter of ten minutes
        ([0, 300], [300.0, 1.0], []),  # the step has just begun
        ([0, 900], [300.0, 400.0], [1]),
    ],
)
def test_one_empty_step_is_a_gap(
    at: list[int], covered_s: list[float], gaps: list[int]
) -> None:
    rows = [(*row, 1.0) for row in zip(at, covered_s, strict=True)]
    assert rolled_steps(rows, 300).gaps == gaps


@pytest.mark.parametrize(
    ("apart_h", "covered_h", "gaps"),
    [
        (47, 24, [1]),  # a day of 23 hours is empty
        (49, 24, [1]),
        (25, 2, []),  # the day after one of 25 hours has just begun
        (23, 1, []),
    ],
)
def test_days_without_an_hour_may_be_empty(
    apart_h: int, covered_h: float, gaps: list[int]
) -> None:
    rows = [(0, 86_400.0, 1.0), (apart_h * 3600, covered_h * 3600.0, 1.0)]
    assert rolled_steps(rows, 86_400).gaps == gaps


def test_columns_have_a_row_of_nothing_in_each_gap() -> None:
    rows = [
        (START, 300.0, 1.0, 5.0),
        (START + 900, 60.0, 2.0, None),
        (START + 9000, 60.0, 3.0, 7.0),
    ]
    times, found = columns(rolled_steps(rows, 300))
    assert times == [START, START + 1, START + 900, START + 901, START + 9000]
    assert found == [[1.0, None, 2.0, None, 3.0], [5.0, None, None, None, 7.0]]


def test_the_first_reading_speaks_since_the_one_before_the_range() -> None:
    rows = [(0, 10, 10, 60, 1.0), (60, 70, 70, 60, 2.0)]
    for before, covered_s in ((-50, 60), (-900, 60), (-29, 39), (None, 60)):
        assert raw_steps(rows, HOLD_S, before).covered_s == [covered_s, 60]
    slow = [(0, 10, 10, 300, 1.0)]
    assert raw_steps(slow, HOLD_S, -200).covered_s == [210]


def test_a_step_of_two_extremes_is_two_points() -> None:
    times = [0, 60, 61, 120]
    one: Envelope = (
        [5.0, 6.0, None, 4.0],
        [5.0, 0.0, None, 1.0],
        [5.0, 9.0, None, 7.0],
    )
    two: Envelope = ([1.0, 1.0, None, 2.0], [None] * 4, [None] * 4)
    at, lines = extremes(times, [one, two], 60)
    # Beside what is halved every step is two, or halves stood among wholes.
    assert at == [0, 30, 60, 90, 91, 120, 150]
    assert lines[0] == [5.0, 5.0, 0.0, 9.0, None, 1.0, 7.0]
    assert lines[1] == [0.5, 0.5, 0.5, 0.5, None, 1.0, 1.0]
    assert extremes(times, [one], 60)[0] == [0, 60, 90, 91, 120, 150]
    falling = extremes([0, 60], [([5.0, 4.0], [5.0, 1.0], [5.0, 7.0])], 60)
    assert falling == ([0, 60, 90], [[5.0, 7.0, 1.0]])
    second = extremes([0], [([5.0], [1.0], [7.0])], 1)
    assert second == ([0], [[1.0]])


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


@given(seed=st.integers(), count=st.integers(1, 3), most=st.integers(7, 600))
def test_an_outline_has_the_extremes_of_every_line(
    seed: int, count: int, most: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    lines = [
        [chance.choice([None, chance.gauss(0, 9)]) for _ in range(500)]
        for _ in range(count)
    ]
    kept = outline(range(500), lines, most)
    assert len(kept) <= max(most, 3 + 2 * len(lines))
    for line in lines:
        known = [value for value in line if value is not None]
        if known:
            assert {min(known), max(known)} <= {line[place] for place in kept}


@pytest.mark.parametrize("start", range(4))
def test_an_outline_has_a_spike_and_the_dip_beside_it(start: int) -> None:
    values: list[float | None] = [10.0] * 400
    values[200 + start : 204 + start] = [10.0, 100.0, 0.0, 10.0]
    kept = outline(range(400), [values], 100)
    assert {201 + start, 202 + start} <= set(kept)


@pytest.mark.parametrize("place", [1, 17, 500, 998])
def test_thinning_keeps_a_peak(place: int) -> None:
    values = [1.0] * 1000
    values[place] = 50.0
    assert place in lttb(range(1000), values, 20)


def test_what_four_bytes_tell_is_as_it_was_sent() -> None:
    kept = [21.399999618530273, None, 50.099998474121094, -0.0, 0.9700000286102295]
    assert seven_digits(kept) == [21.4, None, 50.1, 0.0, 0.97]
    # A mean is between the least and the greatest, in as many digits.
    assert seven_digits([21.39999961, 21.39999962]) == [21.4, 21.4]
    assert seven_digits([]) == []
