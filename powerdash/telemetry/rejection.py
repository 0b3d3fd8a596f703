"""Refused readings as they are kept, and as they could be stored after a fix. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

PAYLOAD_MAX = 2_000  # characters
ERRORS_MAX = 20  # fields that are told
_SECRET = re.compile(r"secret|passw|token|auth|api_?key|credential", re.IGNORECASE)
REMOVED = "[removed]"


def payload_of(sent: object, errors: Mapping[str, list[str]]) -> tuple[str, str]:
    """Return errors and payload as JSON texts, without secrets, cut to size."""
    told = dict(list(errors.items())[:ERRORS_MAX])
    try:
        payload = msgspec.json.encode(_shown(msgspec.to_builtins(sent), 8)).decode()
    except (UnicodeEncodeError, TypeError, OverflowError):
        payload = '"[unreadable]"'
    text = msgspec.json.encode(told).decode().replace("\\u0000", "\\ufffd")
    return text, payload.replace("\\u0000", "\\ufffd")[:PAYLOAD_MAX]


def _shown(value: object, levels: int) -> object:
    if levels == 0:
        return "…"
    if isinstance(value, dict):
        return {
            key: REMOVED if _SECRET.search(str(key)) else _shown(item, levels - 1)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_shown(item, levels - 1) for item in value[:100]]
    return value


class FixImpossible(ValueError):
    """A payload cannot be changed as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What was wrong with a device: its clock, its units, its names.

    Attributes:
        shift_s: Added to times, seconds. factors: Of numbers, by field.
        names: New name by old one.
    """

    shift_s: float = 0.0
    factors: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def apply(self, payload: str) -> dict[str, Any]:
        """Return a payload as it should have been sent.

        Raises:
            FixImpossible: It was cut, is no object, or a value is of the wrong kind.
        """
        try:
            sent = msgspec.json.decode(payload)
        except msgspec.DecodeError:
            raise FixImpossible("What was sent is too long to be kept whole.") from None
        if not isinstance(sent, dict):
            raise FixImpossible("What was sent is no object.")
        fixed = {self.names.get(name, name): value for name, value in sent.items()}
        for name, factor in self.factors.items():
            if isinstance(fixed.get(name), int | float):
                fixed[name] *= factor
        if self.shift_s:
            fixed["ts"] = self._shifted(fixed.get("ts"))
        return fixed

    def _shifted(self, ts: object) -> str:
        try:
            at = datetime.fromisoformat(str(ts))
            return (at + timedelta(seconds=self.shift_s)).isoformat()
        except (ValueError, OverflowError):
            raise FixImpossible(f"ts: {ts} is no time that could be shifted.") from None
