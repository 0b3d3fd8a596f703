"""Loads: finite, deterministic, and shaped like the real thing."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.cli.simulator import grid, noise, profiles
from powerdash.cli.simulator.kinds import KINDS
from powerdash.cli.simulator.loads import (
    Charger,
    Load,
    Solar,
    Steady,
    Switched,
    inrush_rms,
)

SEEDS = st.integers(0, 2**64 - 1)
TIMES = st.floats(0, 4e9)
WINDOWS = st.floats(0.01, 60)
LOADS = [load for kind in KINDS.values() for load in kind.loads]
DAY = 1_795_392_000.0  # a Monday, 00:00 UTC


@given(st.sampled_from(LOADS), SEEDS, TIMES, WINDOWS)
def test_every_load_is_finite_and_the_same_when_asked_again(
    load: Load, seed: int, at: float, window_s: float
) -> None:
    power = load.power(seed, at, window_s)
    assert math.isfinite(power.real)
    assert math.isfinite(power.imag)
    assert power == load.power(seed, at, window_s)


@given(st.sampled_from([x for x in LOADS if not isinstance(x, Solar)]), SEEDS, TIMES)
def test_only_the_sun_feeds_in(load: Load, seed: int, at: float) -> None:
    assert load.power(seed, at, 1.0).real >= 0.0


@given(st.floats(1.5, 8), st.floats(0.05, 0.5), st.floats(0, 5), st.floats(0.001, 2))
def test_an_inrush_only_decays(
    ratio: float, tau_s: float, from_s: float, length_s: float
) -> None:
    now = inrush_rms(from_s, from_s + length_s, ratio=ratio, tau_s=tau_s)
    later = inrush_rms(from_s + 0.1, from_s + 0.1 + length_s, ratio=ratio, tau_s=tau_s)
    assert 1.0 - 1e-9 <= later <= now + 1e-9 <= ratio + 2e-9


def test_an_inrush_begins_at_its_ratio_and_is_over_after_a_second() -> None:
    assert inrush_rms(0.0, 1e-6, ratio=6.0, tau_s=0.12) == pytest.approx(6.0, abs=1e-3)
    assert inrush_rms(2.0, 3.0, ratio=6.0, tau_s=0.12) == pytest.approx(1.0, abs=1e-3)


def test_a_starting_motor_is_a_spike_in_one_sample() -> None:
    motor = Switched(profiles.ALWAYS, 1000.0, 60.0, 1.0, (30.0, 40.0), 0.82, inrush=6.0)
    samples = [abs(motor.power(7, DAY + second, 1.0)) for second in range(60)]
    running = sorted(samples)[-10]
    assert running == pytest.approx(1000.0 / 0.82, rel=0.01)
    assert 1.3 * running < max(samples) < 6.0 * running
    assert min(samples) == 0.0


def test_a_run_that_is_part_of_a_window_counts_for_its_part() -> None:
    kettle = Switched(profiles.ALWAYS, 2000.0, 600.0, 1.0, (100.0, 120.0))
    joules = sum(kettle.power(3, DAY + s, 1.0).real for s in range(1, 601))
    in_minutes = sum(
        60 * kettle.power(3, DAY + s, 60.0).real for s in range(60, 601, 60)
    )
    assert 200_000 <= joules <= 240_000
    assert in_minutes == pytest.approx(joules, rel=1e-6)


def test_an_office_is_busy_by_day_and_quiet_at_night_and_on_sunday() -> None:
    office = profiles.OFFICE
    noon, night, sunday = DAY + 11 * 3600, DAY + 3 * 3600, DAY + (6 * 24 + 11) * 3600
    assert office.at(noon) == 1.0
    assert office.at(night) < 0.1
    assert office.at(sunday) == pytest.approx(0.2)


@given(st.floats(0, 4e9))
def test_a_profile_stays_between_nothing_and_full(at: float) -> None:
    for profile in (profiles.KITCHEN, profiles.DORMITORY, profiles.EVENING):
        assert 0.0 <= profile.at(at) <= 1.0


def test_the_sun_feeds_in_by_day_only() -> None:
    roof = Solar(8000.0)
    by_day = [roof.power(1, DAY + 12 * 3600 + m * 60, 1.0).real for m in range(60)]
    assert max(by_day) < -500.0
    assert min(by_day) >= -8000.0
    assert roof.power(1, DAY + 1 * 3600, 1.0).real == roof.night_w


def test_a_charger_falls_off_as_the_car_fills() -> None:
    charger = Charger(3680.0, chance=1.0)
    hour = [charger.power(5, DAY + m * 60, 1.0).real for m in range(180)]
    assert max(hour) == pytest.approx(3684.0, rel=0.01)
    assert any(500 < power < 3000 for power in hour)
    assert min(hour) == charger.standby_w


@pytest.mark.parametrize("load", LOADS, ids=lambda load: type(load).__name__)
def test_the_expected_power_is_near_the_mean(load: Load) -> None:
    week = [
        load.power(seed, DAY + step * 307.0, 60.0).real
        for seed in range(3)
        for step in range(1970)
    ]
    mean_w = sum(week) / len(week)
    assert load.mean_w() == pytest.approx(mean_w, rel=0.35, abs=60.0)


@given(SEEDS, TIMES)
def test_the_grid_stays_within_the_standard(seed: int, at: float) -> None:
    assert 230 * 0.9 < grid.open_voltage_v(seed, at) < 230 * 1.1
    assert 49.8 < grid.frequency_hz(seed, at) < 50.2


@given(st.floats(200, 250), st.floats(0, 20_000), st.floats(0, 10_000))
def test_voltage_drops_under_load_and_rises_when_fed(
    open_v: float, active_w: float, reactive_var: float
) -> None:
    line, power = 0.1 + 0.05j, complex(active_w, reactive_var)
    loaded = grid.loaded_voltage_v(open_v, power, line)
    assert 0.0 < loaded <= open_v
    assert grid.loaded_voltage_v(open_v, -power, line) >= open_v


@given(SEEDS, st.integers(-(2**40), 2**40), st.floats(-1e9, 4e9))
def test_noise_stays_within_its_bounds(seed: int, stream: int, at: float) -> None:
    assert 0.0 <= noise.unit(seed, stream) < 1.0
    assert -1.0 <= noise.smooth(seed, stream, at, 60.0) <= 1.0
    assert abs(noise.bell(seed, stream)) < 3.5


def test_noise_is_even_and_without_jumps() -> None:
    values = [noise.unit(1, 2, n) for n in range(4000)]
    assert sum(values) / 4000 == pytest.approx(0.5, abs=0.02)
    slow = [noise.smooth(1, 2, n / 10, 60.0) for n in range(10_000)]
    assert max(abs(b - a) for a, b in pairwise(slow)) < 0.01


def test_a_wandering_load_follows_its_profile() -> None:
    steady = Steady(profiles.OFFICE, 100.0, 1000.0, wander=0.1)
    assert steady.power(1, DAY + 11 * 3600, 1.0).real == pytest.approx(1000, rel=0.11)
    assert steady.power(1, DAY + 3 * 3600, 1.0).real == pytest.approx(154, rel=0.11)
