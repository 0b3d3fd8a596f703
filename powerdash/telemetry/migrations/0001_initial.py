"""Readings by time, their newest, and the five-minute rollups."""

from django.db import migrations, models

TELEMETRY = """
CREATE TABLE power_records (
    ts timestamptz NOT NULL,
    current double precision NOT NULL,
    voltage double precision NOT NULL,
    power double precision NOT NULL,
    device_id integer NOT NULL,
    sampling_ms integer NOT NULL DEFAULT 1000,
    energy_wh double precision,
    power_factor real,
    frequency real,
    temperature real,
    phase text COLLATE "C" NOT NULL DEFAULT '',
    flags jsonb,
    PRIMARY KEY (device_id, phase, ts)
) PARTITION BY RANGE (ts);

-- A day's partition for what is recent; a month's for older imports, where readings are
-- few and days many, unless that month already has days.
CREATE FUNCTION power_records_partition_ensure(moment timestamptz, today timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    day timestamp := date_trunc('day', moment AT TIME ZONE 'UTC');
    month timestamp := date_trunc('month', day);
    month_end timestamp := month + interval '1 month';
    month_name text := 'power_records_' || to_char(month, 'YYYYMM');
    day_name text := 'power_records_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(month_name) IS NOT NULL OR to_regclass(day_name) IS NOT NULL THEN
        RETURN;
    END IF;
    -- Whether it is to be a day or a month is decided by one at a time.
    PERFORM pg_advisory_xact_lock(hashtext('partition_attach'));
    IF EXISTS (SELECT FROM pg_class WHERE relname IN (month_name, day_name)
        AND relnamespace = current_schema()::regnamespace) THEN RETURN; END IF;
    IF month_end < (today AT TIME ZONE 'UTC') - interval '31 days' AND NOT EXISTS (
        SELECT FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
        WHERE inhparent = 'power_records'::regclass AND c.relname LIKE month_name || '__'
    ) THEN
        PERFORM partition_attach('power_records', month_name,
            month AT TIME ZONE 'UTC', month_end AT TIME ZONE 'UTC');
    ELSE
        PERFORM partition_attach('power_records', day_name,
            day AT TIME ZONE 'UTC', (day + interval '1 day') AT TIME ZONE 'UTC');
    END IF;
END $$;

CREATE TABLE telemetry_latest (
    device_id integer NOT NULL,
    phase text COLLATE "C" NOT NULL DEFAULT '',
    ts timestamptz NOT NULL,
    current double precision NOT NULL,
    voltage double precision NOT NULL,
    power double precision NOT NULL,
    energy_wh double precision,
    power_factor real,
    frequency real,
    temperature real,
    PRIMARY KEY (device_id, phase)
) WITH (fillfactor = 50);

CREATE TABLE telemetry_rollups_5m (
    device_id integer NOT NULL,
    phase text COLLATE "C" NOT NULL DEFAULT '',
    bucket_start_ts timestamptz NOT NULL,
    min_power double precision NOT NULL,
    avg_power double precision NOT NULL,
    max_power double precision NOT NULL,
    count integer NOT NULL,
    min_current double precision NOT NULL,
    avg_current double precision NOT NULL,
    max_current double precision NOT NULL,
    min_voltage double precision NOT NULL,
    avg_voltage double precision NOT NULL,
    max_voltage double precision NOT NULL,
    min_active_power double precision NOT NULL,
    avg_active_power double precision NOT NULL,
    max_active_power double precision NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, phase, bucket_start_ts)
);

-- Which buckets have new readings: one row for each commit of readings, written in the
-- same transaction, taken by the rollup. A queue, so no reading is ever missed by it.
CREATE TABLE telemetry_rollup_due (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_ids integer[] NOT NULL,
    phases text[] NOT NULL,
    bucket_starts timestamptz[] NOT NULL
);

SELECT power_records_partition_ensure(now() + n * interval '1 day', now())
    FROM generate_series(-1, 3) n;
"""

DROP = """
DROP TABLE power_records, telemetry_latest, telemetry_rollups_5m, telemetry_rollup_due;
DROP FUNCTION power_records_partition_ensure;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("events", "0001_initial")]
    operations = [
        migrations.RunSQL(TELEMETRY, DROP),
        migrations.CreateModel(
            name='LatestReading',
            fields=[
                ('pk', models.CompositePrimaryKey('device_id', 'phase', blank=True, editable=False, primary_key=True, serialize=False)),
                ('device_id', models.IntegerField()),
                ('phase', models.TextField()),
                ('ts', models.DateTimeField()),
                ('current', models.FloatField()),
                ('voltage', models.FloatField()),
                ('power', models.FloatField()),
                ('power_factor', models.FloatField(null=True)),
                ('frequency', models.FloatField(null=True)),
                ('temperature', models.FloatField(null=True)),
                ('energy_wh', models.FloatField(null=True)),
            ],
            options={
                'db_table': 'telemetry_latest',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='PowerRecord',
            fields=[
                ('pk', models.CompositePrimaryKey('device_id', 'phase', 'ts', blank=True, editable=False, primary_key=True, serialize=False)),
                ('device_id', models.IntegerField()),
                ('ts', models.DateTimeField()),
                ('current', models.FloatField()),
                ('voltage', models.FloatField()),
                ('power', models.FloatField()),
                ('sampling_ms', models.IntegerField(default=1000)),
                ('power_factor', models.FloatField(null=True)),
                ('frequency', models.FloatField(null=True)),
                ('temperature', models.FloatField(null=True)),
                ('energy_wh', models.FloatField(null=True)),
                ('phase', models.TextField(default='')),
                ('flags', models.JSONField(null=True)),
            ],
            options={
                'db_table': 'power_records',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Rollup5m',
            fields=[
                ('pk', models.CompositePrimaryKey('device_id', 'phase', 'bucket_start_ts', blank=True, editable=False, primary_key=True, serialize=False)),
                ('device_id', models.IntegerField()),
                ('phase', models.TextField()),
                ('bucket_start_ts', models.DateTimeField()),
                ('min_power', models.FloatField()),
                ('avg_power', models.FloatField()),
                ('max_power', models.FloatField()),
                ('count', models.IntegerField()),
                ('min_current', models.FloatField()),
                ('avg_current', models.FloatField()),
                ('max_current', models.FloatField()),
                ('min_voltage', models.FloatField()),
                ('avg_voltage', models.FloatField()),
                ('max_voltage', models.FloatField()),
                ('min_active_power', models.FloatField()),
                ('avg_active_power', models.FloatField()),
                ('max_active_power', models.FloatField()),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'telemetry_rollups_5m',
                'managed': False,
            },
        ),
    ]
