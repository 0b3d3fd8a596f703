"""Since when phases report of which only hours or days are left."""

from django.db import migrations

# A day's bucket begins before its first reading: it tells more than an hour does only
# where it was over before that began.
BEGINS = """
UPDATE telemetry_begins b SET ts = first.at FROM (
    SELECT l.device_id, l.phase, CASE WHEN h.start <= d.start + interval '25 hours'
        THEN h.start ELSE least(h.start, d.start) END AS at
    FROM telemetry_latest l
    CROSS JOIN LATERAL (
        SELECT min(bucket_start_ts) AS start FROM telemetry_rollups_1h r
        WHERE r.device_id = l.device_id AND r.phase = l.phase
    ) h
    CROSS JOIN LATERAL (
        SELECT min(bucket_start_ts) AS start FROM telemetry_rollups_1d r
        WHERE r.device_id = l.device_id AND r.phase = l.phase
    ) d
) first
WHERE b.device_id = first.device_id AND b.phase = first.phase
    AND first.at + interval '25 hours' < b.ts
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0011_lost")]
    operations = [migrations.RunSQL(BEGINS, migrations.RunSQL.noop)]
