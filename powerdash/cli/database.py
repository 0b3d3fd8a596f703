"""The database of a command: there, reached, migrated."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
from psycopg import sql

from powerdash import settings
from powerdash.cli.errors import Refused
from powerdash.lib.embedded import Cluster

# Any number will do, as long as every process takes the same.
_MIGRATING = 7_146_329


def cluster() -> Cluster:
    """Return the embedded server of this installation."""
    return Cluster(settings.DATA_DIR, port=settings.DB_PORT)


@contextmanager
def server() -> Iterator[None]:
    """Have a running server: that of `DB_HOST`, or the embedded one.

    Raises:
        PostgresUnavailable: The embedded server does not run.
    """
    with ExitStack() as stack:
        if settings.DB_EMBEDDED:
            stack.enter_context(cluster().joined())
        yield


@contextmanager
def session() -> Iterator[None]:
    """Have Django set up and a migrated database.

    An embedded database is migrated as needed; another one only by `powerdash
    migrate`, for its owner decides when.

    Raises:
        PostgresUnavailable: The embedded server does not run.
        Refused: The database of `DB_HOST` is not migrated.
    """
    with server():
        if settings.DB_EMBEDDED:
            make()
        set_up_django()
        if is_behind():
            if not settings.DB_EMBEDDED:
                raise Refused(
                    f"The database {settings.DB_DATABASE} at {settings.DB_HOST} lacks"
                    " tables of this version: run `powerdash migrate`."
                )
            migrate()
        close_connections()
        yield


def set_up_django() -> None:
    """Load Django and the rooms' models."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "powerdash.settings")
    import django

    django.setup()


def is_behind() -> bool:
    """Tell whether a migration is still to run."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def close_connections() -> None:
    """Close Django's connections of this thread; a long-lived process needs none."""
    from django.db import connections

    connections.close_all()


def make() -> None:
    """Make the database on the server when it is not there.

    Raises:
        psycopg.OperationalError: There is no server, or it refuses us.
        Refused: The database is missing and we may not make it.
    """
    try:
        _connect(settings.DB_DATABASE).close()
    except psycopg.OperationalError as error:
        # A refused connection carries no SQLSTATE, only the server's words.
        if "does not exist" not in str(error) or "database" not in str(error):
            raise
        _create()


def _create() -> None:
    statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0")
    try:
        with _connect("postgres") as admin:
            admin.execute(statement.format(sql.Identifier(settings.DB_DATABASE)))
    except psycopg.errors.DuplicateDatabase:
        pass  # another process was faster
    except psycopg.errors.UniqueViolation:
        pass  # so it was, at the same instant
    except psycopg.errors.InsufficientPrivilege as error:
        raise Refused(
            f"There is no database {settings.DB_DATABASE} and {settings.DB_USERNAME}"
            f" may not make it: have its server's owner run"
            f" `CREATE DATABASE {settings.DB_DATABASE} OWNER {settings.DB_USERNAME}`."
        ) from error


def _connect(name: str) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(
        host=settings.DB_SERVER,
        port=settings.DB_PORT,
        user=settings.DB_USERNAME,
        password=settings.DB_PASSWORD or None,
        dbname=name,
        connect_timeout=10,
        autocommit=True,
    )


def migrate() -> None:
    """Run the migrations that are still to run, one process at a time."""
    from django.core.management import call_command

    with _connect(settings.DB_DATABASE) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
        call_command("migrate", verbosity=0, interactive=False)
