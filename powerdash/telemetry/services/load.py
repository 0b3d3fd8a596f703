"""The power of every organization, recorded as it is seen."""

from datetime import UTC, datetime

from django.db import connection

from powerdash.telemetry.sql import QUERIES

LOAD_EVERY_S = 10


def load_record(*, at: datetime) -> None:
    """Record what every organization takes now; forget what is over a day old.

    Several at once are harmless: times are whole steps of `LOAD_EVERY_S`.
    """
    step = int(at.timestamp()) // LOAD_EVERY_S * LOAD_EVERY_S
    with connection.cursor() as cursor:
        moment = {"at": datetime.fromtimestamp(step, UTC)}
        cursor.execute(QUERIES["load_record"], moment)
        cursor.execute(QUERIES["load_forget"], moment)
