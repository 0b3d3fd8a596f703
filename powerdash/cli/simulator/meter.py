"""One simulated meter: the readings it takes of the loads that hang on it."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

from powerdash.cli.posting import Reading
from powerdash.cli.simulator import grid, noise
from powerdash.cli.simulator.kinds import KINDS, Kind
from powerdash.cli.simulator.profiles import DAY_S

WINDOW_MAX_S = 900.0  # a meter averages over its market's quarter-hour at most
_BORN = 1_704_067_200.0  # 2024-01-01: when the registers began to count
_SCALE, _SHARE, _NOISE, _WARMTH, _REGISTER, _LINE = range(200, 206)


@dataclass(slots=True)
class Register:
    """A meter's energy counters, Wh: drawn and fed in; they never go back."""

    drawn_wh: float
    fed_in_wh: float = 0.0

    def add(self, active_w: float, seconds: float) -> None:
        """Count `active_w` for `seconds`."""
        if active_w >= 0.0:
            self.drawn_wh += active_w * seconds / 3600.0
        else:
            self.fed_in_wh -= active_w * seconds / 3600.0


@dataclass(slots=True)
class Meter:
    """A meter of `kind`; its readings follow from the seeds and the time alone.

    Attributes:
        seed: The device's own; decides its size, its phases' shares and its habits.
        grid_seed: Shared by every meter on the same grid.
        utc_offset_s: Local time minus UTC, s; the daily profiles follow local time.
        registers: Energy counters, one per phase; the only thing that adds up.
    """

    kind: Kind
    seed: int
    grid_seed: int
    utc_offset_s: float = 0.0
    registers: dict[str, Register] = field(default_factory=dict)

    def readings(
        self, at: float, window_s: float, *, clock_error_s: float = 0.0
    ) -> list[Reading]:
        """Take one reading of each phase at `at`, and count its energy.

        Args:
            at: Epoch time, s.
            window_s: Since the previous reading, s.
            clock_error_s: What the meter's clock is ahead by, s.
        """
        hertz = round(grid.frequency_hz(self.grid_seed, at), 2)
        stamp = datetime.fromtimestamp(round(at + clock_error_s, 3), UTC)
        return [
            self._reading(index, at, window_s, hertz, stamp)
            for index in range(len(self.kind.phases))
        ]

    def power(self, index: int, at: float, window_s: float) -> complex:
        """Return the mean P + jQ of phase number `index` over the window, W and var."""
        local = at + self.utc_offset_s
        total = 0j
        for number, load in enumerate(self.kind.loads):
            share = 1.0 if load.balanced else self._share(index, number)
            row = number if load.balanced else number + 100 * (index + 1)
            total += share * load.power(noise.mix(self.seed, row), local, window_s)
        return total * noise.between(0.85, 1.15, self.seed, _SCALE)

    def _share(self, index: int, number: int) -> float:
        if len(self.kind.phases) == 1:
            return 1.0
        return noise.between(0.65, 1.35, self.seed, _SHARE, index, number)

    def _reading(
        self, index: int, at: float, window_s: float, hertz: float, stamp: datetime
    ) -> Reading:
        window_s = min(window_s, WINDOW_MAX_S)
        phase = self.kind.phases[index]
        power = self.power(index, at, window_s)
        open_v = grid.open_voltage_v(noise.mix(self.seed, _LINE, index), at)
        voltage = grid.loaded_voltage_v(open_v, power, self.kind.source_ohm)
        voltage += 0.12 * noise.bell(self.seed, _NOISE, index, int(at * 1000))
        apparent = abs(power)
        register = self._register(index)
        register.add(power.real, window_s)
        attributes: dict[str, object] = {
            "sample_ms": max(1, round(window_s * 1000)),
            "power_factor": round(power.real / apparent, 3) if apparent else 1.0,
            "frequency": hertz,
            "temperature": self._temperature(at, apparent),
            "energy_wh": round(register.drawn_wh, 2),
        }
        if register.fed_in_wh:
            attributes["energy_fed_in_wh"] = round(register.fed_in_wh, 2)
        if phase:
            attributes["phase"] = phase
        return Reading(
            stamp,
            round(apparent / voltage, 3),
            round(voltage, 2),
            attributes,
        )

    def _temperature(self, at: float, apparent_va: float) -> float:
        """Return the meter's own temperature, °C: the room's, and some for the load."""
        local = (at + self.utc_offset_s) % DAY_S
        room = 23.0 - 2.5 * math.cos(2.0 * math.pi * (local / DAY_S - 0.15))
        room += 1.2 * noise.smooth(self.seed, _WARMTH, at, 1800.0)
        return round(room + 14.0 * min(apparent_va / self.kind.full_w, 1.5), 1)

    def _register(self, index: int) -> Register:
        phase = self.kind.phases[index]
        if phase not in self.registers:
            self.registers[phase] = Register(0.0)
        return self.registers[phase]

    def registers_start(self, at: float) -> None:
        """Set the registers to what such a meter would show at `at`, Wh.

        A meter that starts later shows more, so a restart does not turn it back far.
        """
        hours = max(0.0, at - _BORN) / 3600.0
        mean_w = sum(load.mean_w() for load in self.kind.loads)
        for index, phase in enumerate(self.kind.phases):
            drawn = noise.between(0.9, 1.1, self.seed, _REGISTER, index)
            drawn *= max(mean_w, 5.0) * hours
            fed_in = max(-mean_w, 0.0) * hours
            self.registers[phase] = Register(drawn, fed_in)


def meter_make(
    kind: str, *, seed: int, number: int, utc_offset_s: float = 0.0
) -> Meter:
    """Return meter number `number` of a fleet.

    Args:
        kind: A name in `kinds.KINDS`.
        seed: The fleet's.

    Raises:
        KeyError: There is no such kind.
    """
    return Meter(KINDS[kind], noise.mix(seed, number), seed, utc_offset_s)
