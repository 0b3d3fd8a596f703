"""Test that an organization is summed up."""

from datetime import UTC, datetime

from powerdash.telemetry.summary import TOP, Consumer, summaries

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_power_statuses_and_top_are_per_organization() -> None:
    consumers = [("a", f"u{n}", f"n{n}", "", float(20 - n)) for n in range(10)]
    made = summaries(
        ["a", "b"],
        [*consumers, ("b", "x", "y", "z", 1.5)],
        [("a", "online", 10)],
        at=AT,
    )
    assert made["a"].power_w == sum(range(11, 21))
    assert made["a"].reporting == 10
    assert len(made["a"].top) == TOP
    assert made["a"].top[0] == Consumer("u0", "n0", "", 20.0)
    assert made["a"].devices["online"] == 10
    assert made["b"].power_w == 1.5
    assert made["b"].devices == {
        "online": 0,
        "offline": 0,
        "maintenance": 0,
        "decommissioned": 0,
    }
