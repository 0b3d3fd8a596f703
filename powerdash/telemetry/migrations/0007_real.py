"""Keep the least and greatest of four-byte quantities in four bytes, as readings do."""

from django.db import migrations

TABLES = ("telemetry_rollups_5m", "telemetry_rollups_1h", "telemetry_rollups_1d")
COLUMNS = [
    f"{what}_{of}"
    for of in ("power_factor", "frequency", "temperature")
    for what in ("min", "max")
]


def altered(table: str, kind: str) -> str:
    changes = ", ".join(f"ALTER {column} TYPE {kind}" for column in COLUMNS)
    return f"ALTER TABLE {table} {changes}"


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0006_parallel")]
    operations = [
        migrations.RunSQL(altered(table, "real"), altered(table, "double precision"))
        for table in TABLES
    ]
