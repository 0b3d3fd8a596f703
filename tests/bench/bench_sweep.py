"""How long the heartbeat sweep takes: 1,000,000 devices, 1,000 of them overdue.

Run by name: `pytest -m bench -s tests/bench/bench_sweep.py`.
"""

import time
from datetime import UTC, datetime

import pytest
from django.db import connection

from powerdash.accounts.services import organization_create
from powerdash.alerts.services import heartbeat_sweep
from powerdash.events.models import Event

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DEVICES = 1_000_000
OVERDUE = 1_000
FILL = """
INSERT INTO devices (uuid, organization_id, name, slug, status, status_changed_at,
    secret_hash, firmware, model, location, tags, metadata, heartbeat_interval_s,
    last_seen_at, check_at, created_at, updated_at)
SELECT gen_random_uuid(), %(organization)s, 'Meter ' || n, 'meter-' || n, 'online',
    %(at)s, 'x', '', '', '', '{}', '{}', 120, seen, seen + interval '120 s', %(at)s,
    %(at)s
FROM generate_series(1, %(devices)s) n, LATERAL (SELECT %(at)s::timestamptz
    - CASE WHEN n <= %(overdue)s THEN interval '10 min'
        ELSE interval '100 s' * random() END AS seen) s
"""


@pytest.mark.bench
@pytest.mark.timeout(600)
def test_it_takes_under_a_second(database: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT events_partition_ensure(%s)", [AT])
        organization = organization_create(slug="land", name="Land", at=AT)
        cursor.execute(
            FILL,
            {
                "organization": organization.pk,
                "at": AT,
                "devices": DEVICES,
                "overdue": OVERDUE,
            },
        )
        cursor.execute("ANALYZE devices")
    begin = time.perf_counter()
    moved = heartbeat_sweep(at=AT)
    took_s = time.perf_counter() - begin
    print(f"sweep of {DEVICES:,} devices, {moved:,} overdue: {took_s * 1000:.0f} ms")
    assert moved == OVERDUE
    assert Event.objects.filter(type="device.offline").count() == OVERDUE
    assert took_s < 1
