from collections.abc import Hashable

from powerdash.lib.broker import Frame
from powerdash.realtime.channels import Channels


class Screen:
    """A subscriber that keeps what it was given."""

    def __init__(self, socket_id: str) -> None:
        self.socket_id = socket_id
        self.texts: list[str] = []
        self.keys: list[Hashable | None] = []

    def deliver(self, text: str, key: Hashable | None) -> None:
        self.texts.append(text)
        self.keys.append(key)


def test_31_a_frame_reaches_every_subscriber_with_its_data_unchanged() -> None:
    channels, one, two, other = Channels(), Screen("1.1"), Screen("2.2"), Screen("3.3")
    channels.join("a", one)
    channels.join("a", two)
    channels.join("b", other)
    channels.deliver([Frame("a", "E", '{"x": "ä"}')])
    assert one.texts == ['{"event":"E","channel":"a","data":"{\\"x\\": \\"ä\\"}"}']
    assert one.texts[0] is two.texts[0]  # encoded once
    assert other.texts == []


def test_32_a_socket_id_leaves_that_connection_out() -> None:
    channels, one, two = Channels(), Screen("1.1"), Screen("2.2")
    channels.join("a", one)
    channels.join("a", two)
    channels.deliver([Frame("a", "E", "1", except_socket="1.1")])
    channels.deliver([Frame("a", "E", "2", except_socket="nonsense")])
    assert len(one.texts) == 1
    assert len(two.texts) == 2


def test_a_live_value_is_named_by_channel_event_and_key() -> None:
    channels, screen = Channels(), Screen("1.1")
    channels.join("a", screen)
    channels.deliver([Frame("a", "E", "1", "device"), Frame("a", "E", "1")])
    assert screen.keys == [("a", "E", "device"), None]


def test_20_counts_agree() -> None:
    channels, one, two = Channels(), Screen("1.1"), Screen("2.2")
    for screen in (one, two, one):
        channels.join("a", screen)
    channels.join("ab", one)
    assert (channels.count("a"), channels.count("ab"), channels.count("c")) == (2, 1, 0)
    assert sorted(channels.occupied("a")) == ["a", "ab"]
    assert sorted(channels.occupied("ab")) == ["ab"]


def test_21_nothing_is_left_of_a_connection_that_left() -> None:
    channels, one = Channels(), Screen("1.1")
    channels.join("a", one)
    channels.join("b", one)
    channels.leave(["a", "b", "never"], one)
    channels.deliver([Frame("a", "E", "1")])
    assert one.texts == []
    assert list(channels.occupied("")) == []
