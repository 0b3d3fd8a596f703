"""Test that the newest reading is told and kept, and only the newest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from powerdash.ingest.auth import Device
from powerdash.ingest.latest import FRAME_EVERY_S, Latest
from powerdash.telemetry.reading import Reading

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
DEVICE = Device(7, "the-uuid", 1, "Main feeder", b"", False, 120, frozenset({"L1"}))


def reading(
    seconds: float, *, phase: str = "", power_factor: float | None = None
) -> Reading:
    ts = AT + timedelta(seconds=seconds)
    return Reading(
        7, phase, ts, 2.0, 230.0, 460.0, 1000, power_factor, None, None, None, None
    )


def told(latest: Latest, now_s: float) -> list[dict[str, Any]]:
    return [msgspec.json.decode(frame.data) for frame in latest.frames(now_s)]


def test_the_first_reading_is_told_at_once_the_next_after_a_quarter_second() -> None:
    latest = Latest()
    latest.record(DEVICE, [reading(0)], AT)
    assert len(told(latest, 100.0)) == 1
    latest.record(DEVICE, [reading(1)], AT)
    assert told(latest, 100.0 + FRAME_EVERY_S / 2) == []
    (frame,) = told(latest, 100.0 + FRAME_EVERY_S)
    assert frame["readings"][0]["ts"] == "2026-01-31T12:00:01Z"


def test_an_older_reading_does_not_replace_a_newer() -> None:
    latest = Latest()
    latest.record(DEVICE, [reading(5), reading(1)], AT)
    _, newest = latest.unsaved()
    assert [row.ts for row in newest] == [AT + timedelta(seconds=5)]


def test_history_is_kept_but_not_told() -> None:
    latest = Latest()
    latest.record(DEVICE, [reading(-3600)], AT)
    assert told(latest, 100.0) == []
    assert len(latest.unsaved()[1]) == 1


def test_phases_are_told_together_with_active_power() -> None:
    latest = Latest()
    latest.record(DEVICE, [reading(0, phase="L1", power_factor=0.5)], AT)
    latest.record(DEVICE, [reading(0, phase="L2")], AT)
    (frame,) = told(latest, 100.0)
    assert frame["device"] == "the-uuid"
    assert [(r["phase"], r["active_power_w"]) for r in frame["readings"]] == [
        ("L1", 230.0),
        ("L2", 460.0),
    ]


def test_a_heartbeat_is_seen_but_has_nothing_to_tell() -> None:
    latest = Latest()
    latest.record(DEVICE, [], AT)
    assert latest.unsaved() == ([(7, AT)], [])
    assert told(latest, 100.0) == []


def test_what_is_given_back_is_saved_next_time() -> None:
    latest = Latest()
    latest.record(DEVICE, [reading(0)], AT)
    taken = latest.unsaved()
    assert latest.unsaved() == ([], [])
    latest.give_back(*taken)
    assert latest.unsaved() == taken


def test_it_knows_the_phases_of_a_device() -> None:
    latest = Latest()
    assert latest.phases_of(DEVICE) == {"L1"}
    latest.record(DEVICE, [reading(0, phase="L2")], AT)
    assert latest.phases_of(DEVICE) == {"L1", "L2"}
