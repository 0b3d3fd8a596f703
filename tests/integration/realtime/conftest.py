"""Real servers of the realtime door, each a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.realtime.client import Server

ROOT = Path(__file__).parents[3]


@contextmanager
def running(**environment: str) -> Iterator[Server]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.realtime.host"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield Server(process, int(process.stdout.readline()))
        finally:
            process.terminate()
            assert process.stdout.read() == "stopped\n"


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    """One server, with PostgreSQL's bus."""
    with running() as server:
        yield server


@pytest.fixture
def own_server(django_db_setup: None) -> Iterator[Server]:
    """A server that the test may spoil."""
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def impatient_server(django_db_setup: None) -> Iterator[Server]:
    """A server that asks after a second of silence, and gives up after another."""
    with running(SILENCE_S="1") as server:
        yield server


@pytest.fixture(scope="module", params=["postgresql", "rabbitmq"])
def pair(
    request: pytest.FixtureRequest, django_db_setup: None
) -> Iterator[tuple[Server, Server]]:
    """Two servers that know of each other only by the bus."""
    rabbitmq = request.param == "rabbitmq"
    environment = {"RABBITMQ_HOST": "127.0.0.1"} if rabbitmq else {}
    with running(**environment) as one, running(**environment) as two:
        yield one, two
