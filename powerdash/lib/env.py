"""Typed reading of environment variables, with a record of where each came from.

Every reader names its variable in the error it raises. A secret may also be given
as `NAME_FILE`, the path of a file that holds it.
"""

import ipaddress
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class SettingInvalid(ValueError):
    """A setting has a value that cannot be used; the message names the variable."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in force.

    Attributes:
        source: `environment`, `file NAME`, `.env` or `default`.
        secret: The value must never be printed.
    """

    name: str
    value: object
    source: str
    secret: bool


class Shape(NamedTuple):
    """What a text must look like, as a regular expression and in words."""

    pattern: str
    said: str


ANY = Shape(r".*", "a line")
NAME = Shape(r"[A-Za-z0-9_-]+", "letters, digits, - and _")
URL = Shape(r"https?://\S+", "an address such as https://id.example.org")


DAYS_MAX = 36_500


class Env:
    """Reads settings from a mapping and remembers what it read.

    Args:
        environ: Variable names to texts, usually `os.environ`.
        dotenv: Names that came from a `.env` file rather than the environment.
    """

    def __init__(
        self, environ: Mapping[str, str], *, dotenv: frozenset[str] = frozenset()
    ) -> None:
        self._environ = environ
        self._dotenv = dotenv
        self.read: dict[str, Setting] = {}

    def _get(
        self,
        name: str,
        default: T,
        cast: Callable[[str], T],
        *,
        secret: bool = False,
    ) -> T:
        text = self._environ.get(name)
        source = ".env" if name in self._dotenv else "environment"
        if secret and not text and (file := self._environ.get(f"{name}_FILE")):
            try:
                text = Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingInvalid(
                    f"{name}_FILE: cannot read {file}: {error.strerror}."
                ) from error
            source = f"file {file}"
        # "null" is how the specification's .env writes "no password".
        if text is None or text.strip() in {"", "null"}:
            value, source = default, "default"
        else:
            try:
                value = cast(text.strip())
            except ValueError as error:
                shown = "the value given" if secret else repr(text)
                raise SettingInvalid(f"{name}: {shown} {error}.") from error
        self.read[name] = Setting(name, value, source, secret)
        return value

    def text(self, name: str, default: str = "", *, shape: Shape = ANY) -> str:
        """Read a text of a shape."""

        def cast(text: str) -> str:
            if not re.fullmatch(shape.pattern, text):
                raise ValueError(f"must be {shape.said}")
            return text

        return self._get(name, default, cast)

    def made(self, name: str, value: str, file: Path) -> str:
        """Note that a secret which was not given is the one in a file of ours."""
        self.read[name] = Setting(name, value, f"file {file}", secret=True)
        return value

    def secret(self, name: str, default: str = "") -> str:
        """Read a secret, from `NAME` or from the file that `NAME_FILE` names."""
        return self._get(name, default, str, secret=True)

    def integer(
        self, name: str, default: int, *, least: int = 0, most: int | None = None
    ) -> int:
        """Read a whole number within [least, most]."""
        return self._get(name, default, lambda text: _whole(text, least, most))

    def days(self, name: str, default: int, *, finer: int = 1) -> int:
        """Read for how many days something is kept; 0 is for ever.

        Args:
            finer: For how many what it is made of is: it is kept as long at least.
        """

        def cast(text: str) -> int:
            days = _whole(text, 0, DAYS_MAX)
            if days and (days < finer or not finer):
                least = f"{finer} days" if finer else "for ever"
                raise ValueError(
                    f"is shorter than {least}, as what it is made of is kept"
                )
            return days

        return self._get(name, max(default, finer) if default and finer else 0, cast)

    def number(
        self, name: str, default: float, *, least: float = 0, most: float | None = None
    ) -> float:
        """Read a number within [least, most]."""

        def cast(text: str) -> float:
            try:
                number = float(text)
            except ValueError:
                raise ValueError("is not a number") from None
            return _bounded(number, least, most)

        return self._get(name, default, cast)

    def boolean(self, name: str, default: bool) -> bool:
        """Read `true`/`false`, `yes`/`no`, `on`/`off` or `1`/`0`."""

        def cast(text: str) -> bool:
            if text.lower() in _TRUE:
                return True
            if text.lower() in _FALSE:
                return False
            raise ValueError("is neither true nor false")

        return self._get(name, default, cast)

    def choice(self, name: str, default: str, options: tuple[str, ...]) -> str:
        """Read one of `options`."""

        def cast(text: str) -> str:
            if text not in options:
                raise ValueError(f"is not one of {', '.join(options)}")
            return text

        return self._get(name, default, cast)

    def words(
        self,
        name: str,
        default: tuple[str, ...] = (),
        *,
        check: Callable[[str], object] = str,
    ) -> tuple[str, ...]:
        """Read a comma-separated list of at least one word.

        Args:
            check: Raises ValueError, with how it must be, for a word that is none.
        """

        def cast(text: str) -> tuple[str, ...]:
            words = tuple(word.strip() for word in text.split(",") if word.strip())
            if not words:
                raise ValueError("holds nothing")
            for word in words:
                check(word)
            return words

        return self._get(name, default, cast)


def origin(word: str) -> None:
    """Check one of `CSRF_TRUSTED_ORIGINS`."""
    if not re.fullmatch(r"https?://[^/\s]+", word):
        raise ValueError("must hold origins such as https://power.example.org")


def network(word: str) -> None:
    """Check an address or a network."""
    try:
        ipaddress.ip_network(word, strict=False)
    except ValueError:
        raise ValueError("must hold addresses or networks") from None


def _whole(text: str, least: int, most: int | None) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ValueError("is not a whole number") from None
    return _bounded(number, least, most)


def _bounded(number: T, least: float, most: float | None) -> T:
    if not math.isfinite(number):  # type: ignore[arg-type]
        raise ValueError("must be finite")
    if not (number >= least and (most is None or number <= most)):  # type: ignore[operator]
        upper = "" if most is None else f" and at most {most}"
        raise ValueError(f"must be at least {least}{upper}")
    return number


def load(directory: Path) -> Env:
    """Read `.env` in `directory` (the environment wins) and return the reader."""
    from dotenv import dotenv_values

    try:
        found = dotenv_values(directory / ".env")
    except UnicodeDecodeError:
        raise SettingInvalid(f"{directory / '.env'} is not UTF-8 text.") from None
    file = {k: v for k, v in found.items() if v is not None}
    names = frozenset(file.keys() - os.environ.keys())
    return Env({**file, **os.environ}, dotenv=names)
