"""Rows of the rooms as the classes that pages and the API are given."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

from powerdash.accounts.models import Organization
from powerdash.devices.models import Device
from powerdash.events.selectors import EventLine
from powerdash.telemetry.curve import Curve
from powerdash.telemetry.models import Arrivals, LatestReading
from powerdash.telemetry.summary import Summary
from powerdash.web import props


def moment(at: datetime) -> str:
    """Return a time as ISO 8601, UTC."""
    return at.astimezone(UTC).isoformat()


def moment_or_none(at: datetime | None) -> str | None:
    """Return a time as `moment` does, None for none."""
    return None if at is None else moment(at)


def organization(row: Organization) -> props.OrganizationProps:
    """Return an organization as the switcher shows it."""
    return props.OrganizationProps(str(row.uuid), row.slug, row.name, row.timezone)


def device_row(row: Device, power_w: float | None) -> props.DeviceRowProps:
    """Return a device as lists show it."""
    return props.DeviceRowProps(
        id=row.pk,
        uuid=str(row.uuid),
        name=row.name,
        slug=row.slug,
        status=cast(props.Status, row.status),
        model=row.model,
        location=row.location,
        tags=row.tags,
        last_seen_at=moment_or_none(row.last_seen_at),
        power_w=power_w,
    )


def device(row: Device) -> props.DeviceProps:
    """Return a device in full."""
    return props.DeviceProps(
        id=row.pk,
        uuid=str(row.uuid),
        name=row.name,
        slug=row.slug,
        status=cast(props.Status, row.status),
        status_changed_at=moment(row.status_changed_at),
        firmware=row.firmware,
        model=row.model,
        location=row.location,
        tags=row.tags,
        metadata=row.metadata,
        heartbeat_interval_s=row.heartbeat_interval_s,
        last_seen_at=moment_or_none(row.last_seen_at),
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        responsible=(row.user.name or row.user.email) if row.user else None,
        responsible_id=row.user_id,
    )


def reading(row: LatestReading) -> props.ReadingProps:
    """Return the newest reading of a phase."""
    factor = 1.0 if row.power_factor is None else row.power_factor
    return props.ReadingProps(
        phase=row.phase,
        ts=moment(row.ts),
        current_a=row.current,
        voltage_v=row.voltage,
        power_va=row.power,
        active_power_w=row.power * factor,
        power_factor=row.power_factor,
        frequency_hz=row.frequency,
        temperature_c=row.temperature,
        energy_wh=row.energy_wh,
    )


def arrivals(device_id: int) -> props.ArrivalsProps:
    """Return how a device's readings arrive."""
    row = Arrivals.objects.filter(pk=device_id).first()
    if row is None:
        return props.ArrivalsProps(None, None, 0, 0, 0, 0, 0.0, 0.0)
    return props.ArrivalsProps(
        last_reading_at=moment_or_none(row.last_reading_at),
        last_arrival_at=moment_or_none(row.last_arrival_at),
        accepted=row.accepted,
        duplicates=row.duplicates,
        refused=row.refused,
        late=row.late,
        lateness_s=row.lateness_s,
        max_lateness_s=row.max_lateness_s,
    )


def events(lines: Iterable[EventLine]) -> list[props.EventProps]:
    """Return lines of the record."""
    return [
        props.EventProps(
            id=line.id,
            at=moment(line.at),
            type=line.type,
            device_uuid=None if line.device_uuid is None else str(line.device_uuid),
            device_name=line.device_name,
            user=line.user,
            data=line.data,
        )
        for line in lines
    ]


def summary(found: Summary) -> props.SummaryProps:
    """Return an organization now."""
    return props.SummaryProps(
        ts=moment(found.ts),
        power_w=found.power_w,
        devices=cast(dict[props.Status, int], found.devices),
        reporting=found.reporting,
        top=[
            props.ConsumerProps(each.uuid, each.name, each.location, each.power_w)
            for each in found.top
        ],
    )


def curve(found: Curve) -> props.CurveProps:
    """Return a load curve."""
    return props.CurveProps(found.step_s, found.ts, found.power_w)
