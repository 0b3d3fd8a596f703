"""`pages/rejections/Index`: what devices sent that could not be stored."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from powerdash.accounts.roles import Scope
from powerdash.accounts.viewer import Viewer
from powerdash.devices.models import Device
from powerdash.devices.selectors import device_get
from powerdash.web.auth import viewer_for
from powerdash.web.pages.page import page
from powerdash.web.props import RejectionListProps, RejectionProps
from powerdash.web.refused import rejection_part

LIMIT = 50
FILTERS = ("device", "before")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show those that the address asks for; none of what does not exist."""
    viewer = viewer_for(request, Scope.DEVICES_READ)
    asked = {name: value for name in FILTERS if (value := request.GET.get(name, ""))}
    device = asked.get("device", "")
    rejections, following = _found(viewer, device, asked.get("before", ""))
    props = RejectionListProps(
        rejections=rejections,
        next=following,
        filters=asked,
        device_name=_name(viewer, device),
    )
    return page(request, "rejections/Index", props)


def _found(
    viewer: Viewer, device: str, before: str
) -> tuple[list[RejectionProps], int | None]:
    try:
        number = min(int(before[:19]), 2**63 - 1) if before else None
        return rejection_part(viewer, device=device, before=number, limit=LIMIT)
    except (ValueError, Device.DoesNotExist):
        return [], None


def _name(viewer: Viewer, device: str) -> str | None:
    try:
        return device_get(viewer, device).name if device else None
    except Device.DoesNotExist:
        return None
