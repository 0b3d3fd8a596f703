"""Refused readings as the page and the API list them."""

import json

from powerdash.accounts.viewer import Viewer
from powerdash.devices.models import Device
from powerdash.devices.selectors import device_all, device_get
from powerdash.telemetry.models import Rejection
from powerdash.web import present
from powerdash.web.props import RejectionProps


def rejection_part(
    viewer: Viewer, *, device: str = "", before: int | None = None, limit: int
) -> tuple[list[RejectionProps], int | None]:
    """Return refused readings, the newest first, and where the older ones begin.

    Args:
        device: Id or UUID; empty for all devices.
        before: Only those that are older than this one.

    Raises:
        Device.DoesNotExist: The device is none of the viewer's.
    """
    found = Rejection.objects.filter(organization_id=viewer.organization_id)
    if device:
        found = found.filter(device_id=device_get(viewer, device).pk)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-pk")[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    devices = device_all(viewer).only("uuid", "name")
    named = devices.in_bulk({row.device_id for row in rows})
    shown = [_shown(row, named[row.device_id]) for row in rows]
    return shown, rows[-1].pk if more else None


def _shown(row: Rejection, device: Device) -> RejectionProps:
    return RejectionProps(
        id=row.pk,
        at=present.moment(row.at),
        device_uuid=str(device.uuid),
        device_name=device.name,
        errors=row.errors if isinstance(row.errors, dict) else json.loads(row.errors),
        payload=row.payload,
        replayed_at=present.moment_or_none(row.replayed_at),
    )
