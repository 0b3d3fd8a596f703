"""What devices sent that could not be stored, and how punctual they are."""

from django.db import migrations, models

ARRIVALS = """
-- How a device's readings arrive; added to each second.
CREATE TABLE telemetry_arrivals (
    device_id integer PRIMARY KEY,
    last_reading_at timestamptz,
    last_arrival_at timestamptz,
    accepted bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0,
    lateness_s double precision NOT NULL DEFAULT 0,
    max_lateness_s double precision NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE ingest_rejections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    organization_id bigint NOT NULL,
    device_id integer NOT NULL,
    errors jsonb NOT NULL,
    payload text NOT NULL,
    replayed_at timestamptz
);
CREATE INDEX ingest_rejections_newest ON ingest_rejections (organization_id, id DESC);
CREATE INDEX ingest_rejections_of_device ON ingest_rejections (device_id, id DESC);
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0003_retention")]
    operations = [
        migrations.RunSQL(ARRIVALS, "DROP TABLE telemetry_arrivals, ingest_rejections"),
        migrations.CreateModel(
            name="Rejection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("organization_id", models.BigIntegerField()),
                ("device_id", models.IntegerField()),
                ("errors", models.JSONField()),
                ("payload", models.TextField()),
                ("replayed_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "ingest_rejections", "managed": False},
        ),
        migrations.CreateModel(
            name="Arrivals",
            fields=[
                ("device_id", models.IntegerField(primary_key=True, serialize=False)),
                ("last_reading_at", models.DateTimeField(null=True)),
                ("last_arrival_at", models.DateTimeField(null=True)),
                ("accepted", models.BigIntegerField()),
                ("duplicates", models.BigIntegerField()),
                ("refused", models.BigIntegerField()),
                ("late", models.BigIntegerField()),
                ("lateness_s", models.FloatField()),
                ("max_lateness_s", models.FloatField()),
            ],
            options={"db_table": "telemetry_arrivals", "managed": False},
        ),
    ]
