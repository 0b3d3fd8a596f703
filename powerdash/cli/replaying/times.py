"""Time stamps of a file, which mostly lack an offset, made into moments."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

from powerdash.cli.errors import Refused

_OFFSET = re.compile(r"^(?:UTC)?([+-])(\d{1,2})(?::?(\d{2}))?$")
_UNIX = {"unix": 1.0, "unix_ms": 1e-3, "unix_us": 1e-6}


class TimeUnreadable(ValueError):
    """A time stamp cannot be read; the message says which."""


class ZoneInvalid(Refused):
    """There is no such time zone; the message is a sentence for people."""


def zone(text: str) -> tzinfo:
    """Return the zone of a name (`Europe/Paris`, `UTC`) or an offset (`+01:00`).

    Raises:
        ZoneInvalid: It is neither.
    """
    found = _OFFSET.match(text.strip())
    if found:
        sign, hours, minutes = found.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if offset < timedelta(hours=24):
            return timezone(offset if sign == "+" else -offset)
    try:
        return UTC if text.upper() in {"UTC", "Z"} else ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise ZoneInvalid(
            f"--timezone {text} is neither a zone such as Europe/Paris"
            " nor an offset such as +01:00."
        ) from error


class TimeReader:
    """Reads the time stamps of one file, in order.

    Args:
        formats: `iso`, `unix`, `unix_ms`, `unix_us` or strptime patterns, tried in
            turn; the one that worked is tried first the next time.
        local: The zone of stamps that carry no offset.
    """

    def __init__(self, formats: Sequence[str], local: tzinfo) -> None:
        self._parsers = [_parser(text) for text in formats]
        self._local = local
        self._is_fixed = isinstance(local, timezone)
        self._last: datetime | None = None

    def read(self, text: str) -> datetime:
        """Return the moment that `text` names, aware.

        An hour that clocks run through twice is the second one as soon as the stamps
        would otherwise jump back.

        Raises:
            TimeUnreadable: No format fits.
        """
        for number, parse in enumerate(self._parsers):
            try:
                found = parse(text)
            except (ValueError, OverflowError, OSError):
                continue
            if number:
                self._parsers.insert(0, self._parsers.pop(number))
            return self._aware(found)
        raise TimeUnreadable(f"the time {text!r} fits no format")

    def _aware(self, found: datetime) -> datetime:
        if found.tzinfo is not None:
            return found
        found = found.replace(tzinfo=self._local)
        if self._is_fixed:
            return found
        at = found.astimezone(UTC)
        if self._last is not None and at < self._last:
            later = found.replace(fold=1).astimezone(UTC)
            at = later if later >= self._last else at
        self._last = at
        return at


def _parser(text: str) -> Callable[[str], datetime]:
    if text == "iso":
        return datetime.fromisoformat
    if text in _UNIX:
        scale = _UNIX[text]
        return lambda stamp: datetime.fromtimestamp(float(stamp) * scale, UTC)
    for separator, clock in product(" T", ("%H:%M:%S", "%H:%M")):
        if text.endswith(separator + clock):
            return _by_day(text, separator, text.removesuffix(separator + clock))
    return lambda stamp: datetime.strptime(stamp, text)  # noqa: DTZ007 — made aware later


def _by_day(text: str, separator: str, day_format: str) -> Callable[[str], datetime]:
    """Return a parser of the format `text` that reads each day only once."""

    @lru_cache(maxsize=16)
    def day(stamp: str) -> date:
        return datetime.strptime(stamp, day_format).date()  # noqa: DTZ007

    def parse(stamp: str) -> datetime:
        head, _, tail = stamp.rpartition(separator)
        try:
            return datetime.combine(day(head), time.fromisoformat(tail))
        except ValueError:
            return datetime.strptime(stamp, text)  # noqa: DTZ007 — made aware later

    return parse
