"""From rows to the bytes of a file, as they come."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from powerdash.telemetry.exporting.columns import WHOSE, Column, Kind, about

Rows = Sequence[Sequence[Any]]
SHEET_ROWS = 1_048_575  # that a sheet of XLSX holds, without its header
CHUNK = 1 << 16  # bytes


class FileFormat(StrEnum):
    """A kind of file; its value is the ending."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        """How HTTP calls it."""
        return {
            FileFormat.CSV: "text/csv; charset=utf-8",
            FileFormat.PARQUET: "application/vnd.apache.parquet",
            FileFormat.XLSX: (
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            ),
        }[self]


def encode(
    batches: Iterable[Rows], *, columns: tuple[Column, ...], zone: str, form: FileFormat
) -> Iterator[bytes]:
    """Return a file's bytes, piece by piece.

    Times are those of `zone`. Units and zone stand in the head of the file: CSV has a
    last column without values for them, Parquet metadata, XLSX a sheet.

    Args:
        columns: After those of `WHOSE`.
    """
    encoders: dict[FileFormat, Callable[..., Iterator[bytes]]] = {
        FileFormat.CSV: _csv,
        FileFormat.PARQUET: _parquet,
        FileFormat.XLSX: _xlsx,
    }
    return encoders[form](batches, (*WHOSE, *columns), zone)


def csv_lines(batches: Iterable[Rows], zone: str) -> Iterator[bytes]:
    """Return lines of CSV without their header, to go on with a file."""
    place, time = ZoneInfo(zone), len(WHOSE)
    for rows in batches:
        text = io.StringIO()
        csv.writer(text).writerows(
            (*row[:time], row[time].astimezone(place).isoformat(), *row[time + 1 :], "")
            for row in rows
        )
        yield text.getvalue().encode()


def _csv(
    batches: Iterable[Rows], columns: tuple[Column, ...], zone: str
) -> Iterator[bytes]:
    head = io.StringIO()
    csv.writer(head).writerow([*(c.name for c in columns), about(columns, zone)])
    yield head.getvalue().encode()
    yield from csv_lines(batches, zone)


def _parquet(
    batches: Iterable[Rows], columns: tuple[Column, ...], zone: str
) -> Iterator[bytes]:
    import pyarrow
    from pyarrow import parquet

    kinds = {
        Kind.TIME: pyarrow.timestamp("us", zone),
        Kind.TEXT: pyarrow.string(),
        Kind.NUMBER: pyarrow.float64(),
        Kind.WHOLE: pyarrow.int64(),
    }
    schema = pyarrow.schema(
        [
            pyarrow.field(c.name, kinds[c.kind], metadata={"unit": c.unit})
            for c in columns
        ],
        metadata={"timezone": zone, "units": about(columns, zone)},
    )
    sink = io.BytesIO()
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for rows in batches:
            arrays = [
                pyarrow.array(values, field.type)
                for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
            yield _drained(sink)
    yield _drained(sink)


def _drained(sink: io.BytesIO) -> bytes:
    """Take what was written; the writer goes on at the position it knows."""
    data = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return data


def _xlsx(
    batches: Iterable[Rows], columns: tuple[Column, ...], zone: str
) -> Iterator[bytes]:
    import xlsxwriter

    with tempfile.TemporaryFile() as file:
        # What devices and people wrote is text, whatever it begins with.
        plain = {"strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, {"constant_memory": True, **plain})
        _about_sheet(book, columns, zone)
        sheets = _Sheets(book, columns, zone)
        for rows in batches:
            sheets.write(rows)
        book.close()
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


class _Sheets:
    """Sheets of a book, a new one whenever the last is full."""

    def __init__(self, book: Any, columns: tuple[Column, ...], zone: str) -> None:
        self._book = book
        self._names = [column.name for column in columns]
        self._place = ZoneInfo(zone)
        self._time_form = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        self._sheet = self._next_sheet()

    def _next_sheet(self) -> Any:
        self._row = 0
        sheet = self._book.add_worksheet()
        sheet.write_row(0, 0, self._names, self._book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        sheet.set_column(len(WHOSE), len(WHOSE), 24)
        return sheet

    def write(self, rows: Rows) -> None:
        """Write rows below those before."""
        time = len(WHOSE)
        for row in rows:
            if self._row == SHEET_ROWS:
                self._sheet = self._next_sheet()
            self._row += 1
            # Excel knows no zones: the one of these times stands in the first sheet.
            at = row[time].astimezone(self._place).replace(tzinfo=None)
            self._sheet.write_row(self._row, 0, row[:time])
            self._sheet.write_datetime(self._row, time, at, self._time_form)
            self._sheet.write_row(self._row, time + 1, row[time + 1 :])


def _about_sheet(book: Any, columns: tuple[Column, ...], zone: str) -> None:
    sheet = book.add_worksheet("About")
    sheet.write_row(0, 0, ["Time zone", zone])
    sheet.write_row(2, 0, ["Column", "Unit"], book.add_format({"bold": True}))
    for number, column in enumerate(columns, 3):
        sheet.write_row(number, 0, [column.name, column.unit])
    sheet.set_column(0, 1, 24)
