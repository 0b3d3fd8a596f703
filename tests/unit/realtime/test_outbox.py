import pytest

from powerdash.realtime import outbox
from powerdash.realtime.outbox import Outbox, Overflow


def taken(box: Outbox) -> list[str]:
    texts = []
    while (text := box.take()) is not None:
        texts.append(text)
    return texts


def test_texts_come_out_in_order() -> None:
    box = Outbox()
    for text in "abba":
        box.put(text)
    assert taken(box) == ["a", "b", "b", "a"]


def test_a_newer_state_takes_the_place_of_the_unsent_one() -> None:
    box = Outbox()
    box.put("old", ("c", "e", "device 1"))
    box.put("other", ("c", "e", "device 2"))
    box.put("new", ("c", "e", "device 1"))
    assert taken(box) == ["new", "other"]


def test_a_sent_state_is_not_replaced() -> None:
    box = Outbox()
    box.put("old", "key")
    assert box.take() == "old"
    box.put("new", "key")
    assert taken(box) == ["new"]


def test_frames_over_the_limit_are_thrown_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "FRAMES_MAX", 2)
    box = Outbox()
    box.put("a")
    box.put("b")
    with pytest.raises(Overflow):
        box.put("c")
    assert taken(box) == []


def test_the_size_is_that_of_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SIZE_MAX", 10)
    box = Outbox()
    for _ in range(100):
        box.put("x" * 8, "key")
    box.put("xx")
    assert taken(box) == ["x" * 8, "xx"]
    box.put("x" * 10)
    with pytest.raises(Overflow):
        box.put("x")
    box.put("x" * 10)
    assert taken(box) == ["x" * 10]


def test_live_values_never_overflow_however_many_states_they_had() -> None:
    box = Outbox()
    for n in range(100_000):
        box.put(str(n), n % 100)
    assert taken(box) == [str(n) for n in range(99_900, 100_000)]
