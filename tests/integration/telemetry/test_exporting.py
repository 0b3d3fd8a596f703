"""Test that a file has every row once, with units and zone, from any row on."""

import csv
import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from pyarrow import parquet

from powerdash.accounts.services import organization_create
from powerdash.cli.errors import Refused
from powerdash.cli.exporting import export
from powerdash.devices.services import device_register
from powerdash.telemetry.exporting import files, rows
from powerdash.telemetry.exporting.columns import columns_of
from powerdash.telemetry.exporting.files import FileFormat, encode
from powerdash.telemetry.exporting.rows import (
    CursorInvalid,
    ExportQuery,
    batches,
    cursor_read,
)
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.services.rollups import rollup
from tests.ladder import Given, Pg, insert

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = datetime(2026, 10, 24, tzinfo=UTC)
ZONE = "Europe/Berlin"
COUNT = 500


@pytest_asyncio.fixture
async def query(pg: Pg, monkeypatch: pytest.MonkeyPatch) -> ExportQuery:
    """Two devices, one of two phases, 500 readings of each, a minute apart."""
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 64)
    organization = await sync_to_async(organization_create)(
        slug="campus", name="Campus", timezone=ZONE, at=AT
    )
    for name, phases in (("Feeder, main", ["L1", "L2"]), ("Pump", [""])):
        device = await sync_to_async(device_register)(
            organization_id=organization.pk, name=name, at=AT
        )
        given = [
            Given(
                device.device.pk, phase, START + timedelta(minutes=n), 1.0 + n, 230.0,
                60_000, 0.5 if phase else None,
            )
            for n in range(COUNT)
            for phase in phases
        ]  # fmt: skip
        await insert(pg, given)
    await pg.execute(
        "INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)"
        " SELECT device_id, phase, max(ts), 1, 1, 1 FROM power_records GROUP BY 1, 2"
    )
    await sync_to_async(rollup)(at=AT)
    return ExportQuery(organization.pk, Tier.RAW, START, AT)


async def made(query: ExportQuery, form: FileFormat) -> bytes:
    def all_of_it() -> bytes:
        columns = columns_of(query.tier)
        return b"".join(encode(batches(query), columns=columns, zone=ZONE, form=form))

    return await sync_to_async(all_of_it)()


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


async def test_a_csv_file_has_every_reading_once(query: ExportQuery) -> None:
    found = read(await made(query, FileFormat.CSV))
    assert len(found) == 3 * COUNT
    keys = {(row["device"], row["phase"], row["ts"]) for row in found}
    assert len(keys) == 3 * COUNT
    first = found[0]
    assert first["device_name"] == "Feeder, main"
    assert first["ts"] == "2026-10-24T02:00:00+02:00"
    assert (first["current"], first["power"]) == ("1.0", "230.0")
    assert (first["active_power"], first["frequency"]) == ("115.0", "")
    about = list(first)[-1]
    assert about.startswith("time zone Europe/Berlin; units: current A, voltage V")
    assert first[about] == ""


async def test_rollups_have_the_names_of_the_specification(query: ExportQuery) -> None:
    for tier, count in ((Tier.FIVE_MINUTES, 100), (Tier.HOUR, 9), (Tier.DAY, 1)):
        part = replace(query, tier=tier, since=START - timedelta(days=1))
        found = read(await made(part, FileFormat.CSV))
        assert len(found) == 3 * count
        assert {
            "bucket_start_ts", "min_power", "avg_power", "max_power", "count",
            "min_current", "avg_current", "max_current", "min_voltage", "avg_voltage",
            "max_voltage", "energy_wh",
        } <= found[0].keys()  # fmt: skip
        assert sum(int(row["count"]) for row in found) == 3 * COUNT


async def test_a_range_is_from_the_first_to_before_the_last(query: ExportQuery) -> None:
    part = replace(
        query, since=START + timedelta(minutes=5), until=START + timedelta(minutes=8)
    )
    found = read(await made(part, FileFormat.CSV))
    assert [row["current"] for row in found] == ["6.0", "7.0", "8.0"] * 3


async def test_parquet_keeps_types_units_and_zone(query: ExportQuery) -> None:
    data = await made(query, FileFormat.PARQUET)
    file = parquet.ParquetFile(io.BytesIO(data))
    assert file.num_row_groups > 10  # written as it was read
    table = file.read()
    assert table.num_rows == 3 * COUNT
    assert table.schema.field("ts").type == pyarrow.timestamp("us", ZONE)
    assert table.schema.field("voltage").metadata[b"unit"] == b"V"
    assert table.schema.metadata[b"timezone"] == ZONE.encode()
    assert table.column("ts")[0].as_py() == START.astimezone(ZoneInfo(ZONE))


