"""`/api/devices/{key}/markers`: what happened to a device, to mark on its charts."""

from datetime import timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from powerdash.devices.selectors import device_get
from powerdash.events.selectors import EventQuery, event_page
from powerdash.events.types import EventType
from powerdash.lib import clock
from powerdash.lib.fields import FieldsInvalid
from powerdash.web import present
from powerdash.web.api.access import reads, viewer_of_request
from powerdash.web.api.answers import MarkerAnswer, MarkerListAnswer
from powerdash.web.api.devices import REFUSALS
from powerdash.web.moments import EARLIEST, Moment

router = Router(tags=["series"])
LIMIT_MAX = 200
# Changes of its status, and alerts. They name nobody, so whoever may see the readings
# may see them, without the right to read the record.
MARKED = (
    EventType.DEVICE_ONLINE,
    EventType.DEVICE_OFFLINE,
    EventType.DEVICE_MAINTENANCE_ON,
    EventType.DEVICE_MAINTENANCE_OFF,
    EventType.DEVICE_DECOMMISSIONED,
    EventType.ALERT_TRIGGERED,
    EventType.ALERT_RESOLVED,
)


class MarkerFilters(Schema):
    """The range that is looked at, the last day by default."""

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_MAX


@router.get(
    "/devices/{key}/markers", response={200: MarkerListAnswer, **REFUSALS}, auth=reads
)
def device_markers(
    request: HttpRequest, key: str, filters: Query[MarkerFilters]
) -> Any:
    """List changes of a device's status and its alerts in a range, the oldest first.

    Of more than `limit` the newest are given.
    """
    viewer = viewer_of_request(request)
    device = device_get(viewer, key)
    until = filters.until or clock.now()
    since = filters.since or max(EARLIEST, until - timedelta(days=1))
    if since >= until:
        raise FieldsInvalid({"to": ["Choose a time after `from`."]})
    found = event_page(
        organization_id=viewer.organization_id,
        query=EventQuery(
            types=MARKED,
            device_id=device.pk,
            since=since,
            until=until,
        ),
        limit=filters.limit,
    )
    return MarkerListAnswer(
        data=[
            MarkerAnswer(present.moment(line.at), line.type)
            for line in reversed(found.lines)
        ],
        truncated=found.next is not None,
    )
