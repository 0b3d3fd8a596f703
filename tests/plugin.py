"""Loaded before anything else: the suite's own settings, whatever the machine has.

`powerdash.settings` reads the environment once, and pytest-django reads the settings
before any conftest; so this is named with `-p` in pyproject.toml.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from dotenv import dotenv_values

# Set by the first process of a run, inherited by its xdist workers.
RUN = os.environ.setdefault("POWERDASH_TEST_RUN", str(os.getpid()))
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
FOLDER = Path(tempfile.gettempdir()) / f"powerdash-tests-{os.getuid()}-{RUN}"

# These name a server to test against; any other setting has its default in tests.
KEPT = ("DB_HOST", "DB_PORT", "DB_USERNAME", "DB_PASSWORD")
CLEARED = ("REDIS_HOST", "RABBITMQ_HOST", "PUSHER_HOST", "PUSHER_APP_KEY")

for name in (*dotenv_values(Path.cwd() / ".env"), *CLEARED):
    if name not in KEPT or name not in os.environ:
        os.environ[name] = ""  # an empty value counts as unset, and beats `.env`
os.environ["POWERDASH_DATA_DIR"] = str(FOLDER)
os.environ["DB_DATABASE"] = f"powerdash_test_{RUN}_{WORKER}"
os.environ["SECRET_KEY"] = "of the tests"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = ""


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's server when its last process is done."""
    if WORKER != "main" or not FOLDER.exists():
        return
    from tests import database

    database.drop_template()
    shutil.rmtree(FOLDER)
