"""Rows of a CSV file, gzip or plain, with a sentence for what is wrong with it."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from powerdash.cli.errors import Refused

_GZIP = b"\x1f\x8b"
_DELIMITERS = ",;\t|"


class FileUnreadable(Refused):
    """The file cannot be read as a table; the message is a sentence for people."""


class Table:
    """An open CSV file: a header and rows of text.

    Attributes:
        header: The column names, without surrounding spaces.
        size: Bytes on disk.

    Raises:
        FileUnreadable: It cannot be opened or has no header.
    """

    def __init__(self, file: Path, *, delimiter: str = "") -> None:
        self._file = file
        try:
            self._raw: BinaryIO = file.open("rb")
            self.size = file.stat().st_size
        except OSError as error:
            raise FileUnreadable(f"{file} cannot be read: {error.strerror}.") from error
        try:
            self._open(delimiter)
        except BaseException:
            self._raw.close()
            raise

    def _open(self, delimiter: str) -> None:
        is_gzip = self._raw.read(2) == _GZIP
        self._raw.seek(0)
        stream = gzip.GzipFile(fileobj=self._raw) if is_gzip else self._raw
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        first = next(self._lines(), "")
        if not first.strip():
            raise FileUnreadable(f"{self._file} has no header line.")
        self._delimiter = delimiter or max(_DELIMITERS, key=first.count)
        header = next(csv.reader([first], delimiter=self._delimiter))
        self.header = [name.strip() for name in header]

    def __enter__(self) -> "Table":
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()
        self._raw.close()

    @property
    def position(self) -> int:
        """Return how many bytes of the file have been read."""
        return 0 if self._raw.closed else self._raw.tell()

    def rows(self) -> Iterator[list[str]]:
        """Return the rows, as long as the header at least; blank lines are left out.

        Raises:
            FileUnreadable: The file is cut short or is not text.
        """
        width = len(self.header)
        reader = csv.reader(self._lines(), delimiter=self._delimiter)
        try:
            for row in reader:
                if not row:
                    continue
                if len(row) < width:
                    row.extend([""] * (width - len(row)))
                yield row
        except csv.Error as error:
            raise FileUnreadable(
                f"{self._file}, line {reader.line_num + 1}: {error}."
            ) from error

    def _lines(self) -> Iterator[str]:
        try:
            # Not `yield from`: that would close the file together with this generator.
            for line in self._text:  # noqa: UP028
                yield line
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise FileUnreadable(f"{self._file} is cut short or damaged.") from error
        except UnicodeDecodeError as error:
            raise FileUnreadable(f"{self._file} is not UTF-8 text.") from error


def file_digest(file: Path) -> str:
    """Return the SHA-256 of a file, 64 hex digits.

    Raises:
        FileUnreadable: It cannot be read.
    """
    try:
        with file.open("rb") as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()
    except OSError as error:
        raise FileUnreadable(f"{file} cannot be read: {error.strerror}.") from error
