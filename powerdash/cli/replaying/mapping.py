"""From a row of text to readings, by a preset; compiled once for a file's header."""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from powerdash.cli.errors import Refused
from powerdash.cli.posting import Reading
from powerdash.cli.replaying.formula import FormulaInvalid, Row, columns, formula
from powerdash.cli.replaying.preset import Derived, Join, Phase, Preset, Source, Times
from powerdash.cli.replaying.table import Table
from powerdash.cli.replaying.times import TimeReader, TimeUnreadable, zone

_DIGITS = 6  # decimals kept of a derived value
Cells = list[str]
Cast = Callable[[str], float | None]


class MappingInvalid(Refused):
    """The file lacks what the preset names; the message is a sentence for people."""


@dataclass(slots=True)
class Found:
    """What one row held.

    Attributes:
        missing: Readings of it whose current or voltage is missing.
        problem: Why it cannot be read; empty when it can.
    """

    readings: list[Reading] = field(default_factory=list)
    missing: int = 0
    problem: str = ""


class _Garbage(ValueError):
    """A current or voltage is neither a number nor a mark for a missing one."""


class Mapping:
    """Reads the rows of one table, in order.

    Raises:
        MappingInvalid: A column is not there, or a formula is not one.
        ZoneInvalid: The preset's time zone is none.
    """

    def __init__(self, preset: Preset, header: list[str], folder: Path) -> None:
        self._cast = _cast(preset)
        self._times = _times(preset.time, header)
        self._joined: Nearest | None = None
        self.unjoined = ""
        extra: list[str] = []
        if preset.join is not None:
            extra = [name for name in preset.join.columns if name not in header]
            if (folder / preset.join.file).exists():
                self._joined = Nearest(preset.join, extra, folder)
            else:
                self.unjoined = preset.join.file
        self._blank = [""] * len(extra)
        self._width = len(header)
        self._places = {name: at for at, name in enumerate([*header, *extra])}
        self._phases = [self._phase(each) for each in preset.reading]

    def read(self, row: Cells) -> Found:
        """Return the readings of `row`."""
        found = Found()
        try:
            at = self._times(row)
            # A join's columns come after the header's, whatever else the row has.
            joined = self._joined.at(at) if self._joined is not None else self._blank
            row[self._width :] = joined
            for make in self._phases:
                reading = make(at, row)
                if reading is None:
                    found.missing += 1
                else:
                    found.readings.append(reading)
        except (TimeUnreadable, _Garbage) as error:
            return Found(problem=str(error))
        return found

    def _phase(self, phase: Phase) -> Callable[[datetime, Cells], Reading | None]:
        current, voltage = self._number(phase.current), self._number(phase.voltage)
        makers = [(name, self._value(each)) for name, each in phase.attributes.items()]
        marks = [
            (source.mark, self._mark(source))
            for source in (phase.current, phase.voltage)
            if isinstance(source, Derived) and source.mark
        ]
        place = self._place(phase.phase_column) if phase.phase_column else None

        def make(at: datetime, row: Cells) -> Reading | None:
            amperes, volts = current(row), voltage(row)
            if amperes is None or volts is None:
                return None
            attributes = {
                name: value
                for name, maker in makers
                if (value := maker(row)) is not None
            }
            attributes.update(
                (name, True) for name, is_marked in marks if is_marked(row)
            )
            label = row[place].strip() if place is not None else phase.phase
            if label:
                attributes["phase"] = label
            return Reading(at, amperes, volts, attributes)

        return make

    def _place(self, name: str) -> int:
        if name not in self._places:
            known = ", ".join(list(self._places)[:20])
            raise MappingInvalid(f"The file has no column {name!r}; it has {known}.")
        return self._places[name]

    def _number(self, source: Source) -> Callable[[Cells], float | None]:
        """Return what reads a current or voltage; garbage raises."""
        if isinstance(source, Derived):
            return self._derived(source)
        if isinstance(source, str) and not columns(source):
            place, cast = self._place(source), self._cast

            def read(row: Cells) -> float | None:
                try:
                    return cast(row[place])
                except ValueError:
                    raise _Garbage(
                        f"{source} is {row[place]!r}, not a number"
                    ) from None

            return read
        return self._computed(source, strict=True)

    def _value(self, source: Source) -> Callable[[Cells], object]:
        """Return what reads an attribute; what is not a number stays a text."""
        if isinstance(source, Derived):
            return self._derived(source)
        if isinstance(source, str) and not columns(source):
            if source not in self._places and self.unjoined:
                return lambda row: None
            place, cast = self._place(source), self._cast

            def read(row: Cells) -> object:
                try:
                    return cast(row[place])
                except ValueError:
                    return row[place].strip()

            return read
        return self._computed(source, strict=False)

    def _computed(
        self, source: str | float, *, strict: bool
    ) -> Callable[[Cells], float | None]:
        if not isinstance(source, str):
            number = source
            return lambda row: number
        names = columns(source)
        places = [self._place(name) for name in names]
        cast = self._cast
        try:
            value = formula(source, {name: at for at, name in enumerate(names)})
        except FormulaInvalid as error:
            raise MappingInvalid(str(error)) from error

        def read(row: Cells) -> float | None:
            numbers: Row
            try:
                numbers = [cast(row[place]) for place in places]
            except ValueError:
                if strict:
                    cells = ", ".join(repr(row[place]) for place in places)
                    raise _Garbage(f"{source} of {cells} is not a number") from None
                return None
            found = value(numbers)
            return None if found is None else round(found, _DIGITS)

        return read

    def _derived(self, source: Derived) -> Callable[[Cells], float | None]:
        value = self._computed(f"{source.value}", strict=True)
        is_good = self._computed(source.when, strict=True)
        last = source.otherwise

        def read(row: Cells) -> float | None:
            nonlocal last
            good = is_good(row)
            if good is None:
                return None
            if good and (found := value(row)) is not None:
                last = found
            return last

        return read

    def _mark(self, source: Derived) -> Callable[[Cells], bool]:
        is_good = self._computed(source.when, strict=True)
        return lambda row: not is_good(row)


