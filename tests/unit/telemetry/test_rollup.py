"""Test that buckets begin and end where they should, in every zone."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.telemetry.rollup import (
    Manner,
    Run,
    Tier,
    bucket_from,
    day_of,
    days_of,
    hours_of,
    is_of_hours,
    merged,
)

START = datetime(2026, 1, 30, tzinfo=UTC)
STEP = timedelta(minutes=5)
moments = st.integers(0, 12 * 366 * 24 * 60 * 60).map(
    lambda n: datetime(1975, 1, 1, tzinfo=UTC) + timedelta(seconds=5 * n)
)
zones = st.sampled_from(sorted(zoneinfo.available_timezones())).map(ZoneInfo)


def run(device_id: int, start: int, stop: int, phase: str = "") -> Run:
    """Return a run by numbers of five minutes."""
    return Run(device_id, phase, START + start * STEP, START + stop * STEP)


@given(moments, zones)
def test_a_day_holds_the_instants_of_its_date(at: datetime, zone: ZoneInfo) -> None:
    start, stop = day_of(at, zone)
    assert start <= at < stop
    instant = timedelta(microseconds=1)
    date = at.astimezone(zone).date()
    assert start.astimezone(zone).date() == date
    assert (start - instant).astimezone(zone).date() != date
    assert (stop - instant).astimezone(zone).date() == date
    assert day_of(stop, zone)[0] == stop


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Paris", datetime(2026, 3, 29, 12, tzinfo=UTC), 23),
        ("Europe/Paris", datetime(2026, 10, 25, 12, tzinfo=UTC), 25),
        ("America/Sao_Paulo", datetime(2018, 11, 4, 12, tzinfo=UTC), 23),  # no midnight
        ("America/Havana", datetime(2025, 11, 2, 12, tzinfo=UTC), 25),  # two midnights
        ("Asia/Kathmandu", datetime(2026, 3, 29, 12, tzinfo=UTC), 24),
    ],
)
def test_a_day_has_as_many_hours_as_its_zone_gives_it(
    zone: str, day: datetime, hours: int
) -> None:
    start, stop = day_of(day, ZoneInfo(zone))
    assert stop - start == timedelta(hours=hours)


def test_a_day_is_of_hours_unless_its_zone_is_of_half_ones() -> None:
    for zone, whole in (("Europe/Paris", True), ("Asia/Kolkata", False)):
        [day] = days_of([run(1, 0, 1)], {1: Manner(ZoneInfo(zone))})
        assert is_of_hours(day) is whole


@pytest.mark.parametrize(
    ("tier", "within", "first"),
    [
        (Tier.RAW, "2026-03-28T23:07:01Z", "2026-03-28T23:07:01Z"),
        (Tier.FIVE_MINUTES, "2026-03-28T23:07:01Z", "2026-03-28T23:10:00Z"),
        (Tier.HOUR, "2026-03-28T23:07:01Z", "2026-03-29T00:00:00Z"),
        # A day of 23 hours in Berlin.
        (Tier.DAY, "2026-03-28T23:07:01Z", "2026-03-29T22:00:00Z"),
        (Tier.DAY, "2026-03-28T23:00:00Z", "2026-03-28T23:00:00Z"),
        (Tier.HOUR, "1969-12-31T23:00:00Z", "1969-12-31T23:00:00Z"),
    ],
)
def test_a_range_has_its_first_whole_bucket(
    tier: Tier, within: str, first: str
) -> None:
    at, expected = datetime.fromisoformat(within), datetime.fromisoformat(first)
    assert bucket_from(at, tier, ZoneInfo("Europe/Berlin")) == expected


def test_runs_that_touch_or_overlap_are_one() -> None:
    assert merged([run(1, 3, 4), run(1, 0, 2), run(1, 2, 3), run(1, 1, 2)]) == [
        run(1, 0, 4)
    ]
    apart = [run(1, 0, 1), run(1, 2, 3), run(2, 1, 2), run(2, 2, 3, "L1")]
    assert merged(reversed(apart)) == apart


def test_a_run_touches_its_hours_once() -> None:
    found = hours_of([run(1, 11, 13), run(1, 14, 15), run(2, 0, 1)])
    assert found == [run(1, 0, 12), run(1, 12, 24), run(2, 0, 12)]


def test_a_run_touches_its_days_once() -> None:
    found = days_of([run(1, 0, 289), run(1, 300, 301)], {})
    assert found == [run(1, 0, 288), run(1, 288, 576)]
    [first, *_] = days_of([run(7, 0, 1)], {})
    assert first.start == START


def test_each_tier_has_its_table() -> None:
    assert [tier.table for tier in Tier] == [
        "power_records",
        "telemetry_rollups_5m",
        "telemetry_rollups_1h",
        "telemetry_rollups_1d",
    ]
