"""Rows of a CSV file, gzip or plain, with a sentence for what is wrong with it."""

import csv
import gzip
import hashlib
import io
import itertools
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from powerdash.cli.errors import Refused

_GZIP = b"\x1f\x8b"
_DELIMITERS = ",;\t|"


class FileUnreadable(Refused):
    """The file cannot be read as a table; the message is a sentence for people."""


class Layout(NamedTuple):
    """How a file is laid out.

    Attributes:
        delimiter: Empty: the one that the first line has most of.
        skip_lines: Lines before the header. header: Without one, columns are called by
            their numbers, from 1.
    """

    delimiter: str = ""
    encoding: str = "utf-8"
    skip_lines: int = 0
    header: bool = True


PLAIN = Layout()


class Table:
    """An open CSV file: a header and rows of text.

    Attributes:
        header: The column names, without surrounding spaces.
        size: Bytes on disk.

    Raises:
        FileUnreadable: It cannot be opened or has no header.
    """

    def __init__(self, file: Path, layout: Layout = PLAIN) -> None:
        self._file = file
        self._layout = layout
        try:
            self._raw: BinaryIO = file.open("rb")
            self.size = file.stat().st_size
        except OSError as error:
            raise FileUnreadable(f"{file} cannot be read: {error.strerror}.") from error
        try:
            self._open(layout)
        except BaseException:
            self._raw.close()
            raise

    def _open(self, layout: Layout) -> None:
        is_gzip = self._raw.read(2) == _GZIP
        self._raw.seek(0)
        stream = gzip.GzipFile(fileobj=self._raw) if is_gzip else self._raw
        encoding = "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding
        try:
            self._text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        except LookupError as error:
            raise FileUnreadable(
                f"--encoding {layout.encoding} is none: say utf-8, latin-1 or cp1252."
            ) from error
        lines = itertools.islice(self._lines(), layout.skip_lines, None)
        first = next(lines, "")
        if not first.strip():
            raise FileUnreadable(f"{self._file} has no header line.")
        self._delimiter = layout.delimiter or max(_DELIMITERS, key=first.count)
        names = next(csv.reader([first], delimiter=self._delimiter))
        self._first = [] if layout.header else [first]
        self.header = [
            name.strip() if layout.header else str(number)
            for number, name in enumerate(names, 1)
        ]

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
        lines = itertools.chain(self._first, self._lines())
        reader = csv.reader(lines, delimiter=self._delimiter)
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
            raise FileUnreadable(
                f"{self._file} is not {self._layout.encoding} text: say with --encoding"
                " what it is, such as latin-1."
            ) from error


@contextmanager
def at_rest(file: Path) -> Iterator[Path]:
    """Have a file that can be read again; a pipe is copied, `-` is the input.

    Raises:
        FileUnreadable: It cannot be read.
    """
    if str(file) != "-" and (file.is_file() or not file.exists()):
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "input.csv"
        try:
            with copy.open("wb") as out:
                if str(file) == "-":
                    shutil.copyfileobj(sys.stdin.buffer, out)
                else:
                    with file.open("rb") as source:
                        shutil.copyfileobj(source, out)
        except OSError as error:
            raise FileUnreadable(f"{file} cannot be read: {error.strerror}.") from error
        yield copy


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
