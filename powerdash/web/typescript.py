"""Makes `frontend/src/props.ts` of `props.py`: `python -m powerdash.web.typescript`."""

import dataclasses
import inspect
import sys
import types
import typing
from typing import Any, Literal, get_args, get_origin

from powerdash.web import props

_HEADER = (
    "// Made from powerdash/web/props.py by `python -m powerdash.web.typescript`;"
    " do not edit.\n"
)
_SIMPLE: dict[Any, str] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    Any: "unknown",
    type(None): "null",
}


def generate() -> str:
    """Return the text of `props.ts`: named literals, then an interface a class."""
    members = vars(props)
    names = {
        value: name for name, value in members.items() if get_origin(value) is Literal
    }
    parts = [_HEADER.rstrip()]
    literals = [f"export type {n} = {_literal(v)}" for v, n in names.items()]
    parts.append("\n".join(literals))
    parts += [
        _interface(value, names)
        for value in members.values()
        if dataclasses.is_dataclass(value) and isinstance(value, type)
    ]
    return "\n\n".join(parts) + "\n"


def _interface(props_class: type, names: dict[Any, str]) -> str:
    hints = typing.get_type_hints(props_class)
    about = " ".join(inspect.getdoc(props_class).split())  # type: ignore[union-attr]
    lines = [
        f"  {field.name}: {type_text(hints[field.name], names)}"
        for field in dataclasses.fields(props_class)
    ]
    head = f"/** {about} */\nexport interface {props_class.__name__} {{"
    return "\n".join([head, *lines, "}"])


def type_text(hint: Any, names: dict[Any, str]) -> str:
    """Return a Python type as TypeScript writes it.

    Args:
        names: Literal types that have a name of their own.

    Raises:
        TypeError: The type has no equal on a page.
    """
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if hint in names:
        return names[hint]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return hint.__name__
    return _compound(hint, names)


def _compound(hint: Any, names: dict[Any, str]) -> str:
    origin = get_origin(hint)
    if origin is Literal:
        return _literal(hint)
    inner = [type_text(argument, names) for argument in get_args(hint)]
    if origin is list:
        return f"({inner[0]})[]" if " " in inner[0] else f"{inner[0]}[]"
    if origin is dict:
        return f"Record<{inner[0]}, {inner[1]}>"
    if origin in (types.UnionType, typing.Union):
        return " | ".join(inner)
    raise TypeError(f"{hint} has no equal in TypeScript.")


def _literal(hint: Any) -> str:
    return " | ".join(f"'{value}'" for value in get_args(hint))


if __name__ == "__main__":
    sys.stdout.write(generate())
