"""Times in addresses: with a zone, and in the years in which readings can be."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _plus_kept(value: Any) -> Any:
    """Read `…T12:00:00 02:00` as it was meant: an unescaped plus comes as a space."""
    if isinstance(value, str) and value[-6:-5] == " " and "T" in value:
        return f"{value[:-6]}+{value[-5:]}"
    return value


def _bounded(value: datetime) -> datetime:
    if not EARLIEST <= value <= LATEST:
        raise ValueError("choose a time from 1970 to 2200")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_plus_kept), AfterValidator(_bounded)]
