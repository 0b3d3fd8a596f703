"""Who is subscribed to what in this process, and the fan-out of frames to them."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from powerdash.lib.broker import Frame

_encode = msgspec.json.Encoder().encode


class Subscriber(Protocol):
    """A connection as the fan-out sees it."""

    socket_id: str

    def deliver(self, text: str, key: Hashable | None) -> None:
        """Take one encoded frame; never waits, never raises."""


class _Event(msgspec.Struct):
    """What a subscriber gets. Source: protocol, "Events"; no other keys."""

    event: str
    channel: str
    data: str


class Channels:
    """The channels that have a subscriber here; one without any is forgotten."""

    def __init__(self) -> None:
        self._subscribers: dict[str, set[Subscriber]] = {}

    def join(self, channel: str, subscriber: Subscriber) -> None:
        """Subscribe; a second time changes nothing."""
        self._subscribers.setdefault(channel, set()).add(subscriber)

    def leave(self, channels: Iterable[str], subscriber: Subscriber) -> None:
        """Unsubscribe from each channel, if on it."""
        for channel in channels:
            subscribers = self._subscribers.get(channel, set())
            subscribers.discard(subscriber)
            if not subscribers:
                self._subscribers.pop(channel, None)

    def deliver(self, frames: Sequence[Frame]) -> None:
        """Hand frames to their subscribers; each frame is encoded once at most."""
        for frame in frames:
            if subscribers := self._subscribers.get(frame.channel):
                _fan_out(frame, subscribers)

    def watched(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Return the frames that somebody here is subscribed to."""
        return (frame for frame in frames if frame.channel in self._subscribers)

    def count(self, channel: str) -> int:
        """Return the number of connections on a channel."""
        return len(self._subscribers.get(channel, ()))

    def occupied(self, prefix: str) -> Iterator[str]:
        """Return the channels with a subscriber whose names begin with `prefix`."""
        return (name for name in self._subscribers if name.startswith(prefix))


def _fan_out(frame: Frame, subscribers: set[Subscriber]) -> None:
    text = _encode(_Event(frame.event, frame.channel, frame.data)).decode()
    key = (frame.channel, frame.event, frame.key) if frame.key else None
    for subscriber in subscribers:
        if subscriber.socket_id != frame.except_socket:
            subscriber.deliver(text, key)
