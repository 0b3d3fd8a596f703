"""Test that live values come at their pace, the newest of them."""

import pytest

from powerdash.lib.broker import Frame
from powerdash.realtime.pace import EVERY_S, Pace


def frame(data: str, key: str = "device") -> Frame:
    return Frame("private-a", "E", data, key)


def data(frames: list[Frame]) -> list[str]:
    return [each.data for each in frames]


def test_what_has_no_key_passes_at_once() -> None:
    pace = Pace()
    assert data(pace.take([frame("1", ""), frame("2", "")], 10.0)) == ["1", "2"]
    assert not pace.is_waiting()


def test_a_value_waits_for_its_turn_and_the_newest_takes_it() -> None:
    pace = Pace()
    assert data(pace.take([frame("1"), frame("other", "b")], 10.0)) == ["1", "other"]
    assert pace.take([frame("2")], 10.1) == []
    assert pace.take([frame("3")], 10.2) == []
    assert pace.is_waiting()
    assert pace.due(10.24) == []
    assert data(pace.due(10.0 + EVERY_S)) == ["3"]
    assert not pace.is_waiting()
    assert pace.take([frame("4")], 10.3) == []
    assert data(pace.due(11.0)) == ["4"]


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_several_processes_are_no_faster_than_one(processes: int) -> None:
    pace, told = Pace(), []
    for step in range(400):  # four seconds
        now = 100 + step / 100
        if step % 5 == 0:
            told += pace.take([frame(str(n)) for n in range(processes)], now)
        told += pace.due(now)
    assert 14 <= len(told) <= 17


def test_it_forgets_what_is_over() -> None:
    pace = Pace()
    pace.take([frame("1", str(n)) for n in range(1000)], 10.0)
    pace.due(10.0 + 2 * EVERY_S)
    assert not pace._told_s
