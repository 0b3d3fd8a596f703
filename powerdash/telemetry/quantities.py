"""What a series can tell: quantities, and how each tier tells them. Pure.

The names carry the unit: `_w` W, `_va` VA, `_a` A, `_v` V, `_hz` Hz, `_c` °C, `_wh` Wh.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity and how SQL reads it.

    Attributes:
        unit: As one writes it.
        raw: Of a reading.
        mean: Of several buckets, weighted by the time they cover or, for what only some
            readings have, by their number.
        column: In the tiers, after `min_` and `max_`; None where they keep neither.
        count: How many of some readings have it.
        is_single: It is kept in four bytes, seven digits.
    """

    name: str
    unit: str
    raw: str
    mean: str
    column: str | None
    count: str = "count(*)"
    is_single: bool = False


def _weighted(column: str) -> str:
    return f"sum(twa_{column} * covered_s) / sum(covered_s)"


def _counted(column: str) -> str:
    return f"sum(avg_{column} * count_{column}) / sum(count_{column})"


ACTIVE = "power * coalesce(power_factor, 1)"
QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        Quantity(
            "power_w", "W", ACTIVE, "sum(energy_wh) * 3600 / sum(covered_s)",
            "active_power",
        ),
        Quantity("apparent_power_va", "VA", "power", _weighted("power"), "power"),
        Quantity("current_a", "A", "current", _weighted("current"), "current"),
        Quantity("voltage_v", "V", "voltage", _weighted("voltage"), "voltage"),
        Quantity(
            "power_factor", "", "power_factor", _counted("power_factor"),
            "power_factor", "count(power_factor)", is_single=True,
        ),
        Quantity(
            "frequency_hz", "Hz", "frequency", _counted("frequency"), "frequency",
            "count(frequency)", is_single=True,
        ),
        Quantity(
            "temperature_c", "°C", "temperature", _counted("temperature"),
            "temperature", "count(temperature)", is_single=True,
        ),
        Quantity("energy_wh", "Wh", ACTIVE, "sum(energy_wh)", None),
    )
}  # fmt: skip
USUAL = ("power_w", "current_a", "voltage_v")
