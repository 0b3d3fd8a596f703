"""Closed days by column: chunks of readings, and one way to read rows and chunks."""

from django.db import migrations, models

CHUNKS = """
-- Readings of a device and phase by column, in order of time; all optional columns are
-- NULL where no reading has them, `power` where it is current times voltage throughout.
-- Chunks of a partition do not overlap, and no reading is in a chunk and in a row.
CREATE TABLE power_chunks (
    device_id integer NOT NULL,
    count integer NOT NULL,
    first_ts timestamptz NOT NULL,
    last_ts timestamptz NOT NULL,
    phase text COLLATE "C" NOT NULL DEFAULT '',
    ts timestamptz[] NOT NULL,
    current double precision[] NOT NULL,
    voltage double precision[] NOT NULL,
    power double precision[],
    sampling_ms integer[] NOT NULL,
    energy_wh double precision[],
    power_factor real[],
    frequency real[],
    temperature real[],
    flags jsonb[],
    PRIMARY KEY (device_id, phase, first_ts)
) PARTITION BY RANGE (first_ts);

-- Readings in [since, until), wherever they are. A chunk is within one partition, of a
-- month at most: none that began in an earlier month reaches past `since`.
CREATE FUNCTION readings(
    of_device integer, of_phase text, since timestamptz, until timestamptz
) RETURNS SETOF power_records LANGUAGE sql STABLE AS $$
    SELECT p.* FROM power_records p
    WHERE p.device_id = of_device AND p.phase = of_phase
        AND p.ts >= since AND p.ts < until
    UNION ALL
    SELECT r.ts, r.current, r.voltage, coalesce(r.power, r.current * r.voltage),
        c.device_id, r.sampling_ms, r.energy_wh, r.power_factor, r.frequency,
        r.temperature, c.phase, r.flags
    FROM power_chunks c CROSS JOIN LATERAL unnest(c.ts, c.current, c.voltage, c.power,
        c.sampling_ms, c.energy_wh, c.power_factor, c.frequency, c.temperature, c.flags)
        AS r (ts, current, voltage, power, sampling_ms, energy_wh, power_factor,
            frequency, temperature, flags)
    WHERE c.device_id = of_device AND c.phase = of_phase AND c.last_ts >= since
        AND c.first_ts >= date_trunc('month', since AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
        AND c.first_ts < until AND r.ts >= since AND r.ts < until
$$;

-- When they begin; NULL without any.
CREATE FUNCTION readings_begin(of_device integer, of_phase text) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT least(
        (SELECT p.ts FROM power_records p
            WHERE p.device_id = of_device AND p.phase = of_phase ORDER BY p.ts LIMIT 1),
        (SELECT c.first_ts FROM power_chunks c
            WHERE c.device_id = of_device AND c.phase = of_phase
            ORDER BY c.first_ts LIMIT 1))
$$;

-- The first `most` of them. A chunk counts at its last reading, so that no more chunks
-- are opened than are needed.
CREATE FUNCTION readings_first(of_device integer, of_phase text, since timestamptz,
    until timestamptz, most bigint
) RETURNS SETOF power_records LANGUAGE sql STABLE AS $$
    SELECT r.* FROM (
        SELECT max(at) AS at FROM (
            SELECT at, sum(count) OVER (ORDER BY at) - count AS before FROM (
                (SELECT p.ts AS at, 1 AS count FROM power_records p
                WHERE p.device_id = of_device AND p.phase = of_phase
                    AND p.ts >= since AND p.ts < until
                ORDER BY p.ts LIMIT most)
                UNION ALL
                (SELECT c.last_ts, CASE WHEN c.first_ts >= since THEN c.count ELSE 0 END
                FROM power_chunks c
                WHERE c.device_id = of_device AND c.phase = of_phase
                    AND c.last_ts >= since AND c.first_ts < until
                    AND c.first_ts >= date_trunc('month', since AT TIME ZONE 'UTC')
                        AT TIME ZONE 'UTC'
                ORDER BY c.first_ts LIMIT most)
            ) part
        ) counted WHERE before < most
    ) enough
    CROSS JOIN LATERAL readings(of_device, of_phase, since,
        least(until, enough.at + interval '1 microsecond')) r
    ORDER BY r.ts LIMIT most
$$;

-- The last `most` of them, the newest first; a chunk counts at its first reading.
CREATE FUNCTION readings_last(of_device integer, of_phase text, since timestamptz,
    until timestamptz, most bigint
) RETURNS SETOF power_records LANGUAGE sql STABLE AS $$
    SELECT r.* FROM (
        SELECT min(at) AS at FROM (
            SELECT at, sum(count) OVER (ORDER BY at DESC) - count AS after FROM (
                (SELECT p.ts AS at, 1 AS count FROM power_records p
                WHERE p.device_id = of_device AND p.phase = of_phase
                    AND p.ts >= since AND p.ts < until
                ORDER BY p.ts DESC LIMIT most)
                UNION ALL
                (SELECT c.first_ts, CASE WHEN c.last_ts < until THEN c.count ELSE 0 END
                FROM power_chunks c
                WHERE c.device_id = of_device AND c.phase = of_phase
                    AND c.last_ts >= since AND c.first_ts < until
                    AND c.first_ts >= date_trunc('month', since AT TIME ZONE 'UTC')
                        AT TIME ZONE 'UTC'
                ORDER BY c.first_ts DESC LIMIT most)
            ) part
        ) counted WHERE after < most
    ) enough
    CROSS JOIN LATERAL readings(of_device, of_phase, greatest(since, enough.at), until) r
    ORDER BY r.ts DESC LIMIT most
$$;
"""

# Rows that come late for a day of chunks get a partition of the same bounds.
ENSURE = """
CREATE OR REPLACE FUNCTION power_records_partition_ensure(
    moment timestamptz, today timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    day timestamp := date_trunc('day', moment AT TIME ZONE 'UTC');
    month timestamp := date_trunc('month', day);
    month_end timestamp := month + interval '1 month';
    of_month text := to_char(month, 'YYYYMM');
    of_day text := to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass('power_records_' || of_month) IS NOT NULL
        OR to_regclass('power_records_' || of_day) IS NOT NULL
    THEN
        RETURN;
    END IF;
    -- Whether it is to be a day or a month is decided by one at a time.
    PERFORM pg_advisory_xact_lock(hashtext('partition_attach'));
    IF EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace
        AND relname IN ('power_records_' || of_month, 'power_records_' || of_day))
    THEN RETURN; END IF;
    IF EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace
            AND relname = 'power_chunks_' || of_month)
        OR month_end < (today AT TIME ZONE 'UTC') - interval '31 days' AND NOT EXISTS (
            SELECT FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
            WHERE inhparent IN ('power_records'::regclass, 'power_chunks'::regclass)
                AND c.relname LIKE '%\\_' || of_month || '__')
    THEN
        PERFORM partition_attach('power_records', 'power_records_' || of_month,
            month AT TIME ZONE 'UTC', month_end AT TIME ZONE 'UTC');
    ELSE
        PERFORM partition_attach('power_records', 'power_records_' || of_day,
            day AT TIME ZONE 'UTC', (day + interval '1 day') AT TIME ZONE 'UTC');
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0004_rejections")]
    operations = [
        migrations.RunSQL(CHUNKS + ENSURE),
    ]
