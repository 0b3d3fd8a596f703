"""One reading: what a device may say, and the row it becomes. Pure.

Source: specification, "Real-Time Power Data Ingestion"; the limits and the treatment of
odd attributes are ours (docs/reference/ingest.md).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

SAMPLING_MS_DEFAULT = 1000
PHASE_MAX = 10  # characters
LATE = timedelta(minutes=5)  # a reading that arrives later than this is counted as late
PHASES_MAX = 32  # of one device: a meter has three, a panel of circuits some more
FLAGS_MAX = 4096  # bytes of JSON
FLAGS_DEPTH_MAX = 6  # nested objects or lists
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_RFC3339 = "%Y-%m-%dT%H:%M:%SZ"
QUALITY = "_quality"  # the key in `flags` under which quality marks stand


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    """A reading as a well-behaved device sends it: the fast way to decode one."""

    ts: datetime
    current: float
    voltage: float
    attributes: dict[str, Any] | None = None


class Reading(NamedTuple):
    """A row of `power_records`, in the order of its key and columns.

    Attributes:
        ts: Aware. current: A. voltage: V. power: their product, W or VA.
        sampling_ms: ms. frequency: Hz. temperature: °C. energy_wh: the register, Wh.
        flags: What else the device said and quality marks, as JSON text.
    """

    device_id: int
    phase: str
    ts: datetime
    current: float
    voltage: float
    power: float
    sampling_ms: int
    power_factor: float | None
    frequency: float | None
    temperature: float | None
    energy_wh: float | None
    flags: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What is believable.

    Attributes:
        current_a: The highest current, A. voltage_v: The highest voltage, V.
        oldest: The earliest time accepted. newest: The latest.
    """

    current_a: float
    voltage_v: float
    oldest: datetime
    newest: datetime


