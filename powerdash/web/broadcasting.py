"""`POST /broadcasting/auth`: who may listen on which private channel."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from powerdash import settings
from powerdash.accounts.roles import Scope
from powerdash.accounts.viewer import ScopeMissing
from powerdash.devices.models import Device
from powerdash.devices.selectors import device_get
from powerdash.lib.pusher import App, channel_auth
from powerdash.web.auth import SignedIn, denial_record, signed_in
from powerdash.web.body import form_of
from powerdash.web.errors import Refusal

ORGANIZATION = "private-organization."
DEVICE = "private-device."
EVENTS = "private-events."
APP = App(settings.PUSHER_APP_ID, settings.PUSHER_APP_KEY, settings.PUSHER_APP_SECRET)
_REFUSED = Refusal(403, "permission_denied", "You may not listen on this channel.")


@require_POST
def auth(request: HttpRequest) -> HttpResponse:
    """Sign that this connection may join this channel.

    A channel of another organization is refused like one that does not exist.
    """
    who = signed_in(request)
    form = form_of(request)
    socket_id, channel = form.get("socket_id", ""), form.get("channel_name", "")
    signed = channel_auth(APP, socket_id, channel)
    if not _may_listen(who, channel):
        denial_record(request, channel)
        return _REFUSED.json()
    return JsonResponse({"auth": signed})


def _may_listen(who: SignedIn, channel: str) -> bool:
    if channel.startswith(ORGANIZATION):
        wanted = channel.removeprefix(ORGANIZATION)
        return wanted == str(who.current.organization.uuid)
    if channel.startswith(EVENTS):
        wanted = channel.removeprefix(EVENTS)
        may_read = Scope.EVENTS_READ in who.viewer.scopes
        return may_read and wanted == str(who.current.organization.uuid)
    if channel.startswith(DEVICE):
        return _device_exists(who, channel.removeprefix(DEVICE))
    return False


def _device_exists(who: SignedIn, uuid: str) -> bool:
    try:
        who.viewer.require(Scope.DEVICES_READ)
        # Only the usual spelling: a channel has one name.
        return str(device_get(who.viewer, uuid).uuid) == uuid
    except (Device.DoesNotExist, ScopeMissing):
        return False
