"""`pages/overview/Index`: an organization now."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from powerdash.accounts.roles import Scope
from powerdash.accounts.viewer import Viewer
from powerdash.events.selectors import NOTABLE, EventQuery, event_page
from powerdash.lib import clock
from powerdash.telemetry import selectors as telemetry
from powerdash.web import present
from powerdash.web.auth import viewer_for
from powerdash.web.load import load_curve
from powerdash.web.pages.page import page
from powerdash.web.props import EventProps, OverviewProps

CURVE_MINUTES = 60
EVENTS = 10


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the overview."""
    viewer = viewer_for(request, Scope.DEVICES_READ)
    at = clock.now()
    return page(request, "overview/Index", _props(viewer, at))


def _props(viewer: Viewer, at: datetime) -> OverviewProps:
    summary = telemetry.summary(organization_uuid=viewer.organization_uuid, at=at)
    return OverviewProps(
        summary=present.summary(summary),
        curve=load_curve(viewer, minutes=CURVE_MINUTES, at=at),
        events=recent_events(viewer, limit=EVENTS),
    )


def recent_events(
    viewer: Viewer, *, limit: int, device_id: int | None = None
) -> list[EventProps]:
    """Return the newest notable lines; none for those who may not read the record."""
    if Scope.EVENTS_READ not in viewer.scopes:
        return []
    found = event_page(
        organization_id=viewer.organization_id,
        query=EventQuery(types=NOTABLE, device_id=device_id),
        limit=limit,
    )
    return present.events(found.lines)
