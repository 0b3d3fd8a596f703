"""What of a supervised process's log reaches the terminal."""

import os
from pathlib import Path

import pytest

from powerdash.cli.output import Output, worth_telling
from tests.installation import until


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"level": "info", "event": "fine"}', None),
        ('{"level": "warning", "event": "away"}', "warning: away"),
        (
            '{"level": "error", "event": "broke", "error": "first\\nsecond"}',
            "error: broke (first)",
        ),
        (
            '{"level": "error", "event": "broke", "exception":'
            ' [{"exc_type": "ValueError", "exc_value": "no"}]}',
            "error: broke (ValueError: no)",
        ),
        ("powerdash: The port is in use.", "The port is in use."),
        ("2026-01-01 UTC [7] PANIC:  no space", "2026-01-01 UTC [7] PANIC:  no space"),
        ("2026-01-01 UTC [7] FATAL:  starting up", None),
        ("Traceback (most recent call last):", None),
        ("[1, 2]", None),
    ],
)
def test_only_what_a_person_should_see_is_told(line: str, told: str | None) -> None:
    assert worth_telling(line) == told


def test_everything_goes_to_the_file_and_a_warning_is_told_once(tmp_path: Path) -> None:
    said: list[str] = []
    output = Output("web", tmp_path / "web.log", said.append)
    warning = '{"level": "warning", "event": "away"}\n'
    descriptor = output.open()
    os.write(descriptor, f"{warning}plain\n{warning}last\n".encode())
    os.close(descriptor)
    until(lambda: output.last_line == "last", what="the pipe was read")
    assert (tmp_path / "web.log").read_text() == f"{warning}plain\n{warning}last\n"
    assert said == ["warning: away"]
    output.close()
