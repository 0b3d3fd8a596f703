"""Fixtures of the whole suite; the settings were made by `tests.plugin`."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from pytest_django.plugin import DjangoDbBlocker

from powerdash import settings
from tests import database as databases

_NEEDS_DATABASE = {"db", "transactional_db", "database", "pg", "django_db_setup"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep `tests/unit` free of the database."""
    unit = Path(__file__).parent / "unit"
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        marked = item.get_closest_marker("django_db") is not None
        if item.path.is_relative_to(unit) and (marked or names & _NEEDS_DATABASE):
            raise pytest.UsageError(
                f"{item.nodeid} uses the database: move it to tests/integration."
            )


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this worker its own migrated database on the run's server."""
    with databases.server():
        with django_db_blocker.unblock():
            databases.create(settings.DB_DATABASE)
        yield
        databases.drop(settings.DB_DATABASE)


@pytest.fixture(scope="session")
def _cleaner(django_db_setup: None) -> Iterator[databases.Cleaner]:
    cleaner = databases.Cleaner(settings.DB_DATABASE)
    yield cleaner
    cleaner.close()


@pytest.fixture
def database(
    _cleaner: databases.Cleaner, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Let the test commit, by Django and by any other connection; then empty it all."""
    with django_db_blocker.unblock():
        yield
        from django.db import connections

        connections.close_all()
    _cleaner.clean()


@pytest_asyncio.fixture
async def pg(database: None) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Connect to the worker's database as the data plane does."""
    connection = await asyncpg.connect(
        host=settings.DB_SERVER,
        port=settings.DB_PORT,
        user=settings.DB_USERNAME,
        password=settings.DB_PASSWORD or None,
        database=settings.DB_DATABASE,
    )
    yield connection
    await connection.close()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Make an empty folder for an installation of the test's own."""
    folder = Path(tempfile.mkdtemp(dir=databases.data_dirs_parent()))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
