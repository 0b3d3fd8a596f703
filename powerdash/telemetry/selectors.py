"""Reads of readings: newest, ranges, curves.

Callers come from selectors that take the viewer: here a device and an organization are
only numbers, checked before.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from powerdash.telemetry.curve import Curve, curve_seen, curve_total
from powerdash.telemetry.models import LatestReading
from powerdash.telemetry.services.load import LOAD_EVERY_S
from powerdash.telemetry.sql import QUERIES
from powerdash.telemetry.summary import Summary, summaries

RECORDS_MAX = 5_000
RAW_CURVE_DEVICES = 200  # of more, the curve is as the worker saw it
HOLD_MAX = timedelta(minutes=15)


def _rows(name: str, **arguments: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[name], arguments)
        return list(cursor.fetchall())


def latest_by_device(device_ids: Iterable[int]) -> dict[int, list[LatestReading]]:
    """Return the newest reading of each phase by device; a device may have none."""
    found: dict[int, list[LatestReading]] = {}
    for row in LatestReading.objects.filter(device_id__in=list(device_ids)).order_by(
        "device_id", "phase"
    ):
        found.setdefault(row.device_id, []).append(row)
    return found


def records(
    *, device_id: int, since: datetime, until: datetime, limit: int
) -> list[dict[str, Any]]:
    """Return the newest readings in [since, until), newest first, at most `limit`."""
    names = (
        "ts", "phase", "current", "voltage", "power", "sampling_ms", "power_factor",
        "frequency", "temperature", "energy_wh", "flags",
    )  # fmt: skip
    rows = _rows(
        "records",
        device_id=device_id,
        since=since,
        until=until,
        limit=min(limit, RECORDS_MAX),
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def count(
    *,
    device_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Count readings: of one device or all, in [since, until) or of all time."""
    found = _rows("count", device_id=device_id, since=since, until=until)
    return int(found[0][0])


def spans(device_ids: Sequence[int]) -> dict[int, tuple[datetime, datetime]]:
    """Return the times of the first and the last reading of devices that have any.

    Where retention took the first readings away, the first day that is known counts.
    """
    if not device_ids:
        return {}
    rows = _rows("spans", device_ids=list(device_ids))
    return {device_id: (first or last, last) for device_id, first, last in rows}


def organization_span(
    organization_id: int,
) -> tuple[datetime, datetime] | tuple[None, None]:
    """Return the times of the first and the last reading of an organization."""
    [(first, last)] = _rows("organization_span", organization_id=organization_id)
    return first, last


def summary(*, organization_uuid: str, at: datetime) -> Summary:
    """Sum up an organization now."""
    wanted = [organization_uuid]
    return summaries(
        wanted,
        _rows("consumers", organizations=wanted, at=at),
        _rows("statuses", organizations=wanted),
        at=at,
    )[organization_uuid]


def curve(
    *, organization_id: int, since: datetime, until: datetime, step_s: int
) -> Curve:
    """Return an organization's load curve: active power summed over devices, by step.

    A device's last value holds until its heartbeat interval has passed, so that slow
    meters do not make the sum flicker. Of organizations of more than
    `RAW_CURVE_DEVICES` devices the power was recorded every `LOAD_EVERY_S` seconds.
    """
    [(devices,)] = _rows("devices", organization_id=organization_id)
    if devices > RAW_CURVE_DEVICES:
        step_s = max(step_s, LOAD_EVERY_S)
        seen = _rows(
            "curve_load",
            organization_id=organization_id,
            since=since,
            until=until,
            step_s=step_s,
        )
        return curve_seen(dict(seen), since=since, until=until, step_s=step_s)
    rows = _rows(
        "curve_raw",
        organization_id=organization_id,
        since=since - HOLD_MAX,
        until=until,
        step_s=step_s,
    )
    return curve_total(rows, since=since, until=until, step_s=step_s)
