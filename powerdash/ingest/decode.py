"""From a request's bytes to readings: gzip, JSON or NDJSON, one or many.

Well-formed bodies are decoded by type at once. Only when that fails is each reading
looked at by itself, to keep the good ones and to say what is wrong with the others.
"""

import json
import zlib
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from typing import Any

import msgspec

from powerdash.telemetry.reading import (
    PHASES_MAX,
    Limits,
    Reading,
    ReadingRefused,
    Sample,
    count_phase,
    reading_of,
    sample_of,
)
from powerdash.telemetry.rejection import PAYLOAD_MAX

BODY_MAX = 1 << 20  # bytes on the wire
INFLATED_MAX = 16 << 20  # bytes after decompression
READINGS_MAX = 5_000  # in one request
REJECTED_MAX = 20  # refused readings of a request that are looked at again
EACH_MAX = 2 << 20  # bytes that are looked at reading by reading, when not well-formed

_one = msgspec.json.Decoder(Sample)
_many = msgspec.json.Decoder(list[Sample])

Errors = dict[str, list[str]]


class BodyTooLarge(Exception):
    """The body is over a limit; the message says which."""


class BodyInvalid(Exception):
    """The body holds nothing that can be read."""


@dataclass(slots=True)
class Decoded:
    """What a body held.

    Attributes:
        readings: Those that can be stored, in order.
        errors: Why others cannot, by field; the index stands in front for arrays.
        refused: How many cannot.
        rejected: The first of those, as they were sent, and why.
    """

    readings: list[Reading] = field(default_factory=list)
    errors: Errors = field(default_factory=dict)
    refused: int = 0
    rejected: list[tuple[Any, Errors]] = field(default_factory=list)


def inflate(body: bytes) -> bytes:
    """Decompress a gzip body.

    Raises:
        BodyTooLarge: It holds more than `INFLATED_MAX` bytes.
        BodyInvalid: It is not gzip, or is cut short.
    """
    data = bytearray()
    rest = body
    while True:  # a stream may have several members (RFC 1952, 2.2)
        inflater = zlib.decompressobj(wbits=31)
        try:
            data += inflater.decompress(rest, INFLATED_MAX + 1 - len(data))
        except zlib.error as error:
            raise BodyInvalid("is not valid gzip") from error
        if len(data) > INFLATED_MAX:
            raise BodyTooLarge(f"The body holds more than {INFLATED_MAX} bytes.")
        if not inflater.eof:
            raise BodyInvalid("is cut short: the gzip stream does not end")
        rest = inflater.unused_data
        if not rest:
            return bytes(data)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the device, the phases it has, and what is believable of it now."""

    device_id: int
    phases: Set[str]
    limits: Limits


def decode(body: bytes, *, ndjson: bool, sender: Sender) -> Decoded:
    """Read a body: one reading, an array of them, or (`ndjson`) one a line.

    Raises:
        BodyTooLarge: It holds more than `READINGS_MAX` readings.
        BodyInvalid: It is not JSON, or holds no reading.
    """
    try:
        samples = _samples(body, ndjson)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _decode_each(body, ndjson=ndjson, sender=sender)
    _count_checked(len(samples))
    alone = not ndjson and not body.lstrip().startswith(b"[")
    device_id, limits = sender.device_id, sender.limits
    try:
        readings = [reading_of(s, device_id=device_id, limits=limits) for s in samples]
    except ReadingRefused:
        return _collect(samples, alone=alone, sender=sender)
    if len(sender.phases | {reading[1] for reading in readings}) > PHASES_MAX:
        return _collect(samples, alone=alone, sender=sender)
    return Decoded(readings)


def _samples(body: bytes, ndjson: bool) -> list[Sample]:
    if ndjson:
        return [_one.decode(line) for line in _lines(body)]
    if body.startswith(b"{"):
        return [_one.decode(body)]
    if body.lstrip().startswith(b"{"):
        return [_one.decode(body)]
    return _many.decode(body)


def _lines(body: bytes) -> list[bytes]:
    if body.count(b"\n") > 4 * READINGS_MAX:  # before a list is made of them
        raise BodyTooLarge(f"The body has more than {4 * READINGS_MAX} lines.")
    lines = [line for line in body.split(b"\n") if line.strip()]
    _count_checked(len(lines))
    return lines


def _count_checked(count: int) -> None:
    if count == 0:
        raise BodyInvalid("holds no reading")
    if count > READINGS_MAX:
        raise BodyTooLarge(
            f"The body holds {count} readings; at most {READINGS_MAX} are taken."
        )


def _decode_each(body: bytes, *, ndjson: bool, sender: Sender) -> Decoded:
    if len(body) > EACH_MAX:
        raise BodyTooLarge(
            f"The body is not well-formed; over {EACH_MAX} bytes its mistakes are not"
            " searched for."
        )
    if ndjson:
        parsed: Any = [_parsed(line) for line in _lines(body)]
    else:
        parsed = _parsed(body)
        if isinstance(parsed, _Unreadable):
            raise BodyInvalid(parsed.reason)
    alone = not isinstance(parsed, list)
    items = [parsed] if alone else parsed
    _count_checked(len(items))
    return _collect(items, alone=alone, sender=sender)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    reason: str
    text: str


def _parsed(text: bytes) -> Any:
    # The standard library reads NaN and Infinity, which lets us name the field they
    # stand in instead of calling the whole body broken.
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = getattr(error, "msg", "cannot be read")
        return _Unreadable(f"is not valid JSON: {detail}", _shown(text))


def _shown(text: bytes) -> str:
    return text[:PAYLOAD_MAX].decode(errors="replace")


def _collect(items: Iterable[Any], *, alone: bool, sender: Sender) -> Decoded:
    decoded = Decoded()
    phases = set(sender.phases)
    for index, item in enumerate(items):
        try:
            sample = item if isinstance(item, Sample) else _sample_of(item)
            reading = reading_of(
                sample, device_id=sender.device_id, limits=sender.limits
            )
            count_phase(reading.phase, phases)
        except ReadingRefused as refusal:
            decoded.refused += 1
            if len(decoded.rejected) < REJECTED_MAX:
                sent = item.text if isinstance(item, _Unreadable) else item
                decoded.rejected.append((sent, refusal.errors))
            for name, texts in refusal.errors.items():
                decoded.errors[name if alone else f"{index}.{name}"] = texts
        else:
            decoded.readings.append(reading)
    return decoded


def _sample_of(item: Any) -> Sample:
    if isinstance(item, _Unreadable):
        raise ReadingRefused({"body": [item.reason]})
    return sample_of(item)
