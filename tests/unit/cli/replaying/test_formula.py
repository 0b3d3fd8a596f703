"""Formulas: arithmetic over columns, and nothing else."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.cli.replaying.formula import FormulaInvalid, columns, formula

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, NUMBERS)
def test_it_computes_as_python_does(p: float, q: float) -> None:
    value = formula("{P} / sqrt({P}**2 + {Q}**2)", {"P": 0, "Q": 1})
    root = math.sqrt(p**2 + q**2)
    assert value([p, q]) == (p / root if root else None)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1000 * {Active (W)}", 2500.0),
        ("-{Active (W)} + 1", -1.5),
        ("max({Active (W)}, 3, {b})", 3),
        ("abs(min({b}, 0 - 4))", 4),
        ("{Active (W)} >= 2.5", True),
        ("{b} != 1", False),
        ("{b} / 0", None),
        ("sqrt(0 - {b})", None),
        ("10.0 ** 400 * {b}", None),
        ("(0 - 1) ** 0.5", None),
    ],
)
def test_it_knows_arithmetic_comparisons_and_four_functions(
    text: str, result: float | None
) -> None:
    assert formula(text, {"Active (W)": 1, "b": 0})([1.0, 2.5]) == result


def test_it_has_no_value_when_a_column_is_missing() -> None:
    assert formula("{a} + 1", {"a": 0})([None]) is None
    assert formula("{a} >= 1", {"a": 0})([None]) is None


@pytest.mark.parametrize(
    "text",
    [
        "{a} +",
        "__import__('os').system('true')",
        "{a}.real",
        "[1, 2][0]",
        "lambda: 1",
        "'text'",
        "exec({a})",
        "1 < {a} < 3",
        "{a} if 1 else 2",
        "__column0 + {a}",
        "a",
        "True and {a}",
    ],
)
def test_it_takes_nothing_but_arithmetic(text: str) -> None:
    with pytest.raises(FormulaInvalid, match="is not arithmetic"):
        formula(text, {"a": 0})


def test_it_refuses_a_column_that_is_not_there() -> None:
    with pytest.raises(FormulaInvalid, match="names no column"):
        formula("{b} * 2", {"a": 0})


def test_it_names_its_columns_once() -> None:
    assert columns("{b} + {a} * {b}") == ["b", "a"]
    assert columns("plain") == []
