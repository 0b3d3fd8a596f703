"""Kinds of meter: which loads hang on it, on how many phases, behind what line."""

from dataclasses import dataclass

from powerdash.cli.simulator import profiles
from powerdash.cli.simulator.loads import Charger, Load, Solar, Steady, Switched
from powerdash.cli.simulator.profiles import ALWAYS

ONE = ("",)
THREE = ("L1", "L2", "L3")
_FEEDER_OHM = 0.018 + 0.012j
_CIRCUIT_OHM = 0.12 + 0.04j
_OUTLET_OHM = 0.35 + 0.08j


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of meter.

    Attributes:
        loads: What hangs on each phase.
        source_ohm: The line's impedance, ohm.
        full_w: Power per phase at which the meter is warmest, W.
    """

    phases: tuple[str, ...]
    loads: tuple[Load, ...]
    source_ohm: complex
    full_w: float


def _motor(watts: float, slot_s: float, on_s: tuple[float, float]) -> Switched:
    return Switched(
        ALWAYS, watts, slot_s, 1.0, on_s, power_factor=0.82, inrush=6.0, inrush_s=0.15
    )


_KETTLE = Switched(profiles.OFFICE, 2150.0, 1800.0, 0.6, (110.0, 210.0))
_COPIER = Switched(profiles.OFFICE, 900.0, 420.0, 0.5, (15.0, 90.0), power_factor=0.93)
_FRIDGE = _motor(120.0, 2400.0, (700.0, 1100.0))

KINDS: dict[str, Kind] = {
    "library": Kind(
        THREE,
        (Steady(profiles.LIBRARY, 2_400, 15_500, 0.95), _COPIER, _KETTLE),
        _FEEDER_OHM, 16_000,
    ),
    "office": Kind(
        THREE,
        (Steady(profiles.OFFICE, 900, 7_200, 0.94), _KETTLE, _COPIER, _FRIDGE),
        _FEEDER_OHM, 9_000,
    ),
    "lab": Kind(
        THREE,
        (Steady(profiles.LAB, 2_100, 8_800, 0.91, wander=0.15),
         _motor(1_500, 900, (240, 620)),
         Switched(profiles.LAB, 3_200, 3600, 0.7, (600, 2400))),
        _FEEDER_OHM, 12_000,
    ),
    "dormitory": Kind(
        THREE,
        (Steady(profiles.DORMITORY, 1_300, 9_500, 0.96), _KETTLE, _FRIDGE,
         Switched(profiles.DORMITORY, 2_000, 1500, 0.7, (300, 1100)),
         Switched(profiles.DORMITORY, 2_100, 900, 0.5, (60, 260))),
        _FEEDER_OHM, 13_000,
    ),
    "kitchen": Kind(
        THREE,
        (Steady(profiles.KITCHEN, 800, 7_000, 0.98),
         Switched(profiles.KITCHEN, 4_500, 600, 0.9, (120, 480)),
         Switched(profiles.KITCHEN, 3_000, 300, 0.7, (40, 200)),
         _motor(750, 1500, (500, 900))),
        _FEEDER_OHM, 17_000,
    ),
    "server_room": Kind(
        THREE, (Steady(ALWAYS, 0, 6_400, 0.98, wander=0.03),
                _motor(1_400, 780, (300, 420))), _CIRCUIT_OHM / 3, 8_500,
    ),
    "hvac": Kind(
        THREE,
        (Steady(profiles.CLIMATE, 500, 4_200, 0.88, balanced=True),
         Switched(profiles.CLIMATE, 6_800, 1080, 1.0, (420, 900), 0.84, 6.5, 0.18,
                  balanced=True)),
        _CIRCUIT_OHM / 3, 12_000,
    ),
    "pump": Kind(
        THREE, (Switched(ALWAYS, 2_600, 1500, 0.9, (400, 1100), 0.83, 6.0, 0.14,
                         balanced=True),), _CIRCUIT_OHM, 2_700,
    ),
    "lift": Kind(
        THREE,
        (Steady(ALWAYS, 0, 140, 0.8),
         Switched(profiles.OFFICE, 4_300, 75, 0.8, (9, 32), 0.8, 5.0, 0.2,
                  balanced=True)),
        _CIRCUIT_OHM, 4_500,
    ),
    "ev_charger": Kind(
        THREE, (Charger(3_680, profiles.CHARGING),), _CIRCUIT_OHM, 3_700
    ),
    "solar": Kind(THREE, (Solar(8_200),), _CIRCUIT_OHM / 3, 8_200),
    "lighting": Kind(
        ONE, (Steady(profiles.EVENING, 15, 3_400, 0.92, wander=0.01),), _CIRCUIT_OHM,
        3_400,
    ),
    "kettle": Kind(
        ONE,
        (Steady(ALWAYS, 0, 2.5, 0.5),
         Switched(profiles.OFFICE, 2_150, 700, 0.75, (90, 220))),
        _OUTLET_OHM, 2_200,
    ),
    "fridge": Kind(
        ONE, (Steady(ALWAYS, 0, 3.0, 0.5), _motor(135, 1900, (550, 900))), _OUTLET_OHM,
        140,
    ),
    "workshop": Kind(
        THREE,
        (Steady(profiles.LAB, 300, 1_800, 0.9),
         Switched(profiles.OFFICE, 3_700, 240, 0.6, (20, 160), 0.8, 7.0, 0.16,
                  balanced=True)),
        _CIRCUIT_OHM, 5_500,
    ),
}  # fmt: skip
