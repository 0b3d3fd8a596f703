"""Let a question of many readings use several processors."""

from django.db import migrations

FUNCTIONS = (
    "readings(integer, text, timestamptz, timestamptz)",
    "readings_begin(integer, text)",
    "readings_first(integer, text, timestamptz, timestamptz, bigint)",
    "readings_last(integer, text, timestamptz, timestamptz, bigint)",
)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0005_chunks")]
    operations = [
        migrations.RunSQL(
            f"ALTER FUNCTION {function} PARALLEL SAFE",
            f"ALTER FUNCTION {function} PARALLEL UNSAFE",
        )
        for function in FUNCTIONS
    ]
