"""What waits to be sent to one browser: bounded, the newest of each live value."""

from collections import OrderedDict
from collections.abc import Hashable

from prometheus_client import Counter

FRAMES_MAX = 4_096
SIZE_MAX = 2 * 1024 * 1024  # characters; the texts are shared by all subscribers

FRAMES_DROPPED = Counter(
    "powerdash_realtime_frames_dropped",
    "Frames that a browser was too slow for, by reason.",
    ["reason"],
)
_replaced = FRAMES_DROPPED.labels("replaced")
_overflown = FRAMES_DROPPED.labels("overflow")


class Overflow(Exception):
    """The browser is too slow: more frames wait than it may have."""


class Outbox:
    """A queue of texts in which a newer state of a live value replaces an older one."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Hashable, str] = OrderedDict()
        self._size = 0
        self._count = 0

    def put(self, text: str, key: Hashable | None = None) -> None:
        """Add a text at the end, or in the place of the one with the same key.

        Args:
            key: Which live value the text is the state of; None: it replaces nothing.

        Raises:
            Overflow: There is no room; everything that waited is thrown away.
        """
        if key is None:
            self._count += 1
            key = self._count
        elif (old := self._waiting.get(key)) is not None:
            self._size -= len(old)
            _replaced.inc()
        self._waiting[key] = text
        self._size += len(text)
        if len(self._waiting) > FRAMES_MAX or self._size > SIZE_MAX:
            _overflown.inc(len(self._waiting))
            self._waiting.clear()
            self._size = 0
            raise Overflow

    def take(self) -> str | None:
        """Remove and return the text that waited longest."""
        if not self._waiting:
            return None
        _, text = self._waiting.popitem(last=False)
        self._size -= len(text)
        return text
