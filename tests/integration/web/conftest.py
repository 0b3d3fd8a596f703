"""The cast, for every test of the web door."""

import pytest
from django.db import connection

from tests.cast import Cast, assemble


@pytest.fixture
def cast(db: None) -> Cast:
    with connection.cursor() as cursor:
        cursor.execute("SELECT power_records_partition_ensure(now(), now())")
    return assemble()
