"""The door's statements, by name."""

from pathlib import Path

from powerdash.lib.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))