async def test_xlsx_begins_a_new_sheet_when_one_is_full(
    query: ExportQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SHEET_ROWS", 1000)
    book = zipfile.ZipFile(io.BytesIO(await made(query, FileFormat.XLSX)))
    sheets = [book.read(f"xl/worksheets/sheet{n}.xml") for n in (1, 2, 3)]
    assert [sheet.count(b"<row ") for sheet in sheets[1:]] == [1001, 501]
    assert b"Europe/Berlin" in sheets[0]


@pytest.mark.parametrize("place", [1, 63, 64, 65, 700, 1499])
async def test_a_cut_off_file_is_gone_on_with(
    query: ExportQuery, place: int, tmp_path: Path
) -> None:
    whole = await made(query, FileFormat.CSV)
    lines = whole.splitlines(keepends=True)
    file = tmp_path / "cut.csv"
    file.write_bytes(b"".join(lines[: place + 1]) + lines[-1][:20])
    written = await sync_to_async(export)(
        query, form=FileFormat.CSV, file=file, zone=ZONE, resume=True
    )
    assert file.read_bytes() == whole
    assert written == 3 * COUNT - place


async def test_texts_with_separators_of_lines_are_gone_on_with(
    query: ExportQuery, pg: Pg, tmp_path: Path
) -> None:
    await pg.execute("UPDATE power_records SET flags = $1::jsonb", '{"n": "x\u2028y"}')
    whole = await made(query, FileFormat.CSV)
    lines = whole.splitlines(keepends=True)
    file = tmp_path / "cut.csv"
    file.write_bytes(b"".join(lines[:100]))
    await sync_to_async(export)(
        query, form=FileFormat.CSV, file=file, zone=ZONE, resume=True
    )
    assert "\u2028" in whole.decode()
    assert file.read_bytes() == whole


async def test_a_file_of_another_kind_appears_when_it_is_whole(
    query: ExportQuery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Iterator[list[Any]]:
        yield [("x",) * 14]
        raise OSError("The disk is full.")

    monkeypatch.setattr("powerdash.cli.exporting.batches", broken)
    file = tmp_path / "x.parquet"
    with pytest.raises((OSError, pyarrow.ArrowInvalid, pyarrow.ArrowTypeError)):
        await sync_to_async(export)(
            query, form=FileFormat.PARQUET, file=file, zone=ZONE, resume=False
        )
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    ["", "x", "8f1d9b9e-0000-4000-8000-000000000000,L1,yesterday",
     "8f1d9b9e-0000-4000-8000-000000000000,2026-01-01T00:00:00Z",
     "8f1d9b9e-0000-4000-8000-000000000000,L1,2026-01-01T00:00:00",
     "8f1d9b9e-0000-4000-8000-000000000000,L1,9999-12-31T23:59:59.999999+00:00"],
)  # fmt: skip
def test_a_bad_cursor_is_none(text: str) -> None:
    with pytest.raises(CursorInvalid):
        cursor_read(text)


async def test_a_cursor_of_something_else_is_refused(
    query: ExportQuery, tmp_path: Path
) -> None:
    device = "8f1d9b9e-0000-4000-8000-000000000000"
    strange = replace(query, after=cursor_read(f"{device},L1,2026-01-01T00:00:00Z"))
    with pytest.raises(CursorInvalid):
        await sync_to_async(lambda: list(batches(strange)))()
    file = tmp_path / "other.csv"
    for begun in (b"device,phase\n", await made(query, FileFormat.CSV)):
        file.write_bytes(begun)
        other = replace(query, tier=Tier.HOUR)
        with pytest.raises(Refused, match="was not begun by this export"):
            await sync_to_async(export)(
                other, form=FileFormat.CSV, file=file, zone=ZONE, resume=True
            )
        assert file.read_bytes() == begun


@pytest.mark.parametrize("size", [0, 10, -2, None])
async def test_a_file_with_no_row_yet_is_gone_on_with(
    query: ExportQuery, tmp_path: Path, size: int | None
) -> None:
    whole = await made(query, FileFormat.CSV)
    file = tmp_path / "begun.csv"
    file.write_bytes(whole.splitlines(keepends=True)[0][:size])
    await sync_to_async(export)(
        query, form=FileFormat.CSV, file=file, zone=ZONE, resume=True
    )
    assert file.read_bytes() == whole


async def test_texts_of_a_sheet_are_no_formulas(query: ExportQuery, pg: Pg) -> None:
    await pg.execute('UPDATE devices SET name = \'=HYPERLINK("http://evil","x")\'')
    book = zipfile.ZipFile(io.BytesIO(await made(query, FileFormat.XLSX)))
    sheet = book.read("xl/worksheets/sheet2.xml")
    assert b"HYPERLINK" in sheet
    assert b"<f>" not in sheet


async def test_the_ends_of_time_are_no_mistake(query: ExportQuery) -> None:
    ends = replace(query, since=datetime(1, 1, 1, tzinfo=UTC))
    assert len(await made(ends, FileFormat.CSV)) == len(
        await made(query, FileFormat.CSV)
    )
