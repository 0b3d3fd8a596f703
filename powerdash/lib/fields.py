"""Checking of what people and programs fill in. Pure.

A service checks all its fields and refuses them together, so that a form can show each
mistake beside its field.
"""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any


class FieldsInvalid(ValueError):
    """Fields hold values that cannot be taken.

    Attributes:
        errors: Sentences by field.
    """

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(
            " ".join(f"{field}: {' '.join(said)}" for field, said in errors.items())
        )
        self.errors = dict(errors)


class Fields:
    """Collects the mistakes of several fields; `check` raises them all at once."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def refuse(self, field: str, sentence: str) -> None:
        """Note a mistake."""
        self.errors.setdefault(field, []).append(sentence)

    def check(self) -> None:
        """Go on only without mistakes.

        Raises:
            FieldsInvalid: There are some.
        """
        if self.errors:
            raise FieldsInvalid(self.errors)

    def text(
        self, field: str, value: object, *, most: int, required: bool = False
    ) -> str:
        """Return a text without spaces around it, at most `most` characters long."""
        if not isinstance(value, str):
            self.refuse(field, "Send a text.")
            return ""
        value = value.strip()
        if not value and required:
            self.refuse(field, "Fill this in.")
        if len(value) > most:
            self.refuse(field, f"Use at most {most} characters.")
        if not text_is_plain(value):
            self.refuse(field, "Use printable characters only.")
        return value

    def integer(self, field: str, value: object, *, least: int, most: int) -> int:
        """Return a whole number within [least, most]."""
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(field, "Send a whole number.")
            return least
        if not least <= value <= most:
            self.refuse(field, f"Choose a number from {least} to {most}.")
        return value

    def json_object(
        self, field: str, value: object, *, most_bytes: int, most_depth: int
    ) -> dict[str, Any]:
        """Return a JSON object that PostgreSQL can store and a page can show."""
        if not isinstance(value, dict):
            self.refuse(field, "Send a JSON object.")
            return {}
        if not json_is_storable(value, depth=most_depth):
            self.refuse(
                field,
                f"Nest at most {most_depth} deep, use finite numbers and printable"
                " texts.",
            )
        elif len(json.dumps(value)) > most_bytes:
            self.refuse(field, f"Use at most {most_bytes} bytes of JSON.")
        return value


def text_is_plain(text: str) -> bool:
    """Tell whether a text has no control characters and no halves of characters."""
    return not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)


def json_is_storable(value: object, *, depth: int) -> bool:
    """Tell whether a JSON value nests within `depth` and holds no odd values."""
    if isinstance(value, dict):
        return depth > 0 and all(
            isinstance(key, str)
            and text_is_storable(key)
            and json_is_storable(item, depth=depth - 1)
            for key, item in value.items()
        )
    if isinstance(value, list):
        return depth > 0 and all(
            json_is_storable(item, depth=depth - 1) for item in value
        )
    if isinstance(value, str):
        return text_is_storable(value)
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor NaN
    return value is None or isinstance(value, int)


def text_is_storable(text: str) -> bool:
    """Tell whether PostgreSQL's jsonb takes a text: no NUL, no halves of characters."""
    return "\x00" not in text and not any(
        0xD800 <= ord(letter) <= 0xDFFF for letter in text
    )
