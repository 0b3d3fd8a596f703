"""Meters: readings that the ingest door takes, from any kind at any time."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.cli.simulator import faults
from powerdash.cli.simulator.faults import Faults, Link
from powerdash.cli.simulator.fleet import demo_fleet, kind_of
from powerdash.cli.simulator.kinds import KINDS
from powerdash.cli.simulator.meter import meter_make

TIMES = st.floats(1.7e9, 4e9)
NOON = 1_795_431_600.0


def number(value: object) -> float:
    assert isinstance(value, (int, float))
    return value


@given(st.sampled_from(sorted(KINDS)), st.integers(0, 2**32), TIMES)
def test_every_meter_reads_plausible_values(kind: str, seed: int, at: float) -> None:
    meter = meter_make(kind, seed=seed, number=0)
    meter.registers_start(at)
    readings = meter.readings(at, 1.0)
    assert [r.attributes.get("phase", "") for r in readings] == list(KINDS[kind].phases)
    for reading in readings:
        assert 0.0 <= reading.current < 400.0
        assert 180.0 < reading.voltage < 255.0
        assert -1.0 <= number(reading.attributes["power_factor"]) <= 1.0
        assert 49.8 < number(reading.attributes["frequency"]) < 50.2
        assert 15.0 < number(reading.attributes["temperature"]) < 50.0
        assert number(reading.attributes["energy_wh"]) >= 0.0
        assert reading.attributes["sample_ms"] == 1000


@given(st.sampled_from(sorted(KINDS)), st.integers(0, 2**32), TIMES)
def test_the_same_seed_and_start_give_the_same_readings(
    kind: str, seed: int, start: float
) -> None:
    def taken() -> list[object]:
        meter = meter_make(kind, seed=seed, number=3)
        meter.registers_start(start)
        return [meter.readings(start + beat, 1.0) for beat in range(3)]

    assert taken() == taken()


def test_another_seed_or_number_gives_other_readings() -> None:
    def currents(seed: int, number: int) -> list[float]:
        meter = meter_make("office", seed=seed, number=number)
        return [reading.current for reading in meter.readings(NOON, 1.0)]

    assert len({tuple(currents(*each)) for each in [(1, 1), (1, 2), (2, 1)]}) == 3


def test_the_phases_of_a_feeder_are_not_balanced() -> None:
    meter = meter_make("library", seed=1, number=0)
    currents = [reading.current for reading in meter.readings(NOON, 1.0)]
    assert max(currents) > 1.05 * min(currents)


def test_the_register_counts_what_is_drawn() -> None:
    meter = meter_make("server_room", seed=1, number=0)
    energy, drawn_ws = [], 0.0
    for second in range(1, 601):
        reading = meter.readings(NOON + second, 1.0)[0]
        power_factor = number(reading.attributes["power_factor"])
        drawn_ws += reading.current * reading.voltage * power_factor
        energy.append(number(reading.attributes["energy_wh"]))
    assert energy == sorted(energy)
    assert energy[-1] == pytest.approx(drawn_ws / 3600.0, rel=0.01)


def test_an_inverter_feeds_in_at_noon_and_counts_it_apart() -> None:
    meter = meter_make("solar", seed=1, number=0)
    reading = meter.readings(NOON, 1.0)[0]
    assert number(reading.attributes["power_factor"]) < 0.0
    assert reading.current > 0.0
    assert meter.registers["L1"].fed_in_wh > 0.0
    assert meter.registers["L1"].drawn_wh == 0.0


def test_a_register_that_starts_later_shows_more() -> None:
    early, late = (meter_make("office", seed=1, number=0) for _ in range(2))
    early.registers_start(NOON)
    late.registers_start(NOON + 86_400)
    for phase in early.registers:
        assert late.registers[phase].drawn_wh > early.registers[phase].drawn_wh


def test_a_clock_error_moves_the_stamp_only() -> None:
    one, two = (meter_make("kettle", seed=1, number=0) for _ in range(2))
    right = one.readings(NOON, 1.0)[0]
    ahead = two.readings(NOON, 1.0, clock_error_s=0.25)[0]
    assert right.ts == datetime.fromtimestamp(NOON, UTC)
    assert (ahead.ts - right.ts).total_seconds() == 0.25
    assert ahead.current == right.current


@given(st.integers(0, 2**64 - 1), TIMES)
def test_without_faults_nothing_goes_wrong(seed: int, at: float) -> None:
    assert faults.NONE.link(seed, at) is Link.UP
    assert not faults.NONE.is_lost(seed, int(at))
    assert faults.NONE.clock_error_s(seed, int(at), at) == 0.0


def test_a_silence_lasts_minutes_and_comes_now_and_then() -> None:
    often = Faults(silence=1.0, dark=0.5)
    states = [
        often.link(9, slot * 7200.0 + s) for slot in range(20) for s in range(7200)
    ]
    down = [state for state in states if state is not Link.UP]
    assert 20 * 120 <= len(down) <= 20 * 480
    assert {Link.SILENT, Link.DARK} == set(down)


@given(st.integers(0, 2**64 - 1), st.integers(0, 10**9), TIMES)
def test_a_clock_never_errs_by_much(seed: int, tick: int, at: float) -> None:
    assert abs(Faults().clock_error_s(seed, tick, at)) <= 7.5 * 0.015


def test_the_demo_fleet_is_a_campus_of_any_size() -> None:
    fleet = demo_fleet(130)
    assert len({device.name for device in fleet}) == 130
    assert {device.kind for device in fleet} == set(KINDS)
    assert all(len(device.name) <= 120 and device.tags for device in fleet)
    assert fleet[:24] == demo_fleet(24)
    assert fleet[0].name == "Library main feeder"


def test_a_kind_is_checked_by_name() -> None:
    assert kind_of(3, "") == "solar"
    assert kind_of(3, "kettle") == "kettle"
    with pytest.raises(ValueError, match="'toaster' is not one of dormitory"):
        kind_of(0, "toaster")
