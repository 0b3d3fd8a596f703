"""Indexes of what is notable: `ingest.accepted` is most of the record."""

from django.db import migrations

INDEXES = """
CREATE INDEX events_notable ON events (organization_id, at DESC, id DESC)
    WHERE type <> 'ingest.accepted';
CREATE INDEX events_notable_by_device ON events (device_id, at DESC, id DESC)
    WHERE device_id IS NOT NULL AND type <> 'ingest.accepted';
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [
        migrations.RunSQL(INDEXES, "DROP INDEX events_notable, events_notable_by_device")
    ]
