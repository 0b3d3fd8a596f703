"""Changes of a device that its rollups follow."""

from datetime import datetime
from typing import Unpack

from django.db import connection, transaction

from powerdash.devices import services as devices
from powerdash.devices.fields import DeviceFields
from powerdash.devices.models import Device
from powerdash.telemetry.services.rollups import hold_off
from powerdash.telemetry.sql import QUERIES


@transaction.atomic
def device_update(
    *,
    device_id: int,
    at: datetime,
    actor_id: int | None = None,
    **fields: Unpack[DeviceFields],
) -> Device:
    """Change what is said of a device; a new heartbeat interval rolls it up anew.

    Raises:
        Device.DoesNotExist, DeviceDecommissioned, FieldsInvalid: As
            `devices.services.device_update`.
    """
    before = Device.objects.values_list("heartbeat_interval_s", flat=True).get(
        pk=device_id
    )
    if fields.get("heartbeat_interval_s", before) != before:
        with connection.cursor() as cursor:
            # A rollup would not know of the new interval, nor we of what it makes.
            hold_off(cursor)
    device = devices.device_update(
        device_id=device_id, at=at, actor_id=actor_id, **fields
    )
    if device.heartbeat_interval_s != before:
        with connection.cursor() as cursor:
            cursor.execute(QUERIES["rollup_again"], {"device_id": device_id})
    return device
