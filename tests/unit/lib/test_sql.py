"""Test that named queries are read and rewritten."""

from pathlib import Path

import pytest

from powerdash.lib.sql import load_queries, positional


def test_queries_are_found_by_name(tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text("-- one --\n-- Why.\nSELECT 1\n\n-- two --\nSELECT 2\n")
    assert load_queries(file) == {"one": "-- Why.\nSELECT 1", "two": "SELECT 2"}


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text("-- one --\nSELECT 1\n-- one --\nSELECT 2\n")
    with pytest.raises(ValueError, match="twice"):
        load_queries(file)


def test_names_become_numbers_in_order_of_first_use() -> None:
    query = "SELECT %(b)s, %(a)s, %(b)s::int %% 2"
    assert positional(query, {"a": 1, "b": 2, "c": 3}) == (
        "SELECT $1, $2, $1::int % 2",
        [2, 1],
    )
