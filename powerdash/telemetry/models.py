"""Readings, and the newest of them. Rollups have no models: only SQL speaks of them.

Keyed by `device_id` first, without foreign keys or triggers (the rules that let the
tables be distributed later); the schema is SQL, in the migrations.
"""

from django.db import models


class PowerRecord(models.Model):
    """One reading. Its key is (device_id, phase, ts), so a retry counts once.

    Attributes:
        current: A. voltage: V. power: current times voltage, W or VA.
        energy_wh: The meter's own register, Wh.
        flags: What else the device said, and quality marks.
    """

    pk = models.CompositePrimaryKey("device_id", "phase", "ts")
    device_id = models.IntegerField()
    ts = models.DateTimeField()
    current = models.FloatField()
    voltage = models.FloatField()
    power = models.FloatField()
    sampling_ms = models.IntegerField(default=1000)
    power_factor = models.FloatField(null=True)
    frequency = models.FloatField(null=True)
    temperature = models.FloatField(null=True)
    energy_wh = models.FloatField(null=True)
    phase = models.TextField(default="")
    flags = models.JSONField(null=True)

    class Meta:
        db_table = "power_records"
        managed = False

    def __str__(self) -> str:
        return f"device {self.device_id} {self.phase} {self.ts}: {self.power} W"


class LatestReading(models.Model):
    """The newest reading of each device and phase; written at most once a second."""

    pk = models.CompositePrimaryKey("device_id", "phase")
    device_id = models.IntegerField()
    phase = models.TextField()
    ts = models.DateTimeField()
    current = models.FloatField()
    voltage = models.FloatField()
    power = models.FloatField()
    power_factor = models.FloatField(null=True)
    frequency = models.FloatField(null=True)
    temperature = models.FloatField(null=True)
    energy_wh = models.FloatField(null=True)

    class Meta:
        db_table = "telemetry_latest"
        managed = False

    def __str__(self) -> str:
        return f"device {self.device_id} {self.phase} {self.ts}: {self.power} W"


class RetentionRule(models.Model):
    """How long an organization's readings and rollups are kept, days; 0 is for ever.

    Attributes:
        tag: For the devices that have it; empty for all the others.
    """

    organization_id = models.BigIntegerField()
    tag = models.CharField(max_length=60, blank=True)
    raw_days = models.IntegerField()
    days_5m = models.IntegerField()
    days_1h = models.IntegerField()
    days_1d = models.IntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "telemetry_retention"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "tag"], name="telemetry_retention_once"
            )
        ]

    def __str__(self) -> str:
        return f"organization {self.organization_id} {self.tag}: {self.raw_days} d"


class Hold(models.Model):
    """A device whose readings may not go, for a dispute or an audit."""

    device_id = models.IntegerField(primary_key=True)
    reason = models.CharField(max_length=200, blank=True)
    held_at = models.DateTimeField()

    class Meta:
        db_table = "telemetry_holds"

    def __str__(self) -> str:
        return f"device {self.device_id}: {self.reason}"


class Arrivals(models.Model):
    """How a device's readings arrive; the data plane adds to it each second.

    Attributes:
        late: Readings that came more than `reading.LATE` after their time.
        lateness_s: Of the newest reading. max_lateness_s: Of any so far.
    """

    device_id = models.IntegerField(primary_key=True)
    last_reading_at = models.DateTimeField(null=True)
    last_arrival_at = models.DateTimeField(null=True)
    accepted = models.BigIntegerField()
    duplicates = models.BigIntegerField()
    refused = models.BigIntegerField()
    late = models.BigIntegerField()
    lateness_s = models.FloatField()
    max_lateness_s = models.FloatField()

    class Meta:
        db_table = "telemetry_arrivals"
        managed = False

    def __str__(self) -> str:
        return f"device {self.device_id}: {self.accepted} accepted"


class Rejection(models.Model):
    """A reading that could not be stored: a sample of them, without secrets.

    Attributes:
        errors: Why, by field. payload: What was sent, as JSON, cut to size.
    """

    at = models.DateTimeField()
    organization_id = models.BigIntegerField()
    device_id = models.IntegerField()
    errors = models.JSONField()
    payload = models.TextField()
    replayed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ingest_rejections"
        managed = False

    def __str__(self) -> str:
        return f"device {self.device_id} {self.at}"
