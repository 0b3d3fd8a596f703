"""`/api/summary` and `/api/curve`."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from powerdash.lib import clock
from powerdash.telemetry import selectors as telemetry
from powerdash.web import present
from powerdash.web.api.access import reads, viewer_of_request
from powerdash.web.api.devices import REFUSALS
from powerdash.web.load import MINUTES_MAX, load_curve
from powerdash.web.props import CurveProps, SummaryProps

router = Router(tags=["overview"])


@router.get("/summary", response={200: SummaryProps, **REFUSALS}, auth=reads)
def summary(request: HttpRequest) -> Any:
    """Sum up the organization now."""
    viewer = viewer_of_request(request)
    found = telemetry.summary(
        organization_uuid=viewer.organization_uuid, at=clock.now()
    )
    return present.summary(found)


@router.get("/curve", response={200: CurveProps, **REFUSALS}, auth=reads)
def curve(
    request: HttpRequest,
    minutes: Annotated[int, Query(ge=1, le=MINUTES_MAX)] = 60,
) -> Any:
    """Return the organization's load curve of the last minutes."""
    return load_curve(viewer_of_request(request), minutes=minutes, at=clock.now())
