"""How long a reading speaks, in one place for all statements."""

from django.db import migrations

SPOKEN = """
-- How long a reading speaks, s: as long as since the one before it, unless that is
-- silence; `telemetry.rollup` says when.
CREATE FUNCTION spoken_s(since interval, sampling_ms integer, hold interval)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN since <= greatest(sampling_ms * interval '2 ms', hold)
        THEN date_part('epoch', since) ELSE sampling_ms / 1000.0::float8 END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0012_begins")]
    operations = [migrations.RunSQL(SPOKEN, "DROP FUNCTION spoken_s")]
