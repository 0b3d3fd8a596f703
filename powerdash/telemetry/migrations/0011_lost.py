"""Whom a drop took something from; what is due again though nothing arrived."""

from django.db import migrations

LOST = """
ALTER TABLE telemetry_dropped ADD COLUMN newest_device_id integer;
UPDATE telemetry_dropped
    SET newest_device_id = (SELECT coalesce(max(id), 0) FROM devices);
ALTER TABLE telemetry_dropped ALTER COLUMN newest_device_id SET NOT NULL;
-- `kept`: the devices that there were and that lost nothing, for they are still kept or
-- had nothing there. Devices made later lost nothing either.
CREATE FUNCTION has_lost(gone telemetry_dropped, device integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT device <= gone.newest_device_id AND NOT device = ANY(gone.kept)
$$;
-- Retention counts from arrivals: a new heartbeat interval is none.
ALTER TABLE telemetry_rollup_due ADD COLUMN is_again boolean NOT NULL DEFAULT false;
"""
BACK = """
ALTER TABLE telemetry_rollup_due DROP COLUMN is_again;
DROP FUNCTION has_lost;
ALTER TABLE telemetry_dropped DROP COLUMN newest_device_id;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0010_begins")]
    operations = [migrations.RunSQL(LOST, BACK)]
