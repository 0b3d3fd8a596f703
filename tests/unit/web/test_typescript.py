"""The types of the pages' props."""

import os
from pathlib import Path
from typing import Any, Literal

import pytest

from powerdash.web.typescript import generate, type_text

COMMITTED = Path(__file__).parents[3] / "frontend" / "src" / "props.ts"


def test_it_is_what_the_frontend_was_built_with() -> None:
    assert COMMITTED.read_text() == generate(), (
        f"run python -m powerdash.web.typescript > {os.path.relpath(COMMITTED)}"
    )


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (str | None, "string | null"),
        (list[float | None], "(number | null)[]"),
        (dict[str, list[int]], "Record<string, number[]>"),
        (dict[str, Any], "Record<string, unknown>"),
        (Literal["a", "b"], "'a' | 'b'"),
        (bool, "boolean"),
    ],
)
def test_it_writes_python_types_as_typescript(hint: Any, text: str) -> None:
    assert type_text(hint, {}) == text


def test_it_refuses_what_a_page_cannot_be_given() -> None:
    with pytest.raises(TypeError):
        type_text(set[str], {})
