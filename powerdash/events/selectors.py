"""Reads of the record."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from powerdash.events.sql import QUERIES
from powerdash.events.types import EventType

LIMIT_MAX = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Indexes leave this type out, for it is most of the record; see the second migration.
ROUTINE = EventType.INGEST_ACCEPTED
NOTABLE = tuple(each for each in EventType if each != ROUTINE)


class CursorInvalid(ValueError):
    """A cursor is not one that we gave."""

    def __init__(self) -> None:
        super().__init__("Send the cursor that the last answer gave as `next`.")


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line of the record, with the names that its ids had when it was read."""

    id: int
    at: datetime
    type: str
    device_uuid: UUID | None
    device_name: str | None
    user: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which lines are asked for; what is empty or None does not narrow it.

    Attributes:
        until: Before this time, exclusive.
        cursor: Only those older than the page that gave it.
    """

    types: Sequence[EventType] = ()
    device_id: int | None = None
    user_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some lines, newest first, and the cursor of those older, if there are any."""

    lines: list[EventLine]
    next: str | None


def event_page(
    *, organization_id: int | None, query: EventQuery, limit: int
) -> EventPage:
    """Return the newest lines of an organization, or of all, that `query` asks for.

    The viewer stands above this room: its callers check the right to read the record.

    Args:
        limit: At most `LIMIT_MAX`.

    Raises:
        CursorInvalid: The cursor is not one that we gave.
    """
    limit = max(1, min(limit, LIMIT_MAX))
    routine = not query.types or ROUTINE in query.types
    before_at, before_id = _cursor_read(query.cursor) if query.cursor else (None, None)
    with connection.cursor() as cursor:
        cursor.execute(
            QUERIES["page" if routine else "page_notable"],
            {
                "organization_id": organization_id,
                "types": [each.value for each in query.types] or None,
                "device_id": query.device_id,
                "user_id": query.user_id,
                "since": query.since,
                "until": query.until,
                "before_at": before_at,
                "before_id": before_id,
                "limit": limit + 1,
            },
        )
        rows = cursor.fetchall()
    lines = [_line(row) for row in rows]
    more = len(lines) > limit
    lines = lines[:limit]
    return EventPage(lines, _cursor_write(lines[-1]) if more else None)


def _line(row: Sequence[Any]) -> EventLine:
    """Read a row; Django leaves JSON as text in statements of our own."""
    number, at, kind, uuid, name, user, data = row
    return EventLine(number, at, kind, uuid, name, user, json.loads(data))


def _cursor_write(line: EventLine) -> str:
    micros = (line.at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros}.{line.id}".encode()).decode().rstrip("=")


def _cursor_read(text: str) -> tuple[datetime, int]:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        micros, _, number = base64.urlsafe_b64decode(padded).decode().partition(".")
        if not (micros.isdigit() and number.isdigit() and int(number) < 2**63):
            raise CursorInvalid
        return _EPOCH + timedelta(microseconds=int(micros)), int(number)
    except (binascii.Error, UnicodeError, OverflowError):
        raise CursorInvalid from None
