"""Refused readings as they are kept, and as they could be stored after a fix. Pure."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

PAYLOAD_MAX = 2_000  # characters
ERRORS_MAX = 20  # fields that are told
REMOVED = "[removed]"
# Names of what is not kept, whatever its value.
_NAMES = (
    r"secret|pass|pwd|psk|phrase|token|auth|key|cred|cookie|session|jwt|otp|signature"
    r"|\bsig\b|wpa|(?:pin|wep)(?-i:(?![a-z]))"
)
_SECRET = re.compile(_NAMES, re.IGNORECASE)
# A number under such a name is kept where it is a quantity: `keypad_current`.
_QUANTITY = re.compile(
    r"(current|voltage|power|energy|frequency|temperature|amps?|volts?|watts?|k?wh)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+]?[\d.,]{1,20}(e[-+]?\d{1,3})?", re.IGNORECASE)
# Names of which texts are kept; of others only those that can be no secret: numbers,
# which may have a unit, times and UUIDs.
_TOLD = re.compile(
    r"ts|time|timestamp|date|at|current|voltage|power|energy|phase|frequency|temperature"
    r"|amps|volts|watts|units?|type|model|status|state|quality|firmware|version|device"
    r"|id|uuid|serial|name|channel|meter|sensor|topic|zone|timezone|attributes",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"[a-z]{0,2}[ -]?\d?|[-+]?[\d.,]{1,20}(e[-+]?\d{1,3})?\s?[^\W\d]{0,5}%?"
    r"|\d{4}-\d\d-\d\d[T ]?[\d:.,]*\s?(Z|UTC|[-+][\d:]{2,6})?"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|nan|[-+]?inf(inity)?",
    re.IGNORECASE,
)
# A value beside its name: `{"name": "password", "value": …}`.
_NAMED, _VALUES = ("name", "field", "parameter"), ("value", "val", "v", "data")
# In texts: signed tokens, what a header or a scheme of HTTP's says, what stands before
# a host, and the value of a field, in quotes or up to where the next one begins.
_IN_TEXT = (
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?"), REMOVED),
    (
        re.compile(r"\b(Bearer|Basic|Digest)\s+[^\s\"',;]+", re.IGNORECASE),
        r"\1 " + REMOVED,
    ),
    (re.compile(r"://[^/\s@\"']+@"), f"://{REMOVED}@"),
    (
        re.compile(
            rf"((?:{_NAMES})[\w.-]{{0,40}}\\?[\"']?\s*[:=]\s*)"
            r"(?!\s*(?:Bearer|Basic|Digest)\b)"
            r"(\\?\"[^\"]*\"?|'[^']*'?|[^\s,;&}\]]+)",
            re.IGNORECASE,
        ),
        r"\1" + REMOVED,
    ),
    # Of a header everything, once its first word is away.
    (re.compile(r"(authorization\s*:\s*)[^\"'\r\n]+", re.IGNORECASE), r"\1" + REMOVED),
)
# A text of no field, as a body that is no JSON: what was removed, then its words. Of
# those that are neither harmless nor known the names of fields alone are kept.
_WORDS = re.compile(
    r"\[removed\]|(?:(?<=<)|(?<=</))[a-z_]{1,24}"
    r"|[a-z_]{1,24}(?=\\?[\"']?\s*[:=])|(?P<word>[^\s/\"'\\<>{}()\[\],;:=&?|]+)",
    re.IGNORECASE,
)
_STAND_IN = re.compile(r"\[removed\]|\[text of \d+ characters\]")
_MILLISECONDS = 1e11  # numbers above it are times in milliseconds, not in seconds


def payload_of(
    sent: object, errors: Mapping[str, list[str]], *, secret: str = ""
) -> tuple[str, str]:
    """Return errors and payload as JSON texts, without secrets, cut to size.

    Args:
        secret: The device's own, removed wherever it stands.
    """
    told = dict(list(errors.items())[:ERRORS_MAX])
    try:
        payload = msgspec.json.encode(_shown(msgspec.to_builtins(sent), 8)).decode()
    except (UnicodeEncodeError, TypeError, OverflowError):
        payload = '"[unreadable]"'
    texts = (msgspec.json.encode(told).decode(), payload)
    if secret:
        own = re.compile(re.escape(secret), re.IGNORECASE)
        texts = (own.sub(REMOVED, texts[0]), own.sub(REMOVED, texts[1]))
    # PostgreSQL's jsonb knows no NUL.
    text, payload = (each.replace("\\u0000", "\\ufffd") for each in texts)
    return text, payload[:PAYLOAD_MAX]


def _shown(value: object, levels: int, *, is_told: bool | None = None) -> object:
    """Return a value as it may be kept.

    Args:
        is_told: Texts are: of a field whose name is known. None: they are of no field.
    """
    if levels == 0:
        return "…"
    if isinstance(value, dict):
        beside = [value[name] for name in _NAMED if name in value]
        return {
            _without_secrets(str(key)): REMOVED
            if any(
                _is_secret(str(name), item)
                for name in (key, *(beside if key in _VALUES else ()))
            )
            else _shown(item, levels - 1, is_told=bool(_TOLD.fullmatch(str(key))))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_shown(item, levels - 1, is_told=is_told) for item in value[:100]]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON knows none
    if not isinstance(value, str) or not value:
        return value
    if is_told is None:
        return _WORDS.sub(_word_shown, _without_secrets(value))
    if not is_told and not _HARMLESS.fullmatch(value):
        return f"[text of {len(value)} characters]"
    return _without_secrets(value)


def _word_shown(found: re.Match[str]) -> str:
    word = found["word"]
    if word is None or _HARMLESS.fullmatch(word) or _TOLD.fullmatch(word):
        return found[0]
    return f"[text of {len(word)} characters]"


def _is_secret(name: str, value: object) -> bool:
    if not _SECRET.search(name):
        return False
    return not (_QUANTITY.search(name) and _NUMBER.fullmatch(str(value)))


def _without_secrets(text: str) -> str:
    text = text[: 2 * PAYLOAD_MAX]
    for pattern, instead in _IN_TEXT:
        text = pattern.sub(instead, text)
    return text


class FixImpossible(ValueError):
    """A payload cannot be changed as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What was wrong with a device: its clock, its units, its names.

    Attributes:
        shift_s: Added to times, seconds. factors: Of numbers, by field; a number may be
            written as a text.
        names: New name by old one; `data.amps` is a field of the object `data`.
    """

    shift_s: float = 0.0
    factors: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def apply(self, payload: str) -> dict[str, Any]:
        """Return a payload as it should have been sent.

        A time without an offset is taken to be of UTC, a number to be Unix seconds, or
        milliseconds where it is too large for those.

        Raises:
            FixImpossible: It was cut, is no object, or a value is of the wrong kind.
        """
        try:
            sent = msgspec.json.decode(payload)
        except msgspec.DecodeError:
            raise FixImpossible("What was sent is too long to be kept whole.") from None
        if not isinstance(sent, dict):
            raise FixImpossible("What was sent is no object.")
        sent = _kept(sent)
        fixed = {name: sent[name] for name in sent if name not in self.names}
        for old, new in self.names.items():
            value = sent.get(old, _within(sent, old))
            if value is not None:
                fixed[new] = value
        for name, factor in self.factors.items():
            if name in fixed:
                fixed[name] = _multiplied(name, fixed[name], factor)
        if fixed.get("ts") is not None:
            fixed["ts"] = self._shifted(fixed["ts"])
        return fixed

    def _shifted(self, ts: object) -> str:
        try:
            at = _time_of(ts)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            return (at + timedelta(seconds=self.shift_s)).isoformat()
        except (ValueError, OverflowError, OSError):
            raise FixImpossible(f"ts: {ts} is no time.") from None


def _kept(sent: dict[str, Any]) -> dict[str, Any]:
    """Return a payload without what stands for texts that were not kept."""
    return {
        name: _kept(value) if isinstance(value, dict) else value
        for name, value in sent.items()
        if not (isinstance(value, str) and _STAND_IN.fullmatch(value))
    }


def _within(sent: dict[str, Any], path: str) -> object:
    value: object = sent
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _multiplied(name: str, value: object, factor: float) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    try:
        return float(value) * float(factor)
    except (ValueError, OverflowError):
        raise FixImpossible(f"{name}: {str(value)[:40]} is no number.") from None


def _time_of(ts: object) -> datetime:
    try:
        number = float(str(ts))
    except ValueError:
        return datetime.fromisoformat(str(ts))
    number = number / 1000 if abs(number) > _MILLISECONDS else number
    return datetime.fromtimestamp(number, UTC)
