"""Checking of what is filled in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.lib.fields import (
    Fields,
    FieldsInvalid,
    json_is_storable,
    text_is_plain,
)


def test_it_raises_all_mistakes_at_once() -> None:
    fields = Fields()
    fields.text("name", "", most=5, required=True)
    fields.integer("age", 9, least=1, most=5)
    with pytest.raises(FieldsInvalid) as caught:
        fields.check()
    assert caught.value.errors == {
        "name": ["Fill this in."],
        "age": ["Choose a number from 1 to 5."],
    }
    assert str(caught.value).startswith("name: Fill this in. age:")


def test_it_strips_texts() -> None:
    fields = Fields()
    assert fields.text("name", "  Pump ", most=4) == "Pump"
    fields.check()


@pytest.mark.parametrize("value", [None, 3, True, b"x", ["x"]])
def test_it_refuses_what_is_no_text(value: object) -> None:
    fields = Fields()
    fields.text("name", value, most=5)
    assert fields.errors


@pytest.mark.parametrize("text", ["a\x00", "\x1b[0m", "a\nb", "\ud800", "\x7f"])
def test_control_characters_are_not_plain(text: str) -> None:
    assert not text_is_plain(text)


@pytest.mark.parametrize("text", ["", "Pump", "Zähler 3 · Küche", "泵", "🔌"])
def test_what_people_write_is_plain(text: str) -> None:
    assert text_is_plain(text)


@pytest.mark.parametrize(
    "value",
    [
        {"a": "\x00"},
        {"\x00": 1},
        {"a": float("inf")},
        {"a": float("nan")},
        {"a": "\udfff"},
        {"a": {"b": {"c": 1}}},
        {"a": object()},
    ],
)
def test_odd_json_is_not_storable(value: Any) -> None:
    assert not json_is_storable(value, depth=2)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs", "Cc"])),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_plain_json_is_storable(value: dict[str, Any]) -> None:
    assert json_is_storable(value, depth=1)
