"""Reads files of named queries: `-- name --`, a line of why, the statement.

Arguments are written `%(name)s`, as psycopg takes them; `positional` rewrites a query
for asyncpg, so that both planes share one file.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)
_ARGUMENT = re.compile(r"%\((\w+)\)s")


def load_queries(file: Path) -> dict[str, str]:
    """Return the statements of `file` by name.

    Raises:
        ValueError: A name stands twice.
    """
    parts = _NAME.split(file.read_text(encoding="utf-8"))[1:]
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{file.name} names a query twice.")
    return {name: body.strip() for name, body in zip(names, bodies, strict=True)}


def positional(query: str, arguments: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Rewrite `%(name)s` to `$n`, and return the values in that order.

    Raises:
        KeyError: `arguments` lacks one that the query names.
    """
    names = list(dict.fromkeys(_ARGUMENT.findall(query)))
    numbered = _ARGUMENT.sub(lambda found: f"${names.index(found[1]) + 1}", query)
    return numbered.replace("%%", "%"), [arguments[name] for name in names]
