"""Times in addresses."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from powerdash.web.moments import Moment

READ = TypeAdapter(Moment).validate_python


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T12:00:00Z", "2026-11-20T14:00:00+02:00", "2026-11-20T14:00:00 02:00"],
)
def test_it_reads_a_time_with_a_zone(text: str) -> None:
    assert READ(text) == datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T12:00:00", "yesterday", "", "1969-12-31T00:00:00Z", "9999-01-01T00Z"],
)
def test_it_refuses_other_texts(text: str) -> None:
    with pytest.raises(ValidationError):
        READ(text)
