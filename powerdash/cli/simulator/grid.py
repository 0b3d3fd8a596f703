"""The public grid: frequency and voltage at the point where a building is connected."""

from powerdash.cli.simulator import noise
from powerdash.cli.simulator.profiles import DAY_S

NOMINAL_V = 230.0
NOMINAL_HZ = 50.0
_FREQUENCY, _FREQUENCY_SLOW, _VOLTAGE, _VOLTAGE_SLOW = range(100, 104)


def frequency_hz(seed: int, at: float) -> float:
    """Return the frequency at `at`, Hz; the same everywhere on one grid."""
    slow = noise.smooth(seed, _FREQUENCY_SLOW, at, 900.0)
    quick = noise.smooth(seed, _FREQUENCY, at, 20.0)
    return NOMINAL_HZ + 0.045 * slow + 0.012 * quick


def open_voltage_v(seed: int, at: float) -> float:
    """Return the unloaded voltage of one phase at `at`, V: it drifts, and sags at dusk.

    Stays within ±4 % of 230 V. Source: EN 50160 allows ±10 %.
    """
    dusk = abs(at % DAY_S - 19.0 * 3600.0) / (3.0 * 3600.0)
    sag = 2.0 * max(0.0, 1.0 - dusk)
    slow = 3.5 * noise.smooth(seed, _VOLTAGE_SLOW, at, 3000.0)
    quick = 0.6 * noise.smooth(seed, _VOLTAGE, at, 25.0)
    return NOMINAL_V + 1.5 + slow + quick - sag


def loaded_voltage_v(open_v: float, power: complex, source_ohm: complex) -> float:
    """Return the voltage under load, V; feeding in raises it. Never below a fifth.

    Args:
        open_v: The unloaded voltage, V.
        power: P + jQ drawn, W and var.
        source_ohm: The line's impedance R + jX, ohm.
    """
    drop = (source_ohm.real * power.real + source_ohm.imag * power.imag) / open_v
    return max(open_v - drop, open_v / 5.0)
