"""The real series in `../shared/data`, where they are: read whole, by their presets."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from powerdash.cli.posting import Reading
from powerdash.cli.replaying.batches import Timeline, batches
from powerdash.cli.replaying.checkpoint import Tally
from powerdash.cli.replaying.mapping import Mapping
from powerdash.cli.replaying.preset import preset_for
from powerdash.cli.replaying.table import Table

DATA = Path(__file__).parents[5] / "shared" / "data"


def replayed(name: str) -> tuple[list[Reading], Tally]:
    file = DATA / name
    preset = preset_for(file)
    assert preset is not None
    readings, tally = [], Tally()
    with Table(file) as table:
        mapping = Mapping(preset, table.header, file.parent)
        for batch in batches(table.rows(), mapping.read, Timeline(), size=1000):
            readings += batch.readings
            tally.add(batch.counts)
    return readings, tally


def numbers(readings: list[Reading], name: str) -> list[float]:
    values = [reading.attributes.get(name) for reading in readings]
    return [value for value in values if isinstance(value, (int, float))]


def check_uci_household() -> None:
    readings, tally = replayed("uci_household_1min_2007-01-01_2007-03-01.csv.gz")
    assert tally == Tally(rows=86_400, missing=4)
    assert len(readings) == 86_396
    assert readings[0].ts == datetime(2006, 12, 31, 23, tzinfo=UTC)
    assert readings[-1].ts == datetime(2007, 3, 1, 22, 59, tzinfo=UTC)
    assert len({reading.ts for reading in readings}) == 86_396
    assert max(r.current for r in readings) == 41.8
    assert (min(r.voltage for r in readings), max(r.voltage for r in readings)) == (
        223.49, 250.89,
    )  # fmt: skip
    factors = numbers(readings, "power_factor")
    assert len(factors) == 86_396
    assert min(factors) > 0
    assert max(factors) <= 1
    assert sum(f < 0.85 for f in factors) / len(factors) == pytest.approx(
        0.029, abs=5e-4
    )


def check_transformer() -> None:
    readings, tally = replayed("transformer_3phase_electrical_2019.csv.gz")
    assert tally == Tally(rows=13_362)
    assert len(readings) == 3 * 13_362
    keys = Counter((r.ts, r.attributes["phase"]) for r in readings)
    assert len(readings) - len(keys) == 3 * 435, "435 repeated minutes"
    assert {r.attributes["phase"] for r in readings} == {"L1", "L2", "L3"}
    oil = numbers(readings, "temperature")
    assert len(oil) > 0.95 * len(readings)
    assert 236 <= max(oil) <= 250, "the spells in which it trips"


def check_pzem016() -> None:
    readings, tally = replayed("pzem016_singlephase_2022-09.csv.gz")
    assert tally == Tally(rows=741)
    for reading in readings:
        power = reading.current * reading.voltage
        power *= float(str(reading.attributes["power_factor"]))
        meter = float(str(reading.attributes["active_power_w"]))
        assert power == pytest.approx(meter, rel=0.06, abs=3)
    assert readings[0].attributes["message"] == "open"
    assert readings[0].ts.microsecond == 834_000


def check_appliances() -> None:
    for name in ("main", "kettle", "vacuum", "water_heater"):
        readings, tally = replayed(f"appliance_1hz/{name}.csv.gz")
        assert tally == Tally(rows=621)
        assert all(242 <= reading.voltage < 249.1 for reading in readings)
        for reading in readings:
            assert (reading.current < 1) == (
                reading.attributes.get("voltage_estimated") is True
            )
    assert readings[0].voltage == 245


def check_those_without_readings() -> None:
    for name in ("steel_plant_15min_2018", "transformer_3phase_temperature_2019"):
        preset = preset_for(DATA / f"{name}.csv.gz")
        assert preset is not None
        assert "no voltage and no current" in preset.cannot


# The series are not part of the repository: where they are absent, there is no test.
if DATA.is_dir():
    test_uci_household_has_60_days_and_4_missing_minutes = check_uci_household
    test_a_transformer_has_three_phases_and_oil = check_transformer
    test_a_pzem016_agrees_with_its_own_power = check_pzem016
    test_an_appliance_has_the_voltage_its_meter_used = check_appliances
    test_a_series_without_readings_says_so = check_those_without_readings
