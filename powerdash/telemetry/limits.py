"""What is believable of a reading, by the settings."""

from datetime import datetime, timedelta

from powerdash import settings
from powerdash.telemetry.reading import Limits


def limits_at(at: datetime) -> Limits:
    """Return what is believable at this time, by the settings."""
    return Limits(
        current_a=settings.INGEST_MAX_CURRENT_A,
        voltage_v=settings.INGEST_MAX_VOLTAGE_V,
        oldest=at - timedelta(days=settings.INGEST_WINDOW_DAYS),
        newest=at + timedelta(seconds=settings.INGEST_FUTURE_SECONDS),
    )
