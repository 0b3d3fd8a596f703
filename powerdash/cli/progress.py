"""How far long work is, told seldom enough to be read."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import typer

EVERY_S = 2.0

T = TypeVar("T")


def now_and_then(say: Callable[[T], str]) -> Callable[[T], None]:
    """Return what prints how far the work is, at most every two seconds.

    Args:
        say: Puts it in words.
    """
    next_at = monotonic() + EVERY_S

    def told(found: T) -> None:
        nonlocal next_at
        if monotonic() >= next_at:
            next_at = monotonic() + EVERY_S
            typer.echo(say(found), err=True)

    return told
