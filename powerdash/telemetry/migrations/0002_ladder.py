"""The rollup ladder: five minutes, hours, days, each with what energy needs."""

from django.db import migrations, models

COLUMNS = """
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
    covered_s double precision NOT NULL,
    energy_wh double precision NOT NULL,
    twa_power double precision NOT NULL,
    twa_current double precision NOT NULL,
    twa_voltage double precision NOT NULL,
    min_power_factor double precision,
    avg_power_factor double precision,
    max_power_factor double precision,
    count_power_factor integer,
    min_frequency double precision,
    avg_frequency double precision,
    max_frequency double precision,
    count_frequency integer,
    min_temperature double precision,
    avg_temperature double precision,
    max_temperature double precision,
    count_temperature integer,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, phase, bucket_start_ts)
"""

TOTALS = """
    organization_id bigint NOT NULL,
    bucket_start_ts timestamptz NOT NULL,
    count bigint NOT NULL,
    energy_wh double precision NOT NULL,
    apparent_vas double precision NOT NULL,
    volt_s double precision NOT NULL,
    covered_s double precision NOT NULL,
    PRIMARY KEY (organization_id, bucket_start_ts)
"""

# What was rolled up before had neither energy nor coverage: all of it is made anew. The
# partitions leave room in their pages, for the bucket that is still open changes often.
LADDER = f"""
DROP TABLE telemetry_rollups_5m;
CREATE TABLE telemetry_rollups_5m ({COLUMNS}) PARTITION BY RANGE (bucket_start_ts);
CREATE TABLE telemetry_rollups_1h ({COLUMNS}) PARTITION BY RANGE (bucket_start_ts);
CREATE TABLE telemetry_rollups_1d ({COLUMNS}) PARTITION BY RANGE (bucket_start_ts);

-- What all devices of an organization give together; changed by what their buckets
-- change by, in the same transaction.
CREATE TABLE telemetry_totals_5m ({TOTALS});
CREATE TABLE telemetry_totals_1h ({TOTALS});

-- The power of each organization as it was seen every ten seconds of the last day.
CREATE TABLE telemetry_load (
    organization_id bigint NOT NULL,
    at timestamptz NOT NULL,
    power_w double precision NOT NULL,
    reporting integer NOT NULL,
    PRIMARY KEY (organization_id, at)
);

-- Make the partitions of a rollup table that hold [moment]: a month of five minutes, a
-- year of hours or days.
CREATE FUNCTION telemetry_rollups_ensure(parent text, moment timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    period text := CASE WHEN parent LIKE '%5m' THEN 'month' ELSE 'year' END;
    lower timestamp := date_trunc(period, moment AT TIME ZONE 'UTC');
    name text := parent || to_char(lower,
        CASE period WHEN 'month' THEN '_YYYYMM' ELSE '_YYYY' END);
BEGIN
    IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
    PERFORM partition_attach(parent, name, lower AT TIME ZONE 'UTC',
        (lower + ('1 ' || period)::interval) AT TIME ZONE 'UTC');
    EXECUTE format('ALTER TABLE %I SET (fillfactor = 80)', name);
END $$;

INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts)
SELECT array_agg(device_id), array_agg(phase), array_agg(bucket)
FROM (
    SELECT DISTINCT device_id, phase, date_bin('5 minutes', ts, 'epoch') AS bucket
    FROM power_records
) every GROUP BY device_id;
"""

UNDO = """
DROP TABLE telemetry_rollups_5m, telemetry_rollups_1h, telemetry_rollups_1d,
    telemetry_totals_5m, telemetry_totals_1h, telemetry_load;
DROP FUNCTION telemetry_rollups_ensure;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(LADDER, UNDO)],
            state_operations=[migrations.DeleteModel("Rollup5m")],
        ),
    ]
