"""Test that a reading is checked and becomes its row."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.telemetry.reading import (
    FLAGS_MAX,
    Limits,
    Reading,
    ReadingRefused,
    Sample,
    reading_of,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LIMITS = Limits(
    100_000, 1_000_000, NOW - timedelta(days=365), NOW + timedelta(minutes=5)
)


def row(**given: object) -> Reading:
    values: dict[str, object] = {"ts": NOW, "current": 5.0, "voltage": 230.0, **given}
    return reading_of(Sample(**values), device_id=7, limits=LIMITS)  # type: ignore[arg-type]


def refusal(**given: object) -> dict[str, list[str]]:
    with pytest.raises(ReadingRefused) as caught:
        row(**given)
    return caught.value.errors


def flags(reading: Reading) -> dict[str, object]:
    assert reading.flags is not None
    found: dict[str, object] = msgspec.json.decode(reading.flags)
    return found


@given(st.floats(0, 100_000), st.floats(0, 1_000_000))
def test_power_is_current_times_voltage(current: float, voltage: float) -> None:
    assert row(current=current, voltage=voltage).power == current * voltage


@pytest.mark.parametrize("field", ["current", "voltage"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-0.001, "must not be negative"),
        (float("nan"), "must be a finite number"),
        (float("inf"), "must be a finite number"),
        (1e9, "must be at most"),
    ],
)
def test_an_impossible_quantity_is_refused(field: str, value: float, said: str) -> None:
    errors = refusal(**{field: value})
    assert list(errors) == [field]
    assert said in errors[field][0]


@pytest.mark.parametrize(
    ("ts", "said"),
    [
        (NOW.replace(tzinfo=None), "offset"),
        (NOW + timedelta(minutes=5, seconds=1), "future"),
        (NOW - timedelta(days=366), "too old"),
    ],
)
def test_an_impossible_time_is_refused(ts: datetime, said: str) -> None:
    assert said in refusal(ts=ts)["ts"][0]


def test_the_ends_of_the_window_are_accepted() -> None:
    assert row(ts=LIMITS.oldest).ts == LIMITS.oldest
    assert row(ts=LIMITS.newest).ts == LIMITS.newest


def test_every_mistake_is_named_at_once() -> None:
    assert set(refusal(current=-1.0, voltage=-1.0, ts=NOW + timedelta(days=1))) == {
        "ts",
        "current",
        "voltage",
    }


def test_known_attributes_become_columns() -> None:
    reading = row(
        attributes={
            "phase": "L1",
            "sample_ms": 500,
            "power_factor": -0.97,
            "frequency": 50.02,
            "temperature": 41,
            "energy_wh": 12345.5,
        }
    )
    assert reading.phase == "L1"
    assert reading.sampling_ms == 500
    assert reading[7:] == (-0.97, 50.02, 41.0, 12345.5, None)


def test_without_attributes_the_defaults_hold() -> None:
    assert row()[5:] == (1150.0, 1000, None, None, None, None, None)
    assert row().phase == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("power_factor", 1.89),  # seen from real meters
        ("power_factor", "0.9"),
        ("frequency", -1),
        ("temperature", 99_999),
        ("sample_ms", 0),
        ("sample_ms", 1.5),
        ("energy_wh", True),
    ],
)
def test_an_attribute_out_of_range_is_kept_with_a_quality_mark(
    name: str, value: object
) -> None:
    reading = row(attributes={name: value})
    assert flags(reading) == {name: value, "_quality": {name: "out_of_range"}}
    assert reading[6:11] == (1000, None, None, None, None)


def test_other_attributes_are_kept() -> None:
    assert flags(row(attributes={"relay": {"on": True}, "rssi": -61})) == {
        "relay": {"on": True},
        "rssi": -61,
    }


@pytest.mark.parametrize("phase", ["a" * 11, 1.5, True, "L\n1", "\ud800"])
def test_a_bad_phase_is_refused(phase: object) -> None:
    assert "attributes.phase" in refusal(attributes={"phase": phase})


def test_flags_are_bounded() -> None:
    assert "bytes" in refusal(attributes={"x": "y" * FLAGS_MAX})["attributes"][0]
    deep: object = 1
    for _ in range(50):
        deep = {"a": deep}
    assert "nested" in refusal(attributes={"x": deep})["attributes"][0]
    assert "Unicode" in refusal(attributes={"x": "\udfff"})["attributes"][0]


def test_what_jsonb_cannot_hold_is_replaced() -> None:
    assert flags(row(attributes={"x": "a\0b", "y": "\\u0000"})) == {
        "x": "a\ufffdb",
        "y": "\\u0000",
    }


def test_a_phase_may_be_a_number() -> None:
    assert row(attributes={"phase": 1}).phase == "1"


def test_what_is_no_number_is_marked_and_no_device_marks_itself() -> None:
    marked = flags(row(attributes={"thd": float("inf"), "_quality": "perfect"}))
    assert marked == {"thd": None, "_quality": {"thd": "not_finite"}}
