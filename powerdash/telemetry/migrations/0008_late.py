"""Ask in one round trip what is to be known before late readings are written."""

from django.db import migrations

LATE = """
-- Which of these readings, in their order, are in the chunks of closed days; the others'
-- partitions are made. Until the transaction ends no day is compressed, nor its partition
-- of rows dropped.
CREATE FUNCTION readings_late(device_ids integer[], phases text[], times timestamptz[],
    today timestamptz
) RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
    closed boolean[];
BEGIN
    LOCK TABLE ONLY power_records IN ROW EXCLUSIVE MODE;
    closed := ARRAY(
        WITH given AS (
            SELECT * FROM unnest(device_ids, phases, times) WITH ORDINALITY
                AS r (device_id, phase, ts, number)
        ), touched AS (
            SELECT DISTINCT c.device_id, c.phase, c.first_ts FROM given r
            JOIN power_chunks c ON c.device_id = r.device_id AND c.phase = r.phase
                AND c.first_ts <= r.ts AND c.last_ts >= r.ts
                AND c.first_ts >= date_trunc('month', r.ts AT TIME ZONE 'UTC')
                    AT TIME ZONE 'UTC'
        ), stored AS (
            SELECT c.device_id, c.phase, unnest(c.ts) AS ts
            FROM touched JOIN power_chunks c USING (device_id, phase, first_ts)
        )
        SELECT stored.ts IS NOT NULL
        FROM given LEFT JOIN stored USING (device_id, phase, ts) ORDER BY number
    );
    PERFORM power_records_partition_ensure(day, today) FROM (
        SELECT DISTINCT date_trunc('day', r.ts, 'UTC') AS day
        FROM unnest(times, closed) AS r (ts, is_closed) WHERE NOT is_closed
    ) open;
    RETURN closed;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0007_real")]
    operations = [migrations.RunSQL(LATE, "DROP FUNCTION readings_late")]
