"""Since when buckets wait to be rolled up: totals lack what came after that."""

from django.db import migrations

ADD = "ALTER TABLE telemetry_rollup_due ADD COLUMN at timestamptz NOT NULL DEFAULT now()"
DROP = "ALTER TABLE telemetry_rollup_due DROP COLUMN at"


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0014_lead")]
    operations = [migrations.RunSQL(ADD, DROP)]
