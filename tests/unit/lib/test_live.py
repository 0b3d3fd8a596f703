import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.lib.live import BURST_MAX, NOTIFY_MAX, Frame, Joiner, notify_payloads

texts = st.text(st.characters(exclude_categories=["Cs"]))


def join(payloads: list[str]) -> bytes:
    joiner = Joiner()
    bodies = [joiner.add(payload) for payload in payloads]
    assert bodies[:-1] == [None] * (len(bodies) - 1)
    assert bodies[-1] is not None
    return bodies[-1]


@given(st.lists(st.builds(Frame, texts, texts, texts, texts, texts), min_size=1))
def test_a_burst_comes_out_as_it_went_in(frames: list[Frame]) -> None:
    body = join(notify_payloads("a-1", msgspec.json.encode(frames)))
    assert msgspec.json.decode(body, type=list[Frame]) == frames


@pytest.mark.parametrize("data", ["x" * 100_000, "ä€😀" * 20_000, "\x00" * 5_000])
def test_a_frame_too_big_for_one_payload_is_split(data: str) -> None:
    frames = [Frame("c", "e", data)]
    payloads = notify_payloads("f" * 16 + "-ffff", msgspec.json.encode(frames))
    assert len(payloads) > 1
    assert max(len(payload.encode()) for payload in payloads) <= NOTIFY_MAX
    assert not any("\x00" in payload for payload in payloads)
    assert msgspec.json.decode(join(payloads), type=list[Frame]) == frames


def test_no_two_payloads_are_equal() -> None:
    payloads = notify_payloads("a-1", msgspec.json.encode("x" * 50_000))
    assert len(set(payloads)) == len(payloads)


def test_bursts_follow_one_another() -> None:
    joiner = Joiner()
    bodies = [joiner.add(notify_payloads(name, b'"x"')[0]) for name in ("a-1", "a-2")]
    assert bodies == [b'"x"', b'"x"']


def test_a_burst_with_a_missing_piece_is_refused_and_the_next_one_is_not() -> None:
    joiner = Joiner()
    payloads = notify_payloads("a-1", b"x" * 30_000)
    assert joiner.add(payloads[0]) is None
    for late in payloads[2:]:
        with pytest.raises(ValueError, match="missing"):
            joiner.add(late)
    assert joiner.add("b-1 0 1 []") == b"[]"


@pytest.mark.parametrize("payload", ["", "x", "a b c d", "a 1 2 x", "a 0 x y"])
def test_what_is_no_payload_of_ours_is_refused(payload: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Joiner().add(payload)


def test_a_burst_without_end_is_refused() -> None:
    payload = "a 0 2 " + "x" * (BURST_MAX + 1)
    with pytest.raises(ValueError, match="too big"):
        Joiner().add(payload)
