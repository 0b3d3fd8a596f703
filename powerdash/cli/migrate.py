"""`powerdash migrate`."""

import typer

from powerdash import settings
from powerdash.cli import database


def command() -> None:
    """Make the database if it is missing, and bring its tables up to date."""
    with database.server():
        database.make()
        database.set_up_django()
        database.migrate()
    typer.echo(f"The database {settings.DB_DATABASE} is up to date.")
