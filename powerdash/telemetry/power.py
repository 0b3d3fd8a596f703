"""The power of devices now, as a column of their list."""

from datetime import datetime, timedelta

from django.db.models import DateTimeField, F, FloatField, OuterRef, Subquery, Sum
from django.db.models.expressions import CombinedExpression, Value
from django.db.models.fields import DurationField
from django.db.models.functions import Coalesce

from powerdash.telemetry.models import LatestReading


def device_power(*, at: datetime) -> Subquery:
    """Return a device's active power now, W: the sum over its phases.

    Null for a device that was not heard within its heartbeat interval, as in `summary`.
    """
    silence = CombinedExpression(
        OuterRef("heartbeat_interval_s"),
        "*",
        Value(timedelta(seconds=1)),
        output_field=DurationField(),
    )
    since = CombinedExpression(
        Value(at, output_field=DateTimeField()),
        "-",
        silence,
        output_field=DateTimeField(),
    )
    return Subquery(
        LatestReading.objects.filter(device_id=OuterRef("pk"), ts__gt=since)
        .values("device_id")
        .annotate(power_w=Sum(F("power") * Coalesce(F("power_factor"), 1.0)))
        .values("power_w"),
        output_field=FloatField(),
    )
