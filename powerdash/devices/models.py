"""Devices and meters."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from powerdash.accounts.models import Organization, User
from powerdash.devices.status import DeviceStatus


class Device(models.Model):
    """A device or meter that sends readings. Source: specification, "Device Model".

    Attributes:
        user: The responsible person; the owner is the organization.
        heartbeat_interval_s: Silence longer than this takes it offline, seconds.
        last_seen_at: When it was last heard; written at most once a second.
        check_at: When the sweep must next look at it; only while online. Moved by the
            sweep, not by readings, so that a reading touches no index.
    """

    id = models.AutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="devices"
    )
    user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="devices"
    )
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=140)
    status = models.CharField(
        max_length=20,
        choices=[(s.value, s.value) for s in DeviceStatus],
        default=DeviceStatus.OFFLINE,
    )
    status_changed_at = models.DateTimeField()
    secret_hash = models.CharField(max_length=64)
    firmware = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=120, blank=True)
    location = models.CharField(max_length=200, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    heartbeat_interval_s = models.IntegerField()
    last_seen_at = models.DateTimeField(null=True)
    check_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "devices"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "slug"], name="devices_slug_once"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=[s.value for s in DeviceStatus]),
                name="devices_status",
            ),
            models.CheckConstraint(
                condition=models.Q(heartbeat_interval_s__gte=1),
                name="devices_heartbeat_interval",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "name", "id"], name="devices_by_name"),
            models.Index(
                fields=["check_at"],
                condition=models.Q(status=DeviceStatus.ONLINE),
                name="devices_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name
