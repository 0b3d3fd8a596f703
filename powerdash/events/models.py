"""The append-only record and its outbox."""

from django.db import models


class Event(models.Model):
    """Something that happened. Never changed, never deleted: a trigger refuses both.

    The table is partitioned by month of `at`; pruning drops partitions. It carries no
    foreign keys, for the record outlives what it speaks of.
    """

    at = models.DateTimeField()
    type = models.CharField(max_length=40)  # an EventType
    organization_id = models.BigIntegerField(null=True)
    device_id = models.IntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "events"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.type}"


class OutboxEntry(models.Model):
    """An event that others must still hear of; the relay deletes it once they have."""

    event_id = models.BigIntegerField()
    topic = models.CharField(max_length=40)
    payload = models.JSONField()

    class Meta:
        db_table = "outbox"

    def __str__(self) -> str:
        return f"{self.topic} of event {self.event_id}"
