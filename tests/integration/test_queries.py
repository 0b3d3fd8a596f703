"""Test that PostgreSQL understands every named query on the migrated schema."""

import re
from pathlib import Path

import asyncpg
import pytest

from powerdash.lib.sql import load_queries, positional

ROOT = Path(__file__).parents[2] / "powerdash"
QUERIES = {
    f"{file.parent.name}.{name}": query
    for file in sorted(ROOT.rglob("*.sql"))
    for name, query in load_queries(file).items()
}


class _Any(dict[str, None]):
    def __missing__(self, key: str) -> None:
        return None


@pytest.mark.parametrize("name", QUERIES)
async def test_it_is_understood(
    name: str, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    query, _ = positional(QUERIES[name], _Any())
    for statement in re.split(r";\s+(?=SET )", query):
        prepared = await pg.prepare(statement)
        assert prepared.get_query() == statement
