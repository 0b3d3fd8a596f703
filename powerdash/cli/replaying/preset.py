"""Presets: how the columns of a known series become readings, as TOML files."""

import tomllib
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path

import msgspec

from powerdash.cli.errors import Refused
from powerdash.cli.replaying.table import Layout

MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-")
ISO = "iso"


class PresetInvalid(Refused):
    """A preset cannot be used; the message is a sentence for people."""


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the time stands.

    Attributes:
        columns: Joined by one space when several.
        formats: `iso`, `unix`, `unix_ms`, `unix_us` or strptime patterns.
        timezone: Of stamps without an offset: a zone's name or `+01:00`.
    """

    columns: tuple[str, ...] = ()
    formats: tuple[str, ...] = (ISO,)
    timezone: str = "UTC"


class Derived(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value that can be had only at times.

    Attributes:
        value: A column or a formula.
        when: A comparison that says whether `value` is good.
        otherwise: Used before the first good value; after it the last good one is.
        mark: Name of an attribute set to true when `value` was not good.
    """

    value: str
    when: str
    otherwise: float
    mark: str = ""


Source = str | int | float | Derived


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reading of each row.

    Attributes:
        current: A column or formula, A.
        voltage: A column or formula, V.
        attributes: Name to a number, a column or a formula.
    """

    current: Source
    voltage: Source
    phase: str = ""
    phase_column: str = ""
    attributes: dict[str, Source] = {}


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns of a second file beside the first, joined on the nearest time.

    Attributes:
        within_s: The most that the two times may differ, s.
    """

    file: str
    time: Times
    columns: tuple[str, ...]
    within_s: float = 900.0


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one series is read.

    Attributes:
        files: Patterns of file names it is for.
        cannot: Why the series has no readings; then nothing else matters.
        title: The device's name when it is registered.
        skip_lines: Before the header. header: Whether there is one; without it the
            columns are called by their numbers, from 1.
    """

    name: str
    title: str = ""
    files: tuple[str, ...] = ()
    cannot: str = ""
    missing: tuple[str, ...] = MISSING
    delimiter: str = ""
    encoding: str = "utf-8"
    skip_lines: int = 0
    header: bool = True
    decimal: str = "."
    time: Times = Times()
    reading: tuple[Phase, ...] = ()
    join: Join | None = None

    @property
    def layout(self) -> Layout:
        """How its files are laid out."""
        return Layout(self.delimiter, self.encoding, self.skip_lines, self.header)


def preset_load(text: str, origin: str) -> Preset:
    """Read a preset from TOML.

    Raises:
        PresetInvalid: It is not TOML or not a preset.
    """
    try:
        return msgspec.convert(tomllib.loads(text), Preset)
    except tomllib.TOMLDecodeError as error:
        raise PresetInvalid(f"The preset {origin} is not TOML: {error}.") from error
    except msgspec.ValidationError as error:
        raise PresetInvalid(f"The preset {origin} cannot be used: {error}.") from error


def presets() -> list[Preset]:
    """Return the presets that come with powerdash, by name."""
    folder = files("powerdash.cli.replaying") / "presets"
    found = [
        preset_load(entry.read_text(encoding="utf-8"), entry.name)
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    ]
    return sorted(found, key=lambda preset: preset.name)


def preset_find(wanted: str) -> Preset:
    """Return the preset of a name or a file.

    Raises:
        PresetInvalid: There is none.
    """
    known = presets()
    for preset in known:
        if preset.name == wanted:
            return preset
    try:
        return preset_load(Path(wanted).read_text(encoding="utf-8"), wanted)
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(preset.name for preset in known)
        raise PresetInvalid(
            f"--preset {wanted} is neither a file nor one of {names}."
        ) from error


def preset_for(file: Path) -> Preset | None:
    """Return the preset whose patterns fit the file's path, if any."""
    path = file.resolve().as_posix()
    for preset in presets():
        if any(fnmatch(path, f"*/{pattern}") for pattern in preset.files):
            return preset
    return None
