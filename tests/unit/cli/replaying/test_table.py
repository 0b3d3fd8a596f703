"""Files as tables, and what is said of those that are none."""

import gzip
import os
import threading
from pathlib import Path

import pytest

from powerdash.cli.replaying.table import (
    PLAIN,
    FileUnreadable,
    Layout,
    Table,
    at_rest,
    file_digest,
)


def table(
    file: Path, body: bytes, layout: Layout = PLAIN
) -> tuple[list[str], list[list[str]]]:
    file.write_bytes(body)
    with Table(file, layout) as opened:
        return opened.header, list(opened.rows())


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_it_finds_the_delimiter(tmp_path: Path, mark: str) -> None:
    text = f"\ufeffts{mark} V \r\n1{mark}2\r\n\r\n3\r\n"
    header, rows = table(tmp_path / "x", text.encode())
    assert header == ["ts", "V"]
    assert rows == [["1", "2"], ["3", ""]]


def test_it_reads_gzip_whatever_the_name(tmp_path: Path) -> None:
    body = gzip.compress(b"a,b\n" + b'"1,5",2\n' * 3)
    assert table(tmp_path / "x.csv", body) == (["a", "b"], [["1,5", "2"]] * 3)


def test_it_takes_the_delimiter_given(tmp_path: Path) -> None:
    assert table(tmp_path / "x", b"a,b;c\n1,5;2\n", Layout(";"))[1] == [["1,5", "2"]]


def test_it_knows_how_far_it_has_read(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"a,b\n" + b"1,2\n" * 50_000)
    with Table(file) as opened:
        positions = [opened.position for _ in opened.rows()]
    assert positions == sorted(positions)
    assert positions[0] < positions[-1] == opened.size


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "no header"),
        (b"\n1,2\n", "no header"),
        (gzip.compress(b"a,b\n" + bytes(range(97, 120)) * 9000)[:-20], "cut short"),
        (b"a,b\n1,\xff\xfe\n", "not utf-8"),
        (b'a,b\n1,"' + b"x" * 140_000 + b"\n", "line"),
    ],
)
def test_it_says_what_is_wrong(tmp_path: Path, body: bytes, sentence: str) -> None:
    with pytest.raises(FileUnreadable, match=sentence):
        table(tmp_path / "x", body)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for opening in (Table, file_digest):
        with pytest.raises(FileUnreadable, match="No such file"):
            opening(tmp_path / "none")


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_bytes(b"a")
    two.write_bytes(b"a")
    assert file_digest(one) == file_digest(two)
    two.write_bytes(b"b")
    assert file_digest(one) != file_digest(two)


def test_it_reads_other_encodings_and_skips_what_stands_before(tmp_path: Path) -> None:
    body = "Zähler 7\r\n\r\nZeit;Strom\r\n1;2\r\n".encode("latin-1")
    with pytest.raises(FileUnreadable, match="--encoding"):
        table(tmp_path / "x", body)
    layout = Layout(encoding="latin-1", skip_lines=2)
    assert table(tmp_path / "x", body, layout) == (["Zeit", "Strom"], [["1", "2"]])
    with pytest.raises(FileUnreadable, match="--encoding klingon"):
        table(tmp_path / "x", body, Layout(encoding="klingon"))


def test_columns_without_a_header_are_called_by_their_numbers(tmp_path: Path) -> None:
    found = table(tmp_path / "x", b"1,2\n3,4\n", Layout(header=False))
    assert found == (["1", "2"], [["1", "2"], ["3", "4"]])


def test_a_pipe_is_copied_to_be_read_again(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_bytes, args=(b"a,b\n1,2\n",))
    writing.start()
    with at_rest(pipe) as file:
        for _ in range(2):
            with Table(file) as opened:
                assert list(opened.rows()) == [["1", "2"]]
    writing.join()
    assert not file.exists()
    with at_rest(tmp_path / "missing") as file:
        assert file == tmp_path / "missing"
