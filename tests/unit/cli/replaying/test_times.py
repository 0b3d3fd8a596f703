"""Time stamps of files: formats, zones, and the hour that comes twice."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from powerdash.cli.replaying.times import TimeReader, TimeUnreadable, ZoneInvalid, zone

CET = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "hours"),
    [("+01:00", 1), ("-0330", -3.5), ("UTC+2", 2), ("UTC", 0), ("z", 0)],
)
def test_a_zone_may_be_an_offset(text: str, hours: float) -> None:
    assert zone(text).utcoffset(None) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["Mars/Olympus", "", "+25:00", "../../etc/passwd"])
def test_what_is_no_zone_is_refused(text: str) -> None:
    with pytest.raises(ZoneInvalid, match="--timezone"):
        zone(text)


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        (
            "%d/%m/%Y %H:%M:%S",
            "1/2/2007 03:04:05",
            datetime(2007, 2, 1, 3, 4, 5, tzinfo=CET),
        ),
        (
            "%d/%m/%Y %H:%M:%S",
            "1/2/2007 3:4:5",
            datetime(2007, 2, 1, 3, 4, 5, tzinfo=CET),
        ),
        (
            "%Y-%m-%dT%H:%M",
            "2019-06-25T13:06",
            datetime(2019, 6, 25, 13, 6, tzinfo=CET),
        ),
        (
            "%Y-%m-%d %H %M %S.%f",
            "2022-09-07 15 21 08.834",
            datetime(2022, 9, 7, 15, 21, 8, 834000, tzinfo=CET),
        ),
        ("iso", "2026-01-31", datetime(2026, 1, 31, tzinfo=CET)),
    ],
)
def test_it_reads_a_format_in_the_zone_given(
    form: str, text: str, expected: datetime
) -> None:
    at = TimeReader([form], CET).read(text)
    assert at == expected
    assert at.utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("iso", "2026-01-31T12:00:00Z"),
        ("iso", "2026-01-31T14:00:00+02:00"),
        ("unix", "1769860800"),
        ("unix_ms", "1769860800000"),
        ("unix_us", "1769860800000000"),
    ],
)
def test_an_offset_in_the_stamp_wins_over_the_zone(form: str, text: str) -> None:
    reader = TimeReader([form], zone("Asia/Tokyo"))
    assert reader.read(text) == datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_it_tries_several_formats() -> None:
    reader = TimeReader(["%d.%m.%Y %H:%M:%S", "iso"], UTC)
    for _ in range(2):
        assert reader.read("2026-01-31T12:00:00").month == 1
        assert reader.read("31.01.2026 12:00:00").month == 1


@pytest.mark.parametrize("text", ["", "31/31/2007 00:00:00", "noon", "1/2/2007"])
def test_it_says_which_time_it_cannot_read(text: str) -> None:
    with pytest.raises(TimeUnreadable, match=f"time '{text}'"):
        TimeReader(["%d/%m/%Y %H:%M:%S"], UTC).read(text)


def test_the_hour_that_comes_twice_is_read_in_order() -> None:
    reader = TimeReader(["iso"], zone("Europe/Paris"))
    texts = ["02:00", "02:30", "02:59", "02:00", "02:30", "02:59", "03:00"]
    times = [reader.read(f"2026-10-25T{text}") for text in texts]
    minutes = [(at - times[0]).total_seconds() / 60 for at in times]
    assert minutes == [0, 30, 59, 60, 90, 119, 120]
