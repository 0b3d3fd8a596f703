"""Live values reach browsers at a bearable pace, whoever tells them; pure.

Each web process tells the newest reading of a device that it was sent; a device may
send to several. What comes too soon after the last waits, and a newer one takes its
place.
"""

from collections import OrderedDict
from collections.abc import Iterable

from powerdash.lib.broker import Frame

EVERY_S = 0.25  # between two frames of one live value

_Name = tuple[str, str, str]  # channel, event, key


class Pace:
    """Lets frames through, those with a key at most one each `EVERY_S`."""

    def __init__(self) -> None:
        self._told_s: OrderedDict[_Name, float] = OrderedDict()
        self._waiting: dict[_Name, Frame] = {}

    def take(self, frames: Iterable[Frame], now_s: float) -> list[Frame]:
        """Return the frames to deliver now; others wait until they are `due`.

        Args:
            now_s: Monotonic seconds.
        """
        through: list[Frame] = []
        for frame in frames:
            if not frame.key:
                through.append(frame)
                continue
            name = (frame.channel, frame.event, frame.key)
            if now_s - self._told_s.get(name, now_s - EVERY_S) < EVERY_S:
                self._waiting[name] = frame
            else:
                self._tell(name, now_s)
                through.append(frame)
        return through

    def due(self, now_s: float) -> list[Frame]:
        """Return the waiting frames whose time has come."""
        through = []
        for name, frame in list(self._waiting.items()):
            if now_s - self._told_s[name] >= EVERY_S:
                self._tell(name, now_s)
                through.append(frame)
        self._forget(now_s)
        return through

    def is_waiting(self) -> bool:
        """Tell whether a frame waits."""
        return bool(self._waiting)

    def _tell(self, name: _Name, now_s: float) -> None:
        self._waiting.pop(name, None)
        self._told_s[name] = now_s
        self._told_s.move_to_end(name)

    def _forget(self, now_s: float) -> None:
        """Drop what was told long enough ago, the oldest first."""
        while self._told_s:
            name, told_s = next(iter(self._told_s.items()))
            if now_s - told_s < EVERY_S or name in self._waiting:
                return
            del self._told_s[name]
