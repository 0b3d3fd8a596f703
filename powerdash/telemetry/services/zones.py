"""The zone of an organization's days, which are made anew when it changes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from powerdash.accounts.services import organization_zone_set
from powerdash.devices.models import Device
from powerdash.telemetry.rollup import Manner, Run, Tier, days_of, is_of_hours
from powerdash.telemetry.services.rollups import hold_off, keep
from powerdash.telemetry.sql import QUERIES


def organization_move(
    *,
    organization_id: int,
    timezone: str,
    at: datetime,
    actor_id: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Put an organization into a zone and make its days anew; return how many.

    Device by device: when it is killed, the same call again makes the rest. Days of
    which the hours are gone stay as they are.

    Args:
        timezone: IANA name.
        progress: Told after each device how many days were made.

    Raises:
        FieldsInvalid: There is no such zone.
        Organization.DoesNotExist: There is no such organization.
    """
    organization_zone_set(
        organization_id=organization_id, timezone=timezone, at=at, actor_id=actor_id
    )
    made = 0
    owned = Device.objects.filter(organization_id=organization_id).order_by("pk")
    for device_id in owned.values_list("pk", flat=True):
        made += _days_again(device_id, ZoneInfo(timezone), at)
        if progress:
            progress(made)
    return made


@transaction.atomic
def _days_again(device_id: int, zone: ZoneInfo, at: datetime) -> int:
    manners = {device_id: Manner(zone)}
    made = 0
    with connection.cursor() as cursor:
        # No rollup may write days of the zone before meanwhile.
        hold_off(cursor)
        below = Tier.HOUR
        runs = _spans(cursor, device_id, below)
        if not all(map(is_of_hours, days_of(runs, manners))):
            # In zones of half hours a day is no sum of hours.
            below = Tier.FIVE_MINUTES
            runs = _spans(cursor, device_id, below)
        for run in runs:
            cursor.execute(QUERIES["zone_forget"], run._asdict())
            days = days_of([run], manners)
            made += keep(cursor, manners, at, Tier.DAY, below, days)
    return made


def _spans(cursor: CursorWrapper, device_id: int, tier: Tier) -> list[Run]:
    """Return from where to where there are buckets of a tier, by phase."""
    cursor.execute(
        QUERIES["zone_spans"].replace(Tier.FIVE_MINUTES.table, tier.table),
        {"device_id": device_id},
    )
    return [
        Run(device_id, phase, first, last + timedelta(microseconds=1))
        for phase, first, last in cursor.fetchall()
    ]
