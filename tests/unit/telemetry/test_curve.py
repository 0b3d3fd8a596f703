"""Test that curves add up, hold and show gaps."""

from datetime import UTC, datetime, timedelta

from powerdash.telemetry.curve import curve_total

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
FIRST = int(START.timestamp()) // 30


def total(
    *rows: tuple[int, str, int, int, float], steps: int = 4
) -> list[float | None]:
    until = START + timedelta(seconds=30 * steps)
    curve = curve_total(rows, since=START, until=until, step_s=30)
    assert curve.ts[0] == int(START.timestamp())
    assert len(curve.ts) == steps + 1
    return curve.power_w


def test_devices_and_phases_are_summed() -> None:
    assert total(
        (1, "L1", 30, FIRST, 10.0), (1, "L2", 30, FIRST, 20.0), (2, "", 30, FIRST, 5.0)
    ) == [35.0, None, None, None, None]


def test_a_value_holds_for_the_heartbeat_interval() -> None:
    assert total((1, "", 90, FIRST, 10.0)) == [10.0, 10.0, 10.0, None, None]


def test_a_newer_value_ends_the_holding() -> None:
    assert total((1, "", 600, FIRST, 10.0), (1, "", 600, FIRST + 2, 1.0)) == [
        10.0, 10.0, 1.0, 1.0, 1.0,
    ]  # fmt: skip


def test_a_value_from_before_the_start_holds_into_it() -> None:
    assert total((1, "", 60, FIRST - 1, 10.0)) == [10.0, None, None, None, None]


def test_nobody_reporting_is_a_gap_not_a_zero() -> None:
    assert total() == [None] * 5
