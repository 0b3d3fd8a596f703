"""`/api/events`."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from powerdash.devices.selectors import device_get
from powerdash.events.selectors import LIMIT_MAX, EventQuery, event_page
from powerdash.events.types import EventType
from powerdash.web import present
from powerdash.web.api.access import reads_events, viewer_of_request
from powerdash.web.api.answers import EventListAnswer
from powerdash.web.api.devices import REFUSALS, USER_ID_MAX
from powerdash.web.moments import Moment

router = Router(tags=["events"])


class EventFilters(Schema):
    """What narrows the record."""

    type: EventType | None = None
    device: str = ""
    user_id: Annotated[int, Field(ge=1, le=USER_ID_MAX)] | None = None
    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    cursor: Annotated[str, Field(max_length=100)] = ""
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50


@router.get("", response={200: EventListAnswer, **REFUSALS}, auth=reads_events)
def event_index(request: HttpRequest, filters: Query[EventFilters]) -> Any:
    """List what happened, newest first."""
    viewer = viewer_of_request(request)
    device = device_get(viewer, filters.device) if filters.device else None
    found = event_page(
        organization_id=viewer.organization_id,
        query=EventQuery(
            types=[filters.type] if filters.type else (),
            device_id=device.pk if device else None,
            user_id=filters.user_id,
            since=filters.since,
            until=filters.until,
            cursor=filters.cursor or None,
        ),
        limit=filters.limit,
    )
    return EventListAnswer(present.events(found.lines), found.next)
