"""Where a day begins, where clocks repeat midnight too."""

from django.db import migrations

DAY_START = """
-- The first instant of a local day, as `telemetry.rollup.day_of` has it: of two midnights
-- the first, where AT TIME ZONE takes the second.
CREATE FUNCTION day_start(day timestamp, zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN (day AT TIME ZONE zone - interval '1 hour') AT TIME ZONE zone >= day
        THEN day AT TIME ZONE zone - interval '1 hour' ELSE day AT TIME ZONE zone END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0008_late")]
    operations = [migrations.RunSQL(DAY_START, "DROP FUNCTION day_start")]
