"""Texts in addresses."""

from typing import Annotated

from pydantic import AfterValidator

from powerdash.lib.fields import text_is_plain


def _plain(value: str) -> str:
    if not text_is_plain(value):
        raise ValueError("use printable characters only")
    return value.strip()


PlainText = Annotated[str, AfterValidator(_plain)]
