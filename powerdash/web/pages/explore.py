"""`pages/explore/Index`: several devices and quantities over any time."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from powerdash.accounts.roles import Scope
from powerdash.accounts.viewer import Viewer
from powerdash.devices.models import Device
from powerdash.devices.selectors import device_get
from powerdash.telemetry import selectors as telemetry
from powerdash.web import present
from powerdash.web.auth import viewer_for
from powerdash.web.pages.page import page
from powerdash.web.props import ExploredProps, ExploreProps

ALL = "all"  # the organization as a whole
DEVICES_MAX = 8  # as many lines as one can tell apart


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the devices that the address names; unknown ones are counted.

    With `all` among them, or without any, the whole organization is shown.
    """
    viewer = viewer_for(request, Scope.DEVICES_READ)
    keys = [key.strip() for key in request.GET.get("devices", "").split(",")]
    named = dict.fromkeys(key for key in keys if key not in ("", ALL))
    wanted = list(named)[:DEVICES_MAX]
    devices = _devices(viewer, wanted)
    spans = telemetry.spans([device.pk for device in devices])
    chosen = [
        ExploredProps(
            uuid=str(device.uuid),
            name=device.name,
            first_reading_at=present.moment_or_none(first),
            last_reading_at=present.moment_or_none(last),
        )
        for device in devices
        for first, last in [spans.get(device.pk, (None, None))]
    ]
    first, last = (
        telemetry.organization_span(viewer.organization_id)
        if ALL in keys or not devices
        else (None, None)
    )
    props = ExploreProps(
        devices=chosen,
        first_reading_at=present.moment_or_none(first),
        last_reading_at=present.moment_or_none(last),
        missing=len(wanted) - len(devices),
    )
    return page(request, "explore/Index", props)


def _devices(viewer: Viewer, keys: Sequence[str]) -> list[Device]:
    """Return the viewer's devices among those named, in their order."""
    found: dict[int, Device] = {}
    for key in keys:
        try:
            device = device_get(viewer, key)
        except Device.DoesNotExist:
            continue
        found.setdefault(device.pk, device)
    return list(found.values())
