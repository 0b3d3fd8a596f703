"""Writes of how long things are kept."""

import itertools
import math
from datetime import datetime

from django.db import transaction

from powerdash.devices.models import Device
from powerdash.events.services import event_record
from powerdash.events.types import EventType
from powerdash.lib.fields import Fields
from powerdash.telemetry.models import Hold, RetentionRule

DAYS_MAX = 36_500
TAG_MAX = 60
REASON_MAX = 200


@transaction.atomic
def retention_set(
    *,
    organization_id: int,
    tag: str,
    days: dict[str, int],
    at: datetime,
    actor_id: int | None = None,
) -> RetentionRule:
    """Say how long an organization's readings and rollups are kept.

    Args:
        tag: For devices with this tag; empty for all others.
        days: `raw_days`, `days_5m`, `days_1h`, `days_1d`; 0 is for ever.

    Raises:
        FieldsInvalid: A field cannot be taken.
    """
    fields = Fields()
    tag = fields.text("tag", tag, most=TAG_MAX)
    for name in ("raw_days", "days_5m", "days_1h", "days_1d"):
        fields.integer(name, days.get(name), least=0, most=DAYS_MAX)
    fields.check()
    _refuse_shorter(fields, days)
    rule, _ = RetentionRule.objects.update_or_create(
        organization_id=organization_id, tag=tag, defaults={**days, "updated_at": at}
    )
    event_record(
        event_type=EventType.RETENTION_SET,
        at=at,
        organization_id=organization_id,
        user_id=actor_id,
        data={"tag": tag, **days},
    )
    return rule


def _refuse_shorter(fields: Fields, days: dict[str, int]) -> None:
    """Refuse a tier that is kept for less than what it is made of.

    Late readings would reach the finer tier, and never the coarser.

    Raises:
        FieldsInvalid: One is.
    """
    names = ("raw_days", "days_5m", "days_1h", "days_1d")
    for finer, coarser in itertools.pairwise(names):
        if (days[coarser] or math.inf) < (days[finer] or math.inf):
            fields.refuse(
                coarser, f"Keep these at least as long as {finer}; 0 is for ever."
            )
    fields.check()


@transaction.atomic
def retention_unset(
    *, organization_id: int, tag: str, at: datetime, actor_id: int | None = None
) -> None:
    """Remove a rule: what is above it holds again.

    Raises:
        RetentionRule.DoesNotExist: There is none for this tag.
    """
    RetentionRule.objects.get(organization_id=organization_id, tag=tag).delete()
    event_record(
        event_type=EventType.RETENTION_SET,
        at=at,
        organization_id=organization_id,
        user_id=actor_id,
        data={"tag": tag, "removed": True},
    )


@transaction.atomic
def hold_set(
    *,
    device_id: int,
    held: bool,
    at: datetime,
    reason: str = "",
    actor_id: int | None = None,
) -> None:
    """Keep a device's readings whatever the rules say, or no longer.

    Raises:
        Device.DoesNotExist: There is no such device.
        FieldsInvalid: The reason cannot be taken.
    """
    fields = Fields()
    reason = fields.text("reason", reason, most=REASON_MAX)
    fields.check()
    Device.objects.only("id").get(pk=device_id)
    if held:
        Hold.objects.update_or_create(
            device_id=device_id, defaults={"reason": reason, "held_at": at}
        )
    else:
        Hold.objects.filter(device_id=device_id).delete()
    event_record(
        event_type=EventType.HOLD_SET,
        at=at,
        device_id=device_id,
        user_id=actor_id,
        data={"held": held, "reason": reason},
    )
