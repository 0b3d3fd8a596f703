"""Formulas over columns, such as `{P} / sqrt({P}**2 + {Q}**2)`.

Parsed by Python's own parser, but only arithmetic, comparisons and a few functions are
taken, and nothing is ever handed to `eval`: a preset file cannot run code.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence

Row = Sequence[float | None]
Value = Callable[[Row], float | None]

_STAND_IN = "__column"  # stands for a column while Python parses the formula
_COLUMN = re.compile(r"\{([^{}]+)\}")
_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "sqrt": math.sqrt,
    "abs": abs,
    "min": min,
    "max": max,
}


class FormulaInvalid(ValueError):
    """A formula cannot be read; the message is a sentence for people."""


def columns(text: str) -> list[str]:
    """Return the columns that `text` names in braces, in order, each once."""
    return list(dict.fromkeys(_COLUMN.findall(text)))


def formula(text: str, places: Mapping[str, int]) -> Value:
    """Return a function from a row's numbers to the formula's value.

    The value is None when a column in it is missing, or when it is not defined (a
    division by zero, the root of a negative number).

    Args:
        places: Column name to its place in the row.

    Raises:
        FormulaInvalid: A column is not there, or it is not arithmetic.
    """
    names = columns(text)
    for name in names:
        if name not in places:
            raise FormulaInvalid(f"The formula {text} names no column of the file.")
    if _STAND_IN in text:
        raise FormulaInvalid(f"The formula {text} is not arithmetic.")
    plain = _COLUMN.sub(lambda found: f"{_STAND_IN}{names.index(found[1])}", text)
    try:
        tree = ast.parse(plain.strip(), mode="eval")
    except SyntaxError as error:
        raise FormulaInvalid(f"The formula {text} is not arithmetic.") from error
    inner = _compiled(tree.body, [places[name] for name in names], text)

    def value(row: Row) -> float | None:
        try:
            found = inner(row)
        except (ArithmeticError, ValueError, TypeError):
            return None
        return found if isinstance(found, (int, float)) else None

    return value


def _compiled(
    node: ast.expr, places: Sequence[int], text: str
) -> Callable[[Row], float]:
    match node:
        case ast.Constant(value=int() | float() as number):
            return lambda row: number
        case ast.Name(id=name) if name.startswith(_STAND_IN):
            # A missing column makes the arithmetic raise TypeError: no value.
            place = places[int(name.removeprefix(_STAND_IN))]
            return lambda row: row[place]  # type: ignore[return-value]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            of = _compiled(operand, places, text)
            return lambda row: -of(row)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _joined(_BINARY[type(op)], (left, right), places, text)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _joined(_COMPARE[type(op)], (left, right), places, text)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if (
            name in _FUNCTIONS
        ):
            return _joined(_FUNCTIONS[name], args, places, text)
        case _:
            raise FormulaInvalid(f"The formula {text} is not arithmetic.")


def _joined(
    call: Callable[..., float],
    nodes: Sequence[ast.expr],
    places: Sequence[int],
    text: str,
) -> Callable[[Row], float]:
    parts = [_compiled(node, places, text) for node in nodes]
    if len(parts) == 2:
        left, right = parts
        return lambda row: call(left(row), right(row))
    return lambda row: call(*(part(row) for part in parts))
