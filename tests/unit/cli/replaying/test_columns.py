"""Columns: options over presets over usual names."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from powerdash.cli.replaying.columns import Columns, ColumnsUnclear, preset_with
from powerdash.cli.replaying.mapping import Found, Mapping, MappingInvalid
from powerdash.cli.replaying.preset import (
    Preset,
    PresetInvalid,
    preset_find,
    preset_for,
    preset_load,
    presets,
)

HERE = Path("/nowhere")
BENCH = """
name = "bench"
[time]
columns = ["t"]
[[reading]]
current = "I"
voltage = { value = "{S} / {I}", when = "{I} >= 1", otherwise = 245, mark = "guessed" }
attributes = { sample_ms = 1000, note = "n" }
"""


def read(preset: Preset, header: list[str], *rows: str) -> list[Found]:
    mapping = Mapping(preset, header, HERE)
    return [mapping.read(row.split(",")) for row in rows]


def guessed(header: str, *rows: str, **given: object) -> list[Found]:
    names = header.split(",")
    preset = preset_with(None, Columns(**given), names)  # type: ignore[arg-type]
    return read(preset, names, *rows)


def test_usual_names_need_no_option() -> None:
    (found,) = guessed(
        "Timestamp,Volts,Amps,PF,phase", "2026-01-31T12:00:00Z,230.5,1.5,0.9,L2"
    )
    (reading,) = found.readings
    assert reading.ts == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert (reading.current, reading.voltage) == (1.5, 230.5)
    assert reading.attributes == {"power_factor": 0.9, "phase": "L2"}


def test_a_date_and_a_time_are_joined() -> None:
    (found,) = guessed("Date,Time,V,I", "2026-01-31,12:30:00,230,1")
    assert found.readings[0].ts == datetime(2026, 1, 31, 12, 30, tzinfo=UTC)


def test_options_name_what_is_unusual() -> None:
    (found,) = guessed(
        "when,u,mA,room",
        "31.01.2026 13:00,230,1500,kitchen",
        time=["when"],
        time_formats=["%d.%m.%Y %H:%M"],
        timezone="+01:00",
        voltage="u",
        current="{mA} / 1000",
        phase="L1",
        attributes=["sample_ms=60000", "room=room", "half=0.5*{u}"],
    )
    (reading,) = found.readings
    assert reading.ts == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert reading.current == 1.5
    assert reading.attributes == {
        "sample_ms": 60000, "room": "kitchen", "half": 115, "phase": "L1",
    }  # fmt: skip


def test_options_win_over_a_preset() -> None:
    header = ["t", "I", "S", "n", "V"]
    preset = preset_with(preset_load(BENCH, "x"), Columns(voltage="V"), header)
    (found,) = read(preset, header, "2026-01-01T00:00:00,2,0,a,231")
    assert found.readings[0].voltage == 231
    assert found.readings[0].attributes == {"sample_ms": 1000, "note": "a"}


def test_a_derived_voltage_falls_back_to_the_last_good_one() -> None:
    header = ["t", "I", "S", "n"]
    found = read(
        preset_load(BENCH, "x"),
        header,
        "2026-01-01T00:00:00,0.5,100,a",
        "2026-01-01T00:00:01,2,480,a",
        "2026-01-01T00:00:02,0,0,a",
        "2026-01-01T00:00:03,,480,a",
    )
    readings = [reading for each in found for reading in each.readings]
    assert [reading.voltage for reading in readings] == [245, 240, 240]
    assert [reading.attributes.get("guessed") for reading in readings] == [
        True, None, True,
    ]  # fmt: skip
    assert found[3].missing == 1


@pytest.mark.parametrize("mark", ["", " ", "?", "NaN", "nan", "N/A", "null", "-999"])
def test_a_missing_value_is_counted_not_sent(mark: str) -> None:
    (found,) = guessed("ts,V,I", f"2026-01-01T00:00:00,{mark},1", missing=["-999"])
    assert (found.readings, found.missing, found.problem) == ([], 1, "")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2026-01-01T00:00:00,abc,1", "V is 'abc', not a number"),
        ("yesterday,230,1", "the time 'yesterday' fits no format"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(row: str, problem: str) -> None:
    (found,) = guessed("ts,V,I", row)
    assert (found.readings, found.missing, found.problem) == ([], 0, problem)


def test_a_decimal_comma_is_understood() -> None:
    preset = preset_with(None, Columns(decimal=","), ["ts", "V", "I"])
    found = Mapping(preset, ["ts", "V", "I"], HERE).read(
        ["2026-01-01T00:00:00", "230,5", "1,25"]
    )
    assert found.readings[0].voltage == 230.5


def test_an_attribute_that_is_no_number_stays_text() -> None:
    (found,) = guessed(
        "ts,V,I,note", "2026-01-01T00:00:00,230,1, open ", attributes=["note=note"]
    )
    assert found.readings[0].attributes == {"note": "open"}


@pytest.mark.parametrize(
    ("header", "given", "sentence"),
    [
        ("a,b", {}, "--current"),
        ("ts,I", {}, "--voltage"),
        ("V,I", {}, "--time"),
        ("ts,V,I", {"attributes": ["x"]}, "name=column"),
    ],
)
def test_it_says_what_to_give(
    header: str, given: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ColumnsUnclear, match=sentence):
        guessed(header, **given)


def test_it_says_which_column_is_not_there() -> None:
    with pytest.raises(MappingInvalid, match=r"no column 'U'; it has ts, V, I"):
        guessed("ts,V,I", voltage="U", current="I")


def test_every_preset_that_comes_with_it_can_be_read() -> None:
    assert [preset.name for preset in presets()] == [
        "appliance-1hz", "pzem016", "steel-plant", "transformer",
        "transformer-temperature", "uci-household",
    ]  # fmt: skip
    assert preset_for(Path("x/uci_household_1min.csv.gz")) is not None
    assert preset_for(Path("x/kettle.csv.gz")) is None
    assert preset_for(Path("x/appliance_1hz/kettle.csv.gz")) is not None


def test_a_preset_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(BENCH)
    assert preset_find(str(file)).name == "bench"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("name = ", "is not TOML"), ("nam = 'x'", "cannot be used"), ("", "cannot")],
)
def test_a_bad_preset_is_told(text: str, sentence: str) -> None:
    with pytest.raises(PresetInvalid, match=sentence):
        preset_load(text, "bad.toml")


def test_an_unknown_preset_is_told() -> None:
    with pytest.raises(PresetInvalid, match="neither a file nor one of appliance-1hz"):
        preset_find("nothing")