class Nearest:
    """The columns of a second file, by nearest time."""

    def __init__(self, join: Join, names: Sequence[str], folder: Path) -> None:
        self._within_s = join.within_s
        self._times: list[datetime] = []
        self._cells: list[Cells] = []
        with Table(folder / join.file) as table:
            read = _times(join.time, table.header)
            places = [_column(table.header, name) for name in names]
            for row in table.rows():
                self._times.append(read(row))
                self._cells.append([row[place] for place in places])
        self._empty = [""] * len(names)

    def at(self, at: datetime) -> Cells:
        """Return the cells of the row nearest to `at`, or empty ones if it is far."""
        right = bisect_left(self._times, at)
        near = [n for n in (right - 1, right) if 0 <= n < len(self._times)]
        best = min(near, key=lambda n: abs(self._times[n] - at), default=None)
        if best is None:
            return self._empty
        if abs(self._times[best] - at).total_seconds() > self._within_s:
            return self._empty
        return self._cells[best]


def _cast(preset: Preset) -> Cast:
    missing = frozenset(preset.missing) | {""}
    decimal = preset.decimal
    # Most cells are numbers: try that first, unless a number marks a missing value.
    is_plain = decimal == "." and not any(map(_is_number, missing))

    def cast(cell: str) -> float | None:
        if not is_plain and cell.strip() in missing:
            return None
        try:
            number = float(cell if decimal == "." else cell.replace(decimal, "."))
        except ValueError:
            if cell.strip() in missing:
                return None
            raise
        return number if number == number else None  # NaN is missing

    return cast


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(float(text))
    except ValueError:
        return False


def _times(times: Times, header: Sequence[str]) -> Callable[[Cells], datetime]:
    reader = TimeReader(times.formats, zone(times.timezone))
    places = [_column(header, name) for name in times.columns]
    if len(places) == 1:
        return lambda row: reader.read(row[places[0]].strip())
    return lambda row: reader.read(" ".join(row[place].strip() for place in places))


def _column(header: Sequence[str], name: str) -> int:
    if name not in header:
        known = ", ".join(header[:20])
        raise MappingInvalid(f"The file has no column {name!r}; it has {known}.")
    return header.index(name)
