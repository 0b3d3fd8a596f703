"""Test that devices are let in by their secret, moved, and told about."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from asgiref.sync import sync_to_async

from powerdash import settings
from powerdash.devices import services
from powerdash.devices.services import device_transition
from powerdash.devices.status import Trigger
from powerdash.ingest.app import Ingest
from powerdash.ingest.decode import BODY_MAX
from powerdash.ingest.patience import FLOOR_S, FREE_FAILURES
from powerdash.telemetry.reading import PHASES_MAX
from tests.integration.ingest.conftest import Door, HeardBus, credentials, reading
from tests.waiting import eventually

UNKNOWN = "8f1d9b9e-0000-4000-8000-000000000000"


async def events(door: Door, kind: str) -> list[dict[str, Any]]:
    rows = await door.pg.fetch(
        "SELECT device_id, data FROM events WHERE type = $1 ORDER BY id", kind
    )
    return [
        {"device": row["device_id"], **msgspec.json.decode(row["data"])} for row in rows
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"X-Device-Secret": "wrong"},
        {"X-Device-Secret": ""},
        {"X-Device-ID": ""},
        {"X-Device-ID": UNKNOWN},
        {"X-Device-ID": "not a uuid"},
        {"X-Device-ID": "\x00"},
    ],
)
async def test_bad_credentials_are_all_refused_alike(
    door: Door, change: dict[str, str]
) -> None:
    began = time.monotonic()
    answer = await door.post(reading(), **change)
    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorized"
    assert time.monotonic() - began >= FLOOR_S


async def test_another_devices_secret_does_not_fit(door: Door) -> None:
    other = await door.register("Other")
    answer = await door.post(reading(), **{"X-Device-Secret": other.secret})
    assert answer.status_code == 401


async def test_guessing_is_slowed_but_the_device_itself_is_not(door: Door) -> None:
    for _ in range(FREE_FAILURES + 2):
        await door.post(reading(), **{"X-Device-Secret": "wrong"})
    began = time.monotonic()
    assert (await door.post(reading())).status_code == 201
    right = time.monotonic() - began
    began = time.monotonic()
    await door.post(reading(), **{"X-Device-Secret": "wrong"})
    assert time.monotonic() - began > 2 * FLOOR_S
    assert right < 2 * FLOOR_S + 1


async def test_failures_are_events_with_exact_counts(door: Door) -> None:
    for _ in range(3):
        await door.post(reading(), **{"X-Device-Secret": "wrong"})
    await door.post(reading(), **{"X-Device-ID": UNKNOWN})
    await door.post(reading(current=-1))
    await door.ingest.stop()
    refused = await events(door, "ingest.rejected_auth")
    assert sum(event["requests"] for event in refused) == 4
    assert {event["reason"] for event in refused} == {"wrong_secret", "unknown_device"}
    failed = await events(door, "auth.failed_device")
    assert sum(event["requests"] for event in failed) == 3
    assert {event["device"] for event in failed} == {door.device.device.id}
    (schema,) = await events(door, "ingest.rejected_schema")
    assert schema["refused"] == 1
    await door.ingest.start()


async def test_accepted_requests_are_counted_in_events(door: Door) -> None:
    for n in range(4):
        await door.post(reading(ts=f"2026-01-31T12:00:0{n}Z"))
    await door.ingest.stop()
    accepted = await events(door, "ingest.accepted")
    assert sum(event["requests"] for event in accepted) == 4
    assert sum(event["accepted"] for event in accepted) == 4
    await door.ingest.start()


async def test_the_first_reading_brings_a_device_online(door: Door) -> None:
    await door.post(reading())
    row = await door.pg.fetchrow("SELECT * FROM devices")
    assert row is not None
    assert row["status"] == "online"
    assert row["check_at"] - row["last_seen_at"] <= timedelta(
        seconds=row["heartbeat_interval_s"]
    )
    (online,) = await events(door, "device.online")
    assert online == {
        "device": row["id"],
        "previous": "offline",
        "status": "online",
    }
    await door.post(reading())
    assert len(await events(door, "device.online")) == 1
    payloads = await door.pg.fetch(
        "SELECT payload FROM outbox WHERE topic = 'device.online'"
    )
    (payload,) = (msgspec.json.decode(row["payload"]) for row in payloads)
    assert payload["device"] == str(row["uuid"])
    assert payload["device_name"] == "Main feeder"
    assert payload["data"]["status"] == "online"


async def test_a_heartbeat_does_what_a_reading_does_but_stores_none(door: Door) -> None:
    answer = await door.client.post("/api/heartbeat", headers=door.headers)
    assert answer.status_code == 200
    assert answer.json()["heartbeat_interval_s"] == 120
    assert await door.pg.fetchval("SELECT status FROM devices") == "online"
    assert await door.pg.fetchval("SELECT count(*) FROM power_records") == 0


async def test_a_device_in_maintenance_stays_there_and_its_readings_count(
    door: Door,
) -> None:
    await sync_to_async(services.device_transition)(
        device_id=door.device.device.id,
        trigger=Trigger.MAINTENANCE_STARTED,
        at=datetime.now(UTC),
    )
    assert (await door.post(reading())).status_code == 201
    assert await door.pg.fetchval("SELECT status FROM devices") == "maintenance"


async def test_a_decommissioned_device_is_refused_at_once(door: Door) -> None:
    assert (await door.post(reading())).status_code == 201
    await sync_to_async(services.device_transition)(
        device_id=door.device.device.id,
        trigger=Trigger.DECOMMISSIONED,
        at=datetime.now(UTC),
    )
    answer = await door.post(reading())
    assert (answer.status_code, answer.json()["error"]) == (403, "decommissioned")
    assert await door.pg.fetchval("SELECT count(*) FROM power_records") == 1


async def test_decommissioning_behind_the_caches_back_still_stores_nothing(
    door: Door,
) -> None:
    await door.post(reading())
    await door.pg.execute("UPDATE devices SET status = 'decommissioned'")  # no NOTIFY
    for batch in (1, 300):
        readings = [
            reading(ts=(datetime.now(UTC) - timedelta(seconds=n + 1)).isoformat())
            for n in range(batch)
        ]
        assert (await door.post(readings)).status_code == 403
    assert await door.pg.fetchval("SELECT count(*) FROM power_records") == 1


async def test_a_device_registered_after_it_was_refused_is_let_in(door: Door) -> None:
    device = await door.register("Late")
    await door.pg.execute("DELETE FROM devices WHERE name = 'Late'")
    headers = {"X-Device-ID": str(device.device.uuid), "X-Device-Secret": device.secret}
    assert (await door.post(reading(), **headers)).status_code == 401
    await sync_to_async(device.device.save)(force_insert=True)
    await door.pg.execute(
        "SELECT pg_notify('device_changed', $1)", str(device.device.uuid)
    )

    async def let_in() -> bool:
        return (await door.post(reading(), **headers)).status_code == 201

    await eventually(let_in)


async def test_the_newest_reading_is_saved_and_told(door: Door) -> None:
    await door.post(reading(attributes={"phase": "L1"}))
    await door.post(reading(current=7.5, attributes={"phase": "L1"}))

    async def told() -> bool:
        return any('"current_a":7.5' in frame.data for frame in door.bus.frames)

    await eventually(told)
    frame = door.bus.frames[-1]
    assert frame.channel == f"private-device.{door.device.device.uuid}"
    assert frame.event == "PowerReadingRecorded"

    async def saved() -> bool:
        return bool(
            await door.pg.fetchval("SELECT current = 7.5 FROM telemetry_latest")
        )

    await eventually(saved)


async def test_one_device_has_one_name_however_it_is_spelled(door: Door) -> None:
    upper = {"X-Device-ID": door.headers["X-Device-ID"].upper()}
    assert (await door.post(reading(), **upper)).status_code == 201
    braces = {"X-Device-ID": "{" + door.headers["X-Device-ID"] + "}"}
    assert (await door.post(reading(), **braces)).status_code == 401


async def test_a_lost_connection_for_changes_is_found_again_at_once(door: Door) -> None:
    await door.post(reading())
    await door.pg.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'powerdash ingest devices'"
        " AND datname = current_database()"
    )

    other = await door.register("Not cached")

    async def let_in() -> bool:
        answer = await door.client.post(
            "/api/ingest", json=reading(), headers=credentials(other)
        )
        return answer.status_code == 201

    await eventually(let_in, seconds=3)
    assert await door.ingest.ready()


@pytest.mark.parametrize(
    ("trouble", "undo"),
    [
        (
            "ALTER DATABASE {} SET default_transaction_read_only = on",
            "ALTER DATABASE {} RESET ALL",
        ),
        (
            "ALTER TABLE power_records RENAME TO gone",
            "ALTER TABLE gone RENAME TO power_records",
        ),
    ],
)
async def test_it_is_not_ready_when_no_reading_could_be_stored(
    door: Door, trouble: str, undo: str
) -> None:
    name = settings.DB_DATABASE
    assert await door.ingest.ready()
    await door.pg.execute(trouble.format(name))
    await _disconnect(door, "ingest%")
    try:
        await eventually(lambda: _is_ready(door, wanted=False))
    finally:
        await door.pg.execute("SET default_transaction_read_only = off")
        await door.pg.execute(undo.format(name))
        await _disconnect(door, "ingest%")
    await eventually(lambda: _is_ready(door, wanted=True))


async def test_it_is_not_ready_while_the_table_is_locked(door: Door) -> None:
    async with door.pg.transaction():
        await door.pg.execute("LOCK TABLE power_records IN ACCESS EXCLUSIVE MODE")
        assert not await door.ingest.ready()
    await eventually(lambda: _is_ready(door, wanted=True))


async def _is_ready(door: Door, *, wanted: bool) -> bool:
    return await door.ingest.ready() is wanted


async def _disconnect(door: Door, whose: str) -> None:
    await door.pg.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
        " application_name LIKE 'powerdash ' || $1 AND datname = current_database()",
        whose,
    )


async def test_a_device_cannot_make_phases_without_end(door: Door) -> None:
    many = [reading(attributes={"phase": f"L{n}"}) for n in range(PHASES_MAX + 2)]
    answer = await door.post([*many, {"ts": "x"}])
    assert answer.status_code == 207
    body = answer.json()
    assert (body["accepted"], body["refused"]) == (PHASES_MAX, 3)
    assert body["errors"]["32.attributes.phase"] == [
        "a device may have at most 32 phases"
    ]
    assert "33.attributes.phase" in body["errors"]
    assert "34.current" in body["errors"]
    assert (await door.post(many[-1])).status_code == 422
    assert (await door.post(reading(attributes={"phase": "L0"}))).status_code == 201
    # Another process has not seen them, and knows them all the same.
    other = Ingest(HeardBus())
    await other.start()
    transport = httpx.ASGITransport(app=other)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://other"
    ) as client:
        refused = await client.post("/api/ingest", json=many[-1], headers=door.headers)
        assert refused.status_code == 422
        known = reading(attributes={"phase": "L1"})
        accepted = await client.post("/api/ingest", json=known, headers=door.headers)
        assert accepted.status_code == 201
    await other.stop()


async def test_every_refusal_is_recorded(door: Door) -> None:
    big = b" " * (BODY_MAX + 1)
    answers = [
        await door.client.post("/api/ingest", content=big, headers=door.headers),
        await door.post(reading(), **{"Content-Encoding": "br"}),
    ]
    await sync_to_async(device_transition)(
        device_id=door.device.device.pk,
        trigger=Trigger.DECOMMISSIONED,
        at=datetime.now(UTC),
    )

    async def is_refused() -> bool:
        return (await door.post(reading())).status_code == 403

    await eventually(is_refused)
    assert [answer.status_code for answer in answers] == [413, 415]
    await door.ingest.stop()
    rows = await door.pg.fetch(
        "SELECT type, data->>'reason' AS reason FROM events"
        " WHERE type LIKE 'ingest.rejected%'"
    )
    assert {tuple(row) for row in rows} == {
        ("ingest.rejected_schema", "too_large"),
        ("ingest.rejected_schema", "unsupported_encoding"),
        ("ingest.rejected_auth", "decommissioned"),
    }
