"""Since when each phase reports: before that no reading of it is expected."""

from django.db import migrations

BEGINS = """
-- The first reading ever of each device and phase, as the rollup came upon it. It stays
-- when retention takes that reading.
CREATE TABLE telemetry_begins (
    device_id integer NOT NULL,
    phase text COLLATE "C" NOT NULL DEFAULT '',
    ts timestamptz NOT NULL,
    PRIMARY KEY (device_id, phase)
);
INSERT INTO telemetry_begins
SELECT device_id, phase, least(ts, readings_begin(device_id, phase),
    (SELECT min(bucket_start_ts) FROM telemetry_rollups_5m b
        WHERE b.device_id = l.device_id AND b.phase = l.phase))
FROM telemetry_latest l;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0009_days")]
    operations = [migrations.RunSQL(BEGINS, "DROP TABLE telemetry_begins")]
