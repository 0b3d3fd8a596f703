"""`pages/events/Index`: the record."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from powerdash.accounts.roles import Scope
from powerdash.accounts.viewer import Viewer
from powerdash.devices.models import Device
from powerdash.devices.selectors import device_get
from powerdash.events.selectors import (
    NOTABLE,
    CursorInvalid,
    EventPage,
    EventQuery,
    event_page,
)
from powerdash.events.types import EventType
from powerdash.web import present
from powerdash.web.auth import viewer_for
from powerdash.web.moments import EARLIEST, LATEST
from powerdash.web.pages.page import page
from powerdash.web.props import EventListProps

LIMIT = 50
FILTERS = ("type", "device", "user_id", "from", "to", "cursor")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the lines that the address asks for, or what is notable."""
    viewer = viewer_for(request, Scope.EVENTS_READ)
    found = _found(viewer, request.GET)
    props = EventListProps(
        events=present.events(found.lines),
        next=found.next,
        types=[each.value for each in EventType],
        filters={
            name: value for name in FILTERS if (value := request.GET.get(name, ""))
        },
    )
    return page(request, "events/Index", props)


def _found(viewer: Viewer, query: QueryDict) -> EventPage:
    """Return the lines asked for; none when something asked for does not exist."""
    try:
        asked = _asked(viewer, query)
        return event_page(
            organization_id=viewer.organization_id, query=asked, limit=LIMIT
        )
    except (ValueError, Device.DoesNotExist, CursorInvalid):
        return EventPage([], None)


def _asked(viewer: Viewer, query: QueryDict) -> EventQuery:
    """Read the address.

    Raises:
        Device.DoesNotExist: The device is not of this organization.
        ValueError: Something is not what it should be.
    """
    device, user_id = query.get("device"), query.get("user_id")
    kind = query.get("type")
    return EventQuery(
        types=[EventType(kind)] if kind else NOTABLE,
        device_id=device_get(viewer, device).pk if device else None,
        user_id=min(int(user_id[:19]), 2**63 - 1) if user_id else None,
        since=_moment(query.get("from")),
        until=_moment(query.get("to")),
        cursor=query.get("cursor") or None,
    )


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    at = parse_datetime(text)
    if at is None or at.tzinfo is None or not EARLIEST <= at <= LATEST:
        raise ValueError(f"{text} is no time with a zone.")
    return at
