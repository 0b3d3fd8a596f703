"""A web process that the tests of one module share."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from powerdash.accounts.services import organization_create
from powerdash.lib import clock
from tests import database as databases
from tests.integration.cli.web import Web


@pytest.fixture(scope="module")
def web(
    _cleaner: databases.Cleaner,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Web]:
    """Serve an organization `campus`; afterwards the database is empty again."""
    with django_db_blocker.unblock():
        organization_create(slug="campus", name="Campus", at=clock.now())
        running = Web(tmp_path_factory.mktemp("web"), "campus")
        try:
            yield running
        finally:
            running.stop()
            from django.db import connections

            connections.close_all()
    _cleaner.clean()
