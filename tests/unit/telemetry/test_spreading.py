"""Test that each step is given what is told of its time, reckoned second by second."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.telemetry.spreading import spread

EDGES = [0, 7, 30, 60, 61, 90]
Stretch = tuple[int, int, float]  # begin and length in seconds, and by the second


def rows(stretches: list[Stretch]) -> list[list[float]]:
    """Add stretches up as `devices_series` does; their seconds are a figure, too."""
    found: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0] * 6)
    for begin, length, rate in stretches:
        first, last = (
            int(np.searchsorted(EDGES, at, side="right"))
            for at in (begin, begin + length)
        )
        told = (rate * length, length, rate, 1, rate * begin, begin)
        sums = found[first, last]
        found[first, last] = [a + b for a, b in zip(sums, told, strict=True)]
    return [[*places, *sums] for places, sums in found.items()]


@given(
    st.lists(
        st.tuples(
            st.integers(-50, 120),
            st.integers(1, 100),
            st.floats(-1e4, 1e4, allow_subnormal=False),
        ),
        min_size=1,
    )
)
def test_each_second_gives_to_its_step(stretches: list[Stretch]) -> None:
    wanted = np.zeros((len(EDGES) - 1, 2))
    for begin, length, rate in stretches:
        for second in range(begin, begin + length):
            step = np.searchsorted(EDGES, second, side="right") - 1
            if 0 <= step < len(wanted):
                wanted[step] += rate, 1
    assert spread(rows(stretches), EDGES) == pytest.approx(wanted, abs=1e-6)


def test_what_is_outside_gives_nothing() -> None:
    assert not spread(rows([(-9, 9, 5.0), (90, 4, 5.0)]), EDGES).any()
