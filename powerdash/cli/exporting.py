"""Writing an export to a file, and going on with one that was interrupted."""

import csv
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from powerdash.cli.errors import Refused
from powerdash.lib.zones import is_zone
from powerdash.telemetry.exporting.columns import columns_of
from powerdash.telemetry.exporting.files import FileFormat, csv_lines, encode
from powerdash.telemetry.exporting.rows import (
    Cursor,
    CursorInvalid,
    ExportQuery,
    batches,
    cursor_read,
)

TAIL = 1 << 16  # bytes in which the last complete line of a file is searched


def export(
    query: ExportQuery, *, form: FileFormat, file: Path, zone: str, resume: bool
) -> int:
    """Write an export and return how many rows it wrote.

    A CSV file that was not finished is complete up to its last line, from which
    `resume` goes on; other files appear only once they are whole.

    Raises:
        Refused: The zone is none, or the file cannot be gone on with.
        OSError: It cannot be written.
    """
    if not is_zone(zone):
        raise Refused(f"--tz: {zone!r} is not a zone such as Europe/Berlin.")
    counted = _Counted()
    if resume and file.exists():
        if form is not FileFormat.CSV:
            raise Refused("--resume: only CSV can be gone on with.")
        query = replace(query, after=_cursor(file, query, zone))
        data = csv_lines(counted.through(_told(query)), zone)
        with file.open("ab") as out:
            _write(data, out)
        return counted.rows
    pieces = counted.through(_told(query))
    data = encode(pieces, columns=columns_of(query.tier), zone=zone, form=form)
    with _opened(file, form) as out:
        _write(data, out)
    return counted.rows


class _Counted:
    def __init__(self) -> None:
        self.rows = 0

    def through(self, pieces: Iterator[list[Any]]) -> Iterator[list[Any]]:
        """Count the rows that pass, and tell of them on a terminal."""
        for piece in pieces:
            yield piece
            self.rows += len(piece)
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{self.rows:,} rows")
        if sys.stderr.isatty():
            sys.stderr.write("\r")


def _told(query: ExportQuery) -> Iterator[list[Any]]:
    try:
        yield from batches(query)
    except CursorInvalid:
        raise Refused(
            "--resume: the last line of the file is of no device and phase of this"
            " export; write a new file."
        ) from None


def _write(data: Iterator[bytes], out: BinaryIO) -> None:
    for piece in data:
        out.write(piece)
        out.flush()


@contextmanager
def _opened(file: Path, form: FileFormat) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdout.buffer
    elif form is FileFormat.CSV:
        with file.open("wb") as out:
            yield out
    else:
        draft = file.with_name(f".{file.name}.part")
        try:
            with draft.open("wb") as out:
                yield out
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)


def _cursor(file: Path, query: ExportQuery, zone: str) -> Cursor | None:
    """Return the row after which a file goes on; None when it has none yet.

    Raises:
        Refused: It was not begun by this export.
    """
    head = b"".join(encode(iter(()), columns=columns_of(query.tier), zone=zone,
                           form=FileFormat.CSV))  # fmt: skip
    with file.open("rb") as opened:
        begun = opened.read(len(head))
    if not head.startswith(begun):
        raise Refused(
            f"--resume: {file} was not begun by this export, with this tier and zone;"
            " write a new file."
        )
    if begun != head:
        file.write_bytes(head)  # it was cut off before there was any more
    last = _last_line(file)
    try:
        return cursor_read(last) if last else None
    except CursorInvalid as error:
        raise Refused(f"--resume: the last line of {file}: {error}") from None


def _last_line(file: Path) -> str:
    """Cut off an unfinished last line; return the cursor that the one before is.

    It is empty when only the header is there.
    """
    with file.open("r+b") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - TAIL))
        tail = opened.read()
        whole = tail[: tail.rfind(b"\n") + 1]
        opened.truncate(size - len(tail) + len(whole))
    # By line feeds alone: texts may have other separators within.
    lines = whole.decode(errors="replace").rstrip("\n").split("\n")
    cells = next(csv.reader(lines[-1:]), [])
    return "" if cells[0] == "device" else ",".join((cells[0], *cells[2:4]))
