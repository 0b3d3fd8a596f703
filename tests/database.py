"""One PostgreSQL for a run of the suite, one migrated database for each worker.

The server is an embedded one in the run's folder, or that of `DB_HOST`.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from powerdash import settings
from powerdash.lib.embedded import Cluster
from powerdash.lib.locks import FileLock
from tests.plugin import FOLDER, RUN

TEMPLATE = f"powerdash_test_{RUN}_template"
# Rows that migrations make.
KEPT_TABLES = ["django_migrations", "django_content_type", "auth_permission"]
# Nothing of a test outlives the run, so nothing needs to reach the disk.
OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_connections": "200",
}


def connect(database: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect to a database of the run's server, each statement by itself."""
    return psycopg.connect(
        host=settings.DB_SERVER,
        port=settings.DB_PORT,
        user=settings.DB_USERNAME,
        password=settings.DB_PASSWORD or None,
        dbname=database,
        autocommit=True,
    )


@contextmanager
def server() -> Iterator[None]:
    """Use the run's server; the first starts it, the last stops it."""
    FOLDER.mkdir(exist_ok=True)
    FOLDER.chmod(0o755)  # PostgreSQL does not run as root: its user passes here
    if settings.DB_EMBEDDED:
        _remove_leftovers()
        with Cluster(FOLDER, port=settings.DB_PORT, options=OPTIONS).joined():
            yield
    else:
        yield


def _remove_leftovers() -> None:
    """Stop and remove the servers of runs that were killed.

    The name of a run's folder ends with the process that began it. Several workers,
    and several runs, may look at the same time.
    """
    prefix = FOLDER.name.rpartition("-")[0]
    with FileLock(FOLDER.parent / f"{prefix}.lock"):
        for folder in FOLDER.parent.glob(f"{prefix}-*"):
            if _runs(int(folder.name.rpartition("-")[2])):
                continue
            if (folder / "postgres.lock").exists():
                Cluster(folder).stop()
            shutil.rmtree(folder)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def create(name: str) -> None:
    """Make a migrated database; the first caller of the run migrates the template."""
    with FileLock(FOLDER / "template.lock"), connect("postgres") as admin:
        if not admin.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]
        ).fetchone():
            draft = f"{TEMPLATE}_draft"
            _run(admin, "DROP DATABASE IF EXISTS {}", draft)
            _run(admin, "CREATE DATABASE {}", draft)
            _migrate(draft)
            _run(admin, "ALTER DATABASE {} RENAME TO {}", draft, TEMPLATE)
        _run(admin, "CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)


def drop(name: str) -> None:
    """Remove a database, closing what connections it has."""
    with connect("postgres") as admin:
        _run(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def drop_template() -> None:
    """Leave nothing on a server that is not ours."""
    if not settings.DB_EMBEDDED:
        drop(TEMPLATE)


def _run(
    admin: psycopg.Connection[tuple[Any, ...]], statement: str, *names: str
) -> None:
    admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _migrate(name: str) -> None:
    from django.core.management import call_command
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = settings.DB_DATABASE


class Cleaner:
    """Empties the tables between tests that commit."""

    def __init__(self, name: str) -> None:
        self._connection = connect(name)
        # The log of events refuses DELETE by a trigger; a replica's session has none.
        self._connection.execute("SET session_replication_role = replica")
        self._connection.execute("SET lock_timeout = '10s'")

    def clean(self) -> None:
        """Delete every row but those that migrations made."""
        tables = self._connection.execute(
            "SELECT c.relname FROM pg_class c"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND c.relnamespace = 'public'::regnamespace"
            " AND c.relname <> ALL (%s)",
            [KEPT_TABLES],
        ).fetchall()
        filled = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(
                name, sql.Identifier(name)
            )
            for (name,) in tables
        )
        for (name,) in self._connection.execute(filled).fetchall():
            _run(self._connection, "DELETE FROM {}", name)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def data_dirs_parent() -> Path:
    """Return a folder for installations that tests start themselves.

    Unlike pytest's `tmp_path` the unprivileged user of PostgreSQL may pass through it.
    """
    FOLDER.mkdir(exist_ok=True)
    FOLDER.chmod(0o755)
    return FOLDER
