"""The command line itself."""

import importlib
import os

import pytest

from powerdash.cli import main
from powerdash.cli.errors import Refused, sentence, told_plainly
from powerdash.lib.embedded import PostgresUnavailable
from powerdash.lib.env import SettingInvalid


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["--data-dir", "/d", "up"], ["up"]),
        (["up", "--data-dir=/d", "--demo"], ["up", "--demo"]),
        (["users", "list", "--data-dir", "/d"], ["users", "list"]),
    ],
)
def test_the_data_folder_may_stand_anywhere(
    words: list[str], kept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERDASH_DATA_DIR", "/before")
    assert main.take_data_dir(words) == kept
    assert os.environ["POWERDASH_DATA_DIR"] == "/d"


@pytest.mark.parametrize(
    "words", [["up", "--data-dir"], ["x", "--", "--data-dir", "/d"]]
)
def test_what_is_no_data_folder_is_left_to_the_parser(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERDASH_DATA_DIR", "/before")
    assert main.take_data_dir(words) == words
    assert os.environ["POWERDASH_DATA_DIR"] == "/before"


@pytest.mark.parametrize("entry", main.ENTRIES, ids=lambda entry: entry.name)
def test_every_command_is_there(entry: main.Entry) -> None:
    if entry.database:
        from powerdash.cli.database import set_up_django

        set_up_django()
    module = importlib.import_module(entry.module)
    assert callable(module.app if entry.group else module.command)


def test_an_unknown_command_ends_with_status_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main.run(["nothing"])
    assert ended.value.code == 2
    assert "No such command 'nothing'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [Refused("So."), PostgresUnavailable("So."), SettingInvalid("So.")]
)
def test_an_expected_error_is_one_sentence_and_status_1(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, told_plainly():
        raise error
    assert ended.value.code == 1
    assert capsys.readouterr().err == "powerdash: So.\n"


def test_an_unexpected_error_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), told_plainly():
        raise ZeroDivisionError


def test_a_missing_permission_names_the_file() -> None:
    said = sentence(PermissionError(13, "Permission denied", "/srv/x"))
    assert said is not None
    assert said.startswith("No permission for /srv/x: ")
