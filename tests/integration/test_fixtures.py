"""The suite's own fixtures keep one test from another."""

from typing import Any

import asyncpg
import pytest
from django.contrib.sessions.models import Session

from powerdash.lib.clock import now

Pg = Any


def _add_session() -> None:
    Session.objects.create(session_key="x", session_data="", expire_date=now())


@pytest.mark.parametrize("turn", [1, 2])
def test_db_takes_back_what_a_test_wrote(db: None, turn: int) -> None:
    _add_session()


@pytest.mark.parametrize("turn", [1, 2])
def test_database_deletes_what_a_test_committed(database: None, turn: int) -> None:
    _add_session()


@pytest.mark.parametrize("turn", [1, 2])
async def test_pg_deletes_what_a_test_committed(pg: Pg, turn: int) -> None:
    await pg.execute("INSERT INTO django_session VALUES ('x', '', now())")


@pytest.mark.parametrize("turn", [1, 2])
async def test_pg_empties_the_log_that_refuses_deletion(pg: Pg, turn: int) -> None:
    assert await pg.fetchval("SELECT count(*) FROM events") == 0
    await pg.execute("INSERT INTO events (at, type, data) VALUES (now(), 'x', '{}')")
    with pytest.raises(asyncpg.PostgresError):
        await pg.execute("DELETE FROM events")


async def test_django_and_asyncpg_see_the_same_database(pg: Pg) -> None:
    await pg.execute("INSERT INTO django_session VALUES ('x', '', now())")
    assert await Session.objects.acount() == 1
