"""The columns of an export: the tables' own names, their units and kinds. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from powerdash.telemetry.rollup import Tier


class Kind(StrEnum):
    """What a column holds."""

    TIME = "time"
    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `unit` is empty where it has none."""

    name: str
    kind: Kind = Kind.NUMBER
    unit: str = ""


# Whose row it is: the same in every tier.
WHOSE = (
    Column("device", Kind.TEXT),
    Column("device_name", Kind.TEXT),
    Column("phase", Kind.TEXT),
)
_UNITS = {
    "power": "VA",
    "active_power": "W",
    "current": "A",
    "voltage": "V",
    "power_factor": "",
    "frequency": "Hz",
    "temperature": "°C",
}
_RAW = (
    Column("ts", Kind.TIME),
    Column("current", unit="A"),
    Column("voltage", unit="V"),
    Column("power", unit="VA"),
    Column("active_power", unit="W"),
    Column("sampling_ms", Kind.WHOLE, "ms"),
    Column("power_factor"),
    Column("frequency", unit="Hz"),
    Column("temperature", unit="°C"),
    Column("energy_wh", unit="Wh"),
    Column("flags", Kind.TEXT),
)
_ALWAYS = ("power", "current", "voltage", "active_power")
_MAYBE = ("power_factor", "frequency", "temperature")
_ROLLED = (
    Column("bucket_start_ts", Kind.TIME),
    Column("count", Kind.WHOLE),
    *(
        Column(f"{what}_{of}", unit=_UNITS[of])
        for of in (*_ALWAYS, *_MAYBE)
        for what in ("min", "avg", "max")
    ),
    Column("covered_s", unit="s"),
    Column("lead_s", unit="s"),
    Column("energy_wh", unit="Wh"),
    *(Column(f"twa_{of}", unit=_UNITS[of]) for of in _ALWAYS if of != "active_power"),
)


def columns_of(tier: Tier) -> tuple[Column, ...]:
    """Return the columns of a tier after those of `WHOSE`; the first is the time."""
    return _RAW if tier is Tier.RAW else _ROLLED


def about(columns: tuple[Column, ...], zone: str) -> str:
    """Return the units and the time zone as one text, for a file's head."""
    units = ", ".join(f"{c.name} {c.unit}" for c in columns if c.unit)
    return f"time zone {zone}; units: {units}"
