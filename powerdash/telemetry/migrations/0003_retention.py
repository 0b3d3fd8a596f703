"""How long what is kept, what may not go, and what went."""

from django.db import migrations, models

DROPPED = """
-- When readings of a day last arrived: an import of old days is new, whatever their date.
CREATE TABLE telemetry_arrival_days (
    day timestamptz PRIMARY KEY,
    last_arrival_at timestamptz NOT NULL
);
INSERT INTO telemetry_arrival_days
SELECT DISTINCT date_trunc('day', ts AT TIME ZONE 'UTC') AT TIME ZONE 'UTC', now()
FROM power_records;

-- What retention took away: the range, and whose rows it left.
CREATE TABLE telemetry_dropped (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tier text NOT NULL,
    lower timestamptz NOT NULL,
    upper timestamptz NOT NULL,
    kept integer[] NOT NULL,
    dropped_at timestamptz NOT NULL
);
CREATE INDEX telemetry_dropped_range ON telemetry_dropped (tier, upper);
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0002_ladder")]
    operations = [
        migrations.RunSQL(
            DROPPED, "DROP TABLE telemetry_arrival_days, telemetry_dropped"
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organization_id", models.BigIntegerField()),
                ("tag", models.CharField(blank=True, max_length=60)),
                ("raw_days", models.IntegerField()),
                ("days_5m", models.IntegerField()),
                ("days_1h", models.IntegerField()),
                ("days_1d", models.IntegerField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "telemetry_retention",
                "constraints": [
                    models.UniqueConstraint(fields=("organization_id", "tag"), name="telemetry_retention_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("device_id", models.IntegerField(primary_key=True, serialize=False)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("held_at", models.DateTimeField()),
            ],
            options={"db_table": "telemetry_holds"},
        ),
    ]
