"""What draws power: each load gives its complex power at a moment, from seed and time.

The real part is active power (W, negative when fed in), the imaginary part reactive
power (var, positive when inductive). A load is asked for a window, as a meter measures
over one: what happens inside it is averaged as a meter would.
"""

import math
from dataclasses import dataclass, field
from typing import Protocol

from powerdash.cli.simulator import noise
from powerdash.cli.simulator.profiles import ALWAYS, DAY_S, Profile

_CHANCE, _START, _LENGTH, _SLOW, _QUICK, _CLOUD, _DAY = range(7)


class Load(Protocol):
    """Something that draws power."""

    @property
    def balanced(self) -> bool:
        """Tell whether it is one three-phase machine: every phase sees the same."""

    def power(self, seed: int, at: float, window_s: float) -> complex:
        """Return the mean complex power over the `window_s` seconds before `at`."""

    def mean_w(self) -> float:
        """Return the active power to expect over a week, W."""


def complex_power(active_w: float, power_factor: float) -> complex:
    """Return P + jQ of an inductive load.

    Args:
        power_factor: 0 < power factor ≤ 1.
    """
    return complex(active_w, abs(active_w) * math.tan(math.acos(power_factor)))


@dataclass(frozen=True, slots=True)
class Steady:
    """Many small consumers together: a level that follows a profile and wanders.

    Attributes:
        base_w: Drawn when nobody is there, W.
        peak_w: Drawn at full busyness, W.
        wander: Half-width of the slow noise, as a part of the level.
    """

    profile: Profile
    base_w: float
    peak_w: float
    power_factor: float = 0.95
    wander: float = 0.1
    balanced: bool = False

    def power(self, seed: int, at: float, window_s: float) -> complex:
        """Return the level at `at`; within a window it hardly changes."""
        level = self.base_w + (self.peak_w - self.base_w) * self.profile.at(at)
        slow = noise.smooth(seed, _SLOW, at, 240.0)
        quick = noise.smooth(seed, _QUICK, at, 9.0)
        level *= 1.0 + self.wander * (0.8 * slow + 0.2 * quick)
        return complex_power(level, self.power_factor)

    def mean_w(self) -> float:
        """Return the level at the profile's mean."""
        return self.base_w + (self.peak_w - self.base_w) * self.profile.mean()


@dataclass(frozen=True, slots=True)
class Switched:
    """Something that is switched on now and then: kettle, compressor, lift, pump.

    Time is cut into slots; in each it runs at most once, for a while that is whole
    within the slot.

    Attributes:
        watts: Active power when running, W.
        slot_s: A slot's length, s.
        chance: Probability of running in a slot at full busyness.
        on_s: Shortest and longest run, s; at most `slot_s`.
        inrush: Starting current as a multiple of the running one; 1 for none.
        inrush_s: Time in which the inrush falls to 1/e, s.
    """

    profile: Profile
    watts: float
    slot_s: float
    chance: float
    on_s: tuple[float, float]
    power_factor: float = 1.0
    inrush: float = 1.0
    inrush_s: float = 0.12
    balanced: bool = False

    def power(self, seed: int, at: float, window_s: float) -> complex:
        """Return the mean over the window of every run that touches it."""
        total = 0j
        first = math.floor((at - window_s) / self.slot_s)
        for slot in range(first, math.floor(at / self.slot_s) + 1):
            run = self._run(seed, slot)
            if run is not None:
                total += self._energy(*run, at - window_s, at) / window_s
        return total

    def _run(self, seed: int, slot: int) -> tuple[float, float] | None:
        busy = self.profile.at((slot + 0.5) * self.slot_s)
        if noise.unit(seed, _CHANCE, slot) >= self.chance * busy:
            return None
        lasts = noise.between(*self.on_s, seed, _LENGTH, slot)
        starts = slot * self.slot_s + noise.between(
            0.0, self.slot_s - lasts, seed, _START, slot
        )
        return starts, starts + lasts

    def _energy(
        self, starts: float, ends: float, window_from: float, window_to: float
    ) -> complex:
        """Return the joules (and var·s) of one run within the window."""
        left, right = max(starts, window_from), min(ends, window_to)
        if right <= left:
            return 0j
        running = complex_power(self.watts, self.power_factor) * (right - left)
        if self.inrush == 1.0:
            return running
        factor = inrush_rms(
            left - starts, right - starts, ratio=self.inrush, tau_s=self.inrush_s
        )
        # A starting motor draws mostly reactive current: a third of it does work.
        active = running.real * (1.0 + (factor - 1.0) / 3.0)
        apparent = max(abs(running) * factor, active)
        return complex(active, math.sqrt(apparent**2 - active**2))

    def mean_w(self) -> float:
        """Return the active power at the mean busyness and length."""
        duty = self.chance * self.profile.mean() * sum(self.on_s) / 2.0 / self.slot_s
        return self.watts * min(duty, 1.0)


