"""Which column is what: from options, else from a preset, else from usual names."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from powerdash.cli.errors import Refused
from powerdash.cli.replaying.preset import Phase, Preset, Source, Times
from powerdash.cli.replaying.table import Layout

_TIME = ("ts", "time", "timestamp", "datetime", "date_time", "date time", "date")
_CURRENT = ("current", "current_a", "amps", "ampere", "irms", "rms current", "i")
_VOLTAGE = ("voltage", "voltage_v", "volts", "volt", "vrms", "v")
_ATTRIBUTES = {
    "power_factor": ("power_factor", "power factor", "pf"),
    "frequency": ("frequency", "freq", "hz"),
    "temperature": ("temperature", "temp"),
    "energy_wh": ("energy_wh",),
    "sample_ms": ("sample_ms", "sampling_ms"),
}


class ColumnsUnclear(Refused):
    """It is not clear which column is what; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What the command line says about columns; empty where it says nothing.

    Attributes:
        attributes: `name=column` texts.
        phase: A column's name, else the phase itself.
    """

    time: Sequence[str] = ()
    time_formats: Sequence[str] = ()
    timezone: str = ""
    current: str = ""
    voltage: str = ""
    phase: str = ""
    attributes: Sequence[str] = ()
    delimiter: str = ""
    decimal: str = ""
    missing: Sequence[str] = ()
    encoding: str = ""
    skip_lines: int = 0
    header: bool = True

    def layout(self, preset: Preset | None) -> Layout:
        """Return the preset's layout with what was said in its place."""
        base = preset.layout if preset else Layout()
        return Layout(
            self.delimiter or base.delimiter,
            self.encoding or base.encoding,
            self.skip_lines or base.skip_lines,
            self.header and base.header,
        )


def preset_with(preset: Preset | None, given: Columns, header: list[str]) -> Preset:
    """Return the preset, or a guess by the header's names, with the options in force.

    Raises:
        ColumnsUnclear: The time, current or voltage column is not to be found.
    """
    base = preset or _guess(header)
    layout = given.layout(preset)
    merged = msgspec.structs.replace(
        base,
        time=_time(base.time, given),
        reading=_readings(base, given, header),
        **layout._asdict(),
        decimal=given.decimal or base.decimal,
        missing=(*base.missing, *given.missing),
    )
    if not merged.time.columns:
        raise ColumnsUnclear(_unclear("--time", header))
    return merged


def _unclear(option: str, header: list[str]) -> str:
    return f"Say with {option} which column to take; the file has {', '.join(header)}."


def _time(base: Times, given: Columns) -> Times:
    return Times(
        tuple(given.time) or base.columns,
        tuple(given.time_formats) or base.formats,
        given.timezone or base.timezone,
    )


def _readings(base: Preset, given: Columns, header: list[str]) -> tuple[Phase, ...]:
    more = dict(_attribute(text) for text in given.attributes)
    if not (given.current or given.voltage or given.phase):
        if not base.reading:
            missing = "--voltage" if _named(header, _CURRENT) else "--current"
            raise ColumnsUnclear(_unclear(missing, header))
        return tuple(_with(phase, more) for phase in base.reading)
    first = base.reading[0] if base.reading else None
    current = given.current or (first.current if first else _named(header, _CURRENT))
    voltage = given.voltage or (first.voltage if first else _named(header, _VOLTAGE))
    if not current or not voltage:
        missing = "--voltage" if current else "--current"
        raise ColumnsUnclear(_unclear(missing, header))
    is_column = given.phase in header
    phase = Phase(
        current,
        voltage,
        phase="" if is_column else given.phase,
        phase_column=given.phase if is_column else "",
        attributes=first.attributes if first else {},
    )
    return (_with(phase, more),)


def _with(phase: Phase, more: dict[str, Source]) -> Phase:
    return msgspec.structs.replace(phase, attributes={**phase.attributes, **more})


def _attribute(text: str) -> tuple[str, Source]:
    name, equals, column = text.partition("=")
    if not equals or not name or not column:
        raise ColumnsUnclear(f"--attribute {text} must look like name=column.")
    try:
        return name, float(column)
    except ValueError:
        return name, column


def _guess(header: list[str]) -> Preset:
    date, time = _named(header, ("date",)), _named(header, ("time",))
    stamp = [date, time] if date and time else [_named(header, _TIME)]
    current, voltage = _named(header, _CURRENT), _named(header, _VOLTAGE)
    attributes: dict[str, Source] = {
        name: column
        for name, usual in _ATTRIBUTES.items()
        if (column := _named(header, usual))
    }
    phase = Phase(
        current, voltage, phase_column=_named(header, ("phase",)), attributes=attributes
    )
    return Preset(
        name="columns by their names",
        title="{stem}",
        time=Times(tuple(name for name in stamp if name)),
        reading=(phase,) if current and voltage else (),
    )


def _named(header: list[str], usual: Sequence[str]) -> str:
    for name in usual:
        for column in header:
            if column.lower() == name:
                return column
    return ""
