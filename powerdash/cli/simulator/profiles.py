"""Daily profiles: how busy a place is, 0 to 1, by local hour and day of the week."""

from dataclasses import dataclass
from itertools import pairwise

DAY_S = 86_400
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Profile:
    """A week of busyness.

    Attributes:
        weekday: (hour, busyness) points of a working day, joined by straight lines;
            the first at hour 0, the last at hour 24.
        weekend: What a Saturday or Sunday has of the working day's busyness, 0 to 1.
    """

    weekday: tuple[tuple[float, float], ...]
    weekend: float = 1.0

    def at(self, local_s: float) -> float:
        """Return the busyness, 0 to 1, at `local_s` seconds of local epoch time."""
        day, second = divmod(local_s, DAY_S)
        level = _interpolated(self.weekday, second / 3600.0)
        is_weekend = (int(day) + _EPOCH_WEEKDAY) % 7 >= _SATURDAY
        return level * self.weekend if is_weekend else level

    def mean(self) -> float:
        """Return the busyness averaged over a week, 0 to 1."""
        hours = [
            self.at(day * DAY_S + hour * 3600.0 + 1800.0)
            for day in range(7)
            for hour in range(24)
        ]
        return sum(hours) / len(hours)


def _interpolated(points: tuple[tuple[float, float], ...], hour: float) -> float:
    for (left, low), (right, high) in pairwise(points):
        if hour <= right:
            return low + (high - low) * (hour - left) / (right - left)
    return points[-1][1]


ALWAYS = Profile(((0, 1.0), (24, 1.0)))
OFFICE = Profile(
    ((0, 0.06), (6, 0.06), (8.5, 0.8), (11, 1), (12.5, 0.7), (14, 0.95), (16.5, 0.8),
     (19, 0.2), (22, 0.08), (24, 0.06)),
    weekend=0.2,
)  # fmt: skip
LIBRARY = Profile(
    ((0, 0.15), (2, 0.08), (7, 0.1), (9, 0.75), (15, 1), (20, 0.85), (23, 0.4),
     (24, 0.15)),
    weekend=0.7,
)  # fmt: skip
LAB = Profile(
    ((0, 0.3), (7, 0.3), (9, 0.75), (12, 0.9), (13, 0.7), (15, 1), (18, 0.6),
     (21, 0.35), (24, 0.3)),
    weekend=0.5,
)  # fmt: skip
DORMITORY = Profile(
    ((0, 0.45), (2, 0.2), (6, 0.22), (7.5, 0.7), (9, 0.4), (16, 0.4), (18.5, 0.9),
     (21, 1), (23, 0.75), (24, 0.45)),
    weekend=1.0,
)  # fmt: skip
KITCHEN = Profile(
    ((0, 0.03), (5, 0.05), (6.5, 0.6), (8, 0.4), (10, 0.6), (12, 1), (13.5, 0.8),
     (15, 0.2), (17, 0.6), (18.5, 0.9), (20, 0.4), (22, 0.05), (24, 0.03)),
    weekend=0.6,
)  # fmt: skip
CLIMATE = Profile(
    ((0, 0.25), (5, 0.25), (7, 0.65), (10, 0.75), (14, 1), (17, 0.85), (20, 0.45),
     (24, 0.25)),
    weekend=0.6,
)  # fmt: skip
EVENING = Profile(
    ((0, 0.9), (5.5, 0.9), (7, 0.1), (8, 0), (16.5, 0), (18, 0.7), (19.5, 1), (24, 0.9))
)
CHARGING = Profile(
    ((0, 0.1), (7, 0.15), (9, 0.9), (12, 0.8), (14, 0.85), (17, 0.5), (20, 0.3),
     (24, 0.1)),
    weekend=0.35,
)  # fmt: skip