def inrush_rms(from_s: float, to_s: float, *, ratio: float, tau_s: float) -> float:
    """Return the RMS of a decaying starting current, as a multiple of the running one.

    The current is 1 + (ratio - 1)·exp(-age / tau); the mean of its square over an
    interval has a closed form, so no time step is needed.

    Args:
        from_s: Age at the interval's start, s since switching on.
        to_s: Age at its end, more than `from_s`.
        ratio: The current at age 0.
        tau_s: Time in which the excess falls to 1/e, s.
    """
    excess = ratio - 1.0
    early, late = math.exp(-from_s / tau_s), math.exp(-to_s / tau_s)
    linear = 2.0 * excess * tau_s * (early - late)
    square = excess**2 * tau_s / 2.0 * (early**2 - late**2)
    return math.sqrt(1.0 + (linear + square) / (to_s - from_s))


@dataclass(frozen=True, slots=True)
class Charger:
    """An electric car's charger: full power, then less and less as it fills.

    Attributes:
        watts: Full power, W per phase.
        slot_s: One car at most in this time, s.
        chance: Probability of a car in a slot at full busyness.
    """

    watts: float
    profile: Profile = ALWAYS
    slot_s: float = 3 * 3600.0
    chance: float = 0.8
    balanced: bool = True
    session_s: tuple[float, float] = (3000.0, 10_000.0)
    standby_w: float = 4.0

    def power(self, seed: int, at: float, window_s: float) -> complex:
        """Return the power at `at`; a session is long against a window."""
        return complex_power(self.standby_w + self.watts * self._level(seed, at), 0.99)

    def _level(self, seed: int, at: float) -> float:
        slot = math.floor(at / self.slot_s)
        busy = self.profile.at((slot + 0.5) * self.slot_s)
        if noise.unit(seed, _CHANCE, slot) >= self.chance * busy:
            return 0.0
        lasts = noise.between(*self.session_s, seed, _LENGTH, slot)
        starts = noise.between(0.0, self.slot_s - lasts, seed, _START, slot)
        age = at - slot * self.slot_s - starts
        if not 0.0 <= age < lasts:
            return 0.0
        ramp = min(1.0, age / 5.0)
        taper = math.exp(-max(0.0, age - 0.75 * lasts) / (0.08 * lasts))
        return ramp * taper

    def mean_w(self) -> float:
        """Return the power at the mean busyness; a session averages 0.83 of full."""
        session = sum(self.session_s) / 2.0 / self.slot_s
        duty = self.chance * self.profile.mean() * session * 0.83
        return self.standby_w + self.watts * duty


@dataclass(frozen=True, slots=True)
class Solar:
    """A photovoltaic inverter: feeds in by day, draws a little at night.

    Attributes:
        peak_w: Fed in at noon under a clear sky, W per phase.
        day_s: From sunrise to sunset, s; noon is at 12:30 local time.
    """

    peak_w: float
    day_s: float = 12 * 3600.0
    balanced: bool = True
    night_w: float = 6.0
    noon_s: float = field(default=12.5 * 3600.0)

    def power(self, seed: int, at: float, window_s: float) -> complex:
        """Return the power at `at`: negative while the sun shines."""
        day, second = divmod(at, DAY_S)
        angle = math.pi * ((second - self.noon_s) / self.day_s + 0.5)
        height = math.sin(angle) if 0.0 < angle < math.pi else 0.0
        fed_in = self.peak_w * height**1.3 * self._sky(seed, int(day), at)
        return complex_power(self.night_w - fed_in, 0.995)

    def _sky(self, seed: int, day: int, at: float) -> float:
        cloudiness = noise.between(0.1, 0.9, seed, _DAY, day)
        cover = 0.5 + 0.35 * noise.smooth(seed, _CLOUD, at, 1500.0)
        cover += 0.15 * noise.smooth(seed, _QUICK, at, 70.0)
        shade = min(1.0, max(0.0, (cover - 1.0 + cloudiness) * 4.0))
        return 1.0 - 0.75 * shade

    def mean_w(self) -> float:
        """Return the feed-in to expect with half of the sky's light, W (negative)."""
        return self.night_w - self.peak_w * self.day_s / DAY_S * 0.55 * 0.6
