"""Time zones by their IANA names."""

from functools import cache
from zoneinfo import available_timezones

# Names of the database that are no place's zone: the machine's own, and none.
_NONE = {"Factory", "localtime"}


def is_zone(name: str) -> bool:
    """Tell whether `name` is a zone, such as Europe/Berlin."""
    return name in _zones()


@cache  # found by looking through folders
def _zones() -> set[str]:
    return available_timezones() - _NONE
