"""What goes wrong in the field: lost samples, silent devices, clocks that wander."""

from dataclasses import dataclass
from enum import StrEnum

from powerdash.cli.simulator import noise

SLOT_S = 7_200.0  # a device is silent at most once in this time
SILENT_S = (120.0, 480.0)
_SILENT, _START, _LENGTH, _DARK, _LOST, _JITTER, _DRIFT = range(300, 307)


class Link(StrEnum):
    """How a device stands at a moment."""

    UP = "up"
    SILENT = "silent"
    """Measures, but cannot send: it catches up from its store."""
    DARK = "dark"
    """Has no power: nothing is measured."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How often things go wrong.

    Attributes:
        silence: Probability of a silence in two hours.
        dark: Part of the silences in which the device has no power at all.
        lost: Probability that one sample is not taken.
        jitter_s: Deviation of a time stamp from the beat, s.
    """

    silence: float = 0.04
    dark: float = 0.25
    lost: float = 0.0005
    jitter_s: float = 0.015

    def link(self, seed: int, at: float) -> Link:
        """Tell how the device of `seed` stands at `at`."""
        slot = int(at // SLOT_S)
        if noise.unit(seed, _SILENT, slot) >= self.silence:
            return Link.UP
        lasts = noise.between(*SILENT_S, seed, _LENGTH, slot)
        starts = noise.between(0.0, SLOT_S - lasts, seed, _START, slot)
        if not starts <= at - slot * SLOT_S < starts + lasts:
            return Link.UP
        is_dark = noise.unit(seed, _DARK, slot) < self.dark
        return Link.DARK if is_dark else Link.SILENT

    def is_lost(self, seed: int, tick: int) -> bool:
        """Tell whether sample number `tick` is never taken."""
        return self.lost > 0.0 and noise.unit(seed, _LOST, tick) < self.lost

    def clock_error_s(self, seed: int, tick: int, at: float) -> float:
        """Return what the device's clock is off by at `at`, s: jitter and slow drift.

        Never more than 7.5 times `jitter_s`.
        """
        jitter = self.jitter_s * noise.bell(seed, _JITTER, tick)
        return jitter + 4.0 * self.jitter_s * noise.smooth(seed, _DRIFT, at, 3600.0)


NONE = Faults(silence=0.0, dark=0.0, lost=0.0, jitter_s=0.0)
