"""Readings and what is made of them.

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


class Rollup5m(models.Model):
    """Five minutes of one device and phase. Source: specification, "Rollups Table".

    Active power (W) is power times the power factor, where one is known; it is ours.
    """

    pk = models.CompositePrimaryKey("device_id", "phase", "bucket_start_ts")
    device_id = models.IntegerField()
    phase = models.TextField()
    bucket_start_ts = models.DateTimeField()
    min_power = models.FloatField()
    avg_power = models.FloatField()
    max_power = models.FloatField()
    count = models.IntegerField()
    min_current = models.FloatField()
    avg_current = models.FloatField()
    max_current = models.FloatField()
    min_voltage = models.FloatField()
    avg_voltage = models.FloatField()
    max_voltage = models.FloatField()
    min_active_power = models.FloatField()
    avg_active_power = models.FloatField()
    max_active_power = models.FloatField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "telemetry_rollups_5m"
        managed = False

    def __str__(self) -> str:
        return f"device {self.device_id} {self.phase} {self.bucket_start_ts}"
