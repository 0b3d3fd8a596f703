"""`pages/devices/*`: the list and one device."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_safe

from powerdash.accounts.roles import Scope
from powerdash.devices.fields import TAGS_MAX
from powerdash.devices.selectors import DeviceQuery, device_get, device_tags
from powerdash.devices.status import DeviceStatus
from powerdash.lib import clock
from powerdash.lib.fields import text_is_plain
from powerdash.telemetry import selectors as telemetry
from powerdash.web import present
from powerdash.web.auth import viewer_for
from powerdash.web.listing import (
    PAGE_MAX,
    PER_PAGE,
    PER_PAGE_MAX,
    SORT_NAMES,
    Part,
    device_part,
)
from powerdash.web.pages.overview import recent_events
from powerdash.web.pages.page import page
from powerdash.web.props import DeviceFilters, DeviceListProps, DeviceShowProps

SEARCH_MAX = 120
EVENTS = 20


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the devices that the address asks for; what it asks wrongly is left out."""
    viewer = viewer_for(request, Scope.DEVICES_READ)
    query, part = _asked(request.GET)
    devices, which = device_part(viewer, query, part, at=clock.now())
    props = DeviceListProps(
        devices=devices,
        page=which,
        filters=DeviceFilters(
            status=query.status,
            tags=list(query.tags),
            search=query.search,
            user_id=query.user_id,
            sort=part.sort,
        ),
        all_tags=device_tags(viewer),
    )
    return page(request, "devices/Index", props)


@require_safe
def show(request: HttpRequest, key: str) -> HttpResponse:
    """Show one device."""
    viewer = viewer_for(request, Scope.DEVICES_READ)
    device = device_get(viewer, key)
    latest = telemetry.latest_by_device([device.pk]).get(device.pk, [])
    span = telemetry.spans([device.pk]).get(device.pk)
    props = DeviceShowProps(
        device=present.device(device),
        latest=[present.reading(each) for each in latest],
        first_reading_at=span and present.moment(span[0]),
        last_reading_at=span and present.moment(span[1]),
        arrivals=present.arrivals(device.pk),
        events=recent_events(viewer, limit=EVENTS, device_id=device.pk),
    )
    return page(request, "devices/Show", props)


def _asked(query: QueryDict) -> tuple[DeviceQuery, Part]:
    status, sort = query.get("status", ""), query.get("sort", "")
    asked = DeviceQuery(
        status=status if status in set(DeviceStatus) else "",
        tags=_texts(query.get("tags", "").split(","))[:TAGS_MAX],
        user_id=_number(query.get("user_id", ""), most=2**63 - 1) or None,
        search="".join(_texts([query.get("search", "")]))[:SEARCH_MAX],
    )
    part = Part(
        page=_number(query.get("page", ""), most=PAGE_MAX) or 1,
        per_page=_number(query.get("per_page", ""), most=PER_PAGE_MAX) or PER_PAGE,
        sort=sort if sort in SORT_NAMES else "name",
    )
    return asked, part


def _texts(given: list[str]) -> list[str]:
    stripped = (text.strip() for text in given)
    return [text for text in stripped if text and text_is_plain(text)]


def _number(text: str, *, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return 0
    return min(int(text), most)
