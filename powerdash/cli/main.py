"""The `powerdash` command: which commands there are, loaded only when used."""

import importlib
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated

import typer

from powerdash import __version__
from powerdash.cli.errors import told_plainly


@dataclass(frozen=True, slots=True)
class Entry:
    """A command or a group of commands.

    Attributes:
        module: Has `command` (a function) or, when `group`, `app` (a Typer).
        database: Django is set up and the database is there before it runs.
    """

    name: str
    module: str
    help: str
    group: bool = False
    database: bool = False
    hidden: bool = False


_HERE = "powerdash.cli"
ENTRIES = (
    Entry("up", f"{_HERE}.up", "Run everything on this machine."),
    Entry("serve", f"{_HERE}.serve", "Run the web process.", database=True),
    Entry("worker", f"{_HERE}.worker", "Run the background process.", database=True),
    Entry("migrate", f"{_HERE}.migrate", "Make or update the database."),
    Entry("settings", f"{_HERE}.settings", "Print the settings in force."),
    Entry("organizations", f"{_HERE}.organizations", "Organizations.", True, True),
    Entry("users", f"{_HERE}.users", "Users and their roles.", True, True),
    Entry("devices", f"{_HERE}.devices", "Devices.", True, True),
    Entry("telemetry", f"{_HERE}.telemetry", "Readings and rollups.", True, True),
    Entry("retention", f"{_HERE}.retention", "How long what is kept.", True, True),
    Entry("rejections", f"{_HERE}.rejections", "Refused readings.", True, True),
    Entry("events", f"{_HERE}.events", "The record of what happened.", True, True),
    Entry("simulate", f"{_HERE}.simulate", "Post readings of simulated devices."),
    Entry("replay", f"{_HERE}.replay", "Post the readings of a file."),
    Entry("demo", f"{_HERE}.demo", "Make the demo.", database=True, hidden=True),
)
HELP = {"--help", "-h"}


def main() -> None:
    """Run the command line and end the process."""
    with told_plainly():
        run(sys.argv[1:])


def run(arguments: list[str]) -> None:
    """Run one command.

    Raises:
        SystemExit: Always, with the exit status.
    """
    words = take_data_dir(arguments)
    entry = chosen(words)
    with ExitStack() as stack:
        if entry is not None and entry.database:
            from powerdash.cli import database

            if HELP & set(words):
                database.set_up_django()
            else:
                stack.enter_context(database.session())
        application(entry)(args=words, prog_name="powerdash")


def take_data_dir(arguments: list[str]) -> list[str]:
    """Put `--data-dir`, wherever it stands, into the environment; return the rest.

    The settings are read from the environment when the first module needs one, which
    is before a command's own options are.
    """
    rest = iter(arguments)
    kept: list[str] = []
    for word in rest:
        if word == "--":
            return [*kept, word, *rest]
        name, equals, value = word.partition("=")
        if name != "--data-dir":
            kept.append(word)
            continue
        if not equals:
            value = next(rest, "")
        if not value:
            return [*kept, word]  # let the parser say that the value is missing
        os.environ["POWERDASH_DATA_DIR"] = value
    return kept


def chosen(words: list[str]) -> Entry | None:
    """Return the command that the words name."""
    name = next((word for word in words if not word.startswith("-")), None)
    return next((entry for entry in ENTRIES if entry.name == name), None)


def application(entry: Entry | None) -> typer.Typer:
    """Build the command line with `entry` loaded and the others by name only."""
    app = typer.Typer(
        name="powerdash",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": sorted(HELP)},
    )
    app.callback()(_global_options)
    for each in ENTRIES:
        if each is not entry:
            app.command(each.name, help=each.help, hidden=each.hidden)(_not_loaded)
            continue
        module = importlib.import_module(each.module)
        if each.group:
            app.add_typer(module.app, name=each.name, help=each.help)
        else:
            app.command(each.name, hidden=each.hidden)(module.command)
    return app


def _not_loaded() -> None:
    raise AssertionError("only the chosen command runs")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"powerdash {__version__}")
        raise typer.Exit


def _global_options(
    data_dir: Annotated[
        str | None,
        typer.Option(
            "--data-dir",
            metavar="DIR",
            help="The installation's folder, before or after the command;"
            " else POWERDASH_DATA_DIR, else the user's data folder.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Watch, store and analyze the power that devices measure."""