class ReadingRefused(ValueError):
    """The reading cannot be stored; `errors` says why, by field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("The reading cannot be stored.")
        self.errors = errors


def reading_of(sample: Sample, *, device_id: int, limits: Limits) -> Reading:
    """Check a decoded sample and return its row.

    Raises:
        ReadingRefused: A value is out of what `limits` allow, or the attributes are
            too large.
    """
    current, voltage, ts = sample.current, sample.voltage, sample.ts
    try:
        plain = (
            0 <= current <= limits.current_a
            and 0 <= voltage <= limits.voltage_v
            and limits.oldest <= ts <= limits.newest
        )
    except TypeError:  # a naive time cannot be compared with an aware one
        plain = False
    if not plain:
        raise ReadingRefused(_errors(sample, limits))
    power = current * voltage
    if sample.attributes is None:
        return Reading(
            device_id, "", ts, current, voltage, power, SAMPLING_MS_DEFAULT,
            None, None, None, None, None,
        )  # fmt: skip
    return Reading(device_id, *_with_attributes(sample, power, sample.attributes))


def count_phase(phase: str, phases: set[str]) -> None:
    """Let a device have so many phases: each is kept, told and shown.

    Raises:
        ReadingRefused: It would be one too many.
    """
    if phase in phases:
        return
    if len(phases) >= PHASES_MAX:
        raise ReadingRefused(
            {"attributes.phase": [f"a device may have at most {PHASES_MAX} phases"]}
        )
    phases.add(phase)


def _errors(sample: Sample, limits: Limits) -> dict[str, list[str]]:
    found = {
        "ts": _time_error(sample.ts, limits),
        "current": _quantity_error(sample.current, limits.current_a, "A"),
        "voltage": _quantity_error(sample.voltage, limits.voltage_v, "V"),
    }
    return {field: [text] for field, text in found.items() if text}


def _quantity_error(value: float, ceiling: float, unit: str) -> str | None:
    if not abs(value) < float("inf"):
        return "must be a finite number"
    if value < 0:
        return "must not be negative"
    if value > ceiling:
        return f"must be at most {ceiling:g} {unit}"
    return None


def _time_error(ts: datetime, limits: Limits) -> str | None:
    if ts.tzinfo is None:
        return "must have a UTC offset, as in 2026-01-31T12:00:00Z"
    if ts > limits.newest:
        return f"is in the future: the latest accepted is {limits.newest:{_RFC3339}}"
    if ts < limits.oldest:
        return f"is too old: the earliest accepted is {limits.oldest:{_RFC3339}}"
    return None


def _between(low: float, high: float) -> Callable[[Any], float | None]:
    def cast(value: Any) -> float | None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if number and low <= value <= high else None

    return cast


def _milliseconds(value: Any) -> int | None:
    whole = _between(1, 86_400_000)(value)
    return int(whole) if whole is not None and whole == int(whole) else None


# attribute → (column, what makes the value usable). Power factor and energy may be
# negative: feed-in. A value that is not usable stays in `flags` with a quality mark.
_TYPED: Mapping[str, Callable[[Any], float | int | None]] = {
    "sample_ms": _milliseconds,
    "power_factor": _between(-1, 1),
    "frequency": _between(0, 1000),
    "temperature": _between(-100, 1000),
    "energy_wh": _between(-1e15, 1e15),
}


_OURS = frozenset({"phase", QUALITY})  # no flags of the device's


def _with_attributes(
    sample: Sample, power: float, attributes: dict[str, Any]
) -> tuple[Any, ...]:
    typed: dict[str, Any] = {}
    flags: dict[str, Any] = {}
    marks: dict[str, str] = {}
    for name, value in attributes.items():
        if name in _OURS:
            continue
        cast = _TYPED.get(name)
        if cast is None:
            flags[name] = value
            if isinstance(value, float) and value - value != 0:
                marks[name] = "not_finite"  # JSON has no such number: it becomes null
        elif value is not None:
            usable = cast(value)
            if usable is None:
                flags[name], marks[name] = value, "out_of_range"
            else:
                typed[name] = usable
    if marks:
        flags[QUALITY] = marks
    get = typed.get
    return (
        _phase(attributes.get("phase")),
        sample.ts, sample.current, sample.voltage, power,
        get("sample_ms", SAMPLING_MS_DEFAULT),
        get("power_factor"), get("frequency"), get("temperature"), get("energy_wh"),
        _flags_text(flags) if flags else None,
    )  # fmt: skip


def _phase(value: Any) -> str:
    """Return the phase, part of the key: a bad one cannot be set aside as a flag."""
    if value is None or value == "":
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > PHASE_MAX or not value.isprintable():
        raise ReadingRefused(
            {"attributes.phase": [f"must be a text of at most {PHASE_MAX} characters"]}
        )
    return value


def _flags_text(flags: dict[str, Any]) -> str:
    if _deeper_than(flags, FLAGS_DEPTH_MAX):
        raise ReadingRefused(
            {"attributes": [f"must not be nested deeper than {FLAGS_DEPTH_MAX} levels"]}
        )
    try:
        text = msgspec.json.encode(flags)
    except UnicodeEncodeError:  # half of a surrogate pair
        raise ReadingRefused({"attributes": ["must be valid Unicode"]}) from None
    if len(text) > FLAGS_MAX:
        raise ReadingRefused(
            {"attributes": [f"must take at most {FLAGS_MAX} bytes as JSON"]}
        )
    # PostgreSQL's jsonb holds no NUL; the replacement character marks where one was.
    return _NUL.sub(r"\1\\ufffd", text.decode())


def _deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if levels == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_deeper_than(item, levels - 1) for item in inner)


_FIELDS = ("ts", "current", "voltage", "attributes")


def sample_of(item: Any) -> Sample:
    """Build a sample field by field; what is not known joins the attributes.

    Raises:
        ReadingRefused: It is no object, or a field is missing or of the wrong kind.
    """
    if not isinstance(item, dict):
        raise ReadingRefused(
            {"body": ["must be an object with ts, current and voltage"]}
        )
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name in _FIELDS:
        try:
            values[name] = _field_of(name, item)
        except ValueError as error:
            errors[name] = [str(error)]
    if errors:
        raise ReadingRefused(errors)
    extras = {name: value for name, value in item.items() if name not in _FIELDS}
    if extras:
        values["attributes"] = {**extras, **(values["attributes"] or {})}
    return Sample(**values)


def _field_of(name: str, item: dict[str, Any]) -> Any:
    value = item.get(name)
    if name == "attributes":
        if value is None or isinstance(value, dict):
            return value
        raise ValueError("must be an object")
    if value is None:
        raise ValueError("is required")
    return _time_of(value) if name == "ts" else _number_of(value)


def _number_of(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("must be a finite number") from None


def _time_of(value: Any) -> Any:
    try:
        return msgspec.convert(value, type=Sample.__annotations__["ts"])
    except msgspec.ValidationError:
        raise ValueError(
            "must be an RFC 3339 time with an offset, as in 2026-01-31T12:00:00Z"
        ) from None
