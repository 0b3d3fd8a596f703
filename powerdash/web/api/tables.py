"""Answers that are tables: JSON by column, CSV or Arrow, as the request accepts."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse


class Format(StrEnum):
    """The media type of an answer."""

    JSON = "application/json"
    CSV = "text/csv"
    ARROW = "application/vnd.apache.arrow.stream"


def accepted(request: HttpRequest) -> Format:
    """Return the format that the request asks for; JSON unless it names another."""
    wanted = request.get_preferred_type([*Format, f"{Format.CSV}; charset=utf-8"])
    return Format(wanted.partition(";")[0]) if wanted else Format.JSON


def json_at_once(body: object) -> HttpResponse:
    """Answer at once: to check thousands of numbers again would take longest."""
    return HttpResponse(msgspec.json.encode(body), content_type=Format.JSON)


def csv_answer(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return a table as CSV (RFC 4180), with one line of names."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return HttpResponse(text.getvalue(), content_type=f"{Format.CSV}; charset=utf-8")


def arrow_answer(
    columns: Mapping[str, Sequence[Any]], metadata: dict[str, str]
) -> HttpResponse:
    """Return a table as an Arrow IPC stream; its types do not depend on the rows.

    Args:
        columns: Numbers, but `ts` in Unix seconds and texts in `phase`.
        metadata: Of the schema, as `units`.
    """
    import pyarrow

    kinds = {"ts": pyarrow.timestamp("s", "UTC"), "phase": pyarrow.string()}
    schema = pyarrow.schema(
        [(name, kinds.get(name, pyarrow.float64())) for name in columns], metadata
    )
    table = pyarrow.table(dict(columns), schema)
    sink = io.BytesIO()
    with pyarrow.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return HttpResponse(sink.getvalue(), content_type=Format.ARROW)
