"""`pages/explore/Index`: several devices and quantities over any time."""

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

DEVICES_MAX = 8  # as many lines as one can tell apart


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the devices that the address names; unknown ones are left out.

    Without any, the whole organization is shown.
    """
    viewer = viewer_for(request, Scope.DEVICES_READ)
    devices = _devices(viewer, request.GET.get("devices", ""))
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
    return page(request, "explore/Index", ExploreProps(devices=chosen))


def _devices(viewer: Viewer, keys: str) -> list[Device]:
    found: dict[int, Device] = {}
    for key in keys.split(",")[:DEVICES_MAX]:
        try:
            device = device_get(viewer, key.strip())
        except Device.DoesNotExist:
            continue
        found.setdefault(device.pk, device)
    return list(found.values())
