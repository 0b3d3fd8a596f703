"""Writes of the record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from powerdash.events.sql import QUERIES
from powerdash.events.types import ANNOUNCED, EventType


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Whom an event is about, and what is to be remembered of it.

    Attributes:
        organization_id: None takes that of the device.
        user_id: Who did it.
        data: JSON; identifiers and facts, never secrets.
    """

    organization_id: int | None = None
    device_id: int | None = None
    user_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


def event_record(
    *,
    event_type: EventType,
    at: datetime,
    organization_id: int | None = None,
    device_id: int | None = None,
    user_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> int:
    """Record an event in the caller's transaction and return its id.

    An event of a type in `ANNOUNCED` gets its outbox row in the same statement, and the
    relay is woken when the transaction commits.

    Args:
        organization_id: None takes that of the device.
        user_id: Who did it.
        data: JSON; identifiers and facts, never secrets.

    Raises:
        django.db.IntegrityError: The month of `at` has no partition.
    """
    event = NewEvent(organization_id, device_id, user_id, data or {})
    return event_record_all(event_type=event_type, at=at, events=[event])[0]


def event_record_all(
    *, event_type: EventType, at: datetime, events: Sequence[NewEvent]
) -> list[int]:
    """Record several events of one type and moment, in one statement.

    Returns:
        The ids of the events, ascending.

    Raises:
        django.db.IntegrityError: The month of `at` has no partition.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            QUERIES["record"],
            {
                "at": at,
                "type": event_type.value,
                "announced": event_type in ANNOUNCED,
                "organization_ids": [event.organization_id for event in events],
                "device_ids": [event.device_id for event in events],
                "user_ids": [event.user_id for event in events],
                "data": [Jsonb(event.data) for event in events],
            },
        )
        row = cursor.fetchone()
    return list((row or [None])[0] or [])
