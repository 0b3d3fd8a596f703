"""A reading of a device, put where the data plane would put it."""

from datetime import datetime

from django.db import connection

from powerdash.devices.models import Device
from powerdash.lib import clock


def reading(device: Device, at: datetime, phase: str = "") -> None:
    """Store 2 A at 230 V with power factor 0.5."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT power_records_partition_ensure(%s, %s)", [at, clock.now()]
        )
        cursor.execute(
            "INSERT INTO power_records (device_id, phase, ts, current, voltage, power,"
            " power_factor) VALUES (%s, %s, %s, 2, 230, 460, 0.5)",
            [device.pk, phase, at],
        )
        cursor.execute(
            "INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage,"
            " power, power_factor) VALUES (%s, %s, %s, 2, 230, 460, 0.5)"
            " ON CONFLICT (device_id, phase) DO UPDATE SET ts = excluded.ts",
            [device.pk, phase, at],
        )
