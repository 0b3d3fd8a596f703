"""The partitions of what is written by time."""

from datetime import datetime

from django.db import connection


def partitions_ahead(*, at: datetime, days: int = 3) -> None:
    """Make the partitions of readings and events that the next days will need."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT power_records_partition_ensure(%s + n * interval '1 day', %s)"
            " FROM generate_series(0, %s) n",
            [at, at, days],
        )
        cursor.execute(
            "SELECT events_partition_ensure(%s),"
            " events_partition_ensure(%s + interval '1 month')",
            [at, at],
        )
