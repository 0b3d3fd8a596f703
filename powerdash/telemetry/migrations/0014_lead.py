"""For how long before itself a bucket speaks: totals give each time its power."""

from django.db import migrations

TABLES = ("telemetry_rollups_5m", "telemetry_rollups_1h", "telemetry_rollups_1d")
ADD = "".join(
    f"ALTER TABLE {table} ADD COLUMN lead_s double precision NOT NULL DEFAULT 0;\n"
    for table in TABLES
)
DROP = "".join(f"ALTER TABLE {table} DROP COLUMN lead_s;\n" for table in TABLES)

LEAD = f"""
{ADD}
-- The five minutes for which a bucket of five minutes speaks, and which part of what it
-- tells is theirs: `lead_s` of the `covered_s` are before it.
CREATE FUNCTION spoken_in(start timestamptz, lead_s double precision,
    covered_s double precision)
RETURNS TABLE (at timestamptz, part double precision)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 2 AS $$
    SELECT start - back * interval '5 minutes', CASE back
        WHEN 0 THEN greatest(0, 1 - lead_s / covered_s)
        ELSE least(300, lead_s - 300 * (back - 1)) / covered_s END
    FROM generate_series(0, ceil(lead_s / 300)::int) back
$$;
-- What there is gave all to its own five minutes.
INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts, is_again)
SELECT array_agg(device_id), array_agg(phase), array_agg(bucket_start_ts), true
FROM telemetry_rollups_5m GROUP BY device_id, date_trunc('month', bucket_start_ts);
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0013_spoken")]
    operations = [migrations.RunSQL(LEAD, f"DROP FUNCTION spoken_in; {DROP}")]
