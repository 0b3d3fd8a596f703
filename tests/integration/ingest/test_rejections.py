"""Test that what is refused can be looked at, put right, and stored after all."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from asgiref.sync import sync_to_async

from powerdash.ingest.arrivals import SAMPLES_MAX
from powerdash.ingest.sql import QUERIES as DOOR
from powerdash.telemetry.reading import PHASES_MAX
from powerdash.telemetry.rejection import Fix, FixImpossible, payload_of
from powerdash.telemetry.services.rejections import Replayed, rejections_replay
from powerdash.telemetry.services.rollups import rollup
from tests.integration.ingest.conftest import Door, reading
from tests.waiting import eventually

WAITS = """SELECT EXISTS (SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock')"""


async def kept(door: Door) -> list[dict[str, Any]]:
    await door.ingest.stop()
    rows = await door.pg.fetch("SELECT * FROM ingest_rejections ORDER BY id")
    await door.ingest.start()
    return [
        {**row, "errors": msgspec.json.decode(row["errors"])} for row in map(dict, rows)
    ]


async def replay(door: Door, ids: list[int], fix: Fix, **given: Any) -> Replayed:
    return await sync_to_async(rejections_replay)(
        organization_id=given.get("organization_id", door.organization_id),
        ids=ids,
        fix=fix,
        at=datetime.now(UTC),
    )


async def test_what_is_refused_is_kept_without_secrets(door: Door) -> None:
    bad = reading(current=-1, attributes={"api_key": "hush", "x": {"password": "hush"}})
    await door.post([bad, reading()])
    await door.client.post("/api/ingest", content=b"{nonsense", headers=door.headers)
    first, second = await kept(door)
    assert first["errors"] == {"current": ["must not be negative"]}
    assert first["device_id"] == door.device.device.pk
    assert "hush" not in first["payload"]
    assert msgspec.json.decode(first["payload"])["attributes"]["x"] == {
        "password": "[removed]"
    }
    assert second["errors"].keys() == {"body"}
    assert second["payload"] == '"{[text of 8 characters]"'


@pytest.mark.parametrize(
    ("sent", "kept_as"),
    [
        ("<xml><password>hunter2</password>", "<xml><password>{}</password>"),
        ("frequency\thunter2 230 V", "frequency\t{} 230 V"),
        ("CLIENT-KEY hunter2", "[text of 10 characters] {}"),
        ("device=1&wifi=hunter2&current=1.5", "device=1&wifi={}&current=1.5"),
        (
            '{"ts":"2026-11-27T01:00Z","curent":1,"x":"hunter2',
            '{{"ts":"2026-11-27T01:00Z","curent":1,"x":"{}',
        ),
        ("{'wifi': 'hunter2'}{'current': 2}", "{{'wifi': '{}'}}{{'current': 2}}"),
        ("mqtt://broker/hunter2:5", "mqtt://[text of 6 characters]/{}:5"),
        ("hunter2", "{}"),
    ],
)
def test_of_what_is_no_json_words_are_not_kept(sent: str, kept_as: str) -> None:
    told = kept_as.format("[text of 7 characters]")
    assert msgspec.json.decode(payload_of(sent, {})[1]) == told
    assert msgspec.json.decode(payload_of([sent], {})[1]) == [told]


async def test_secrets_in_texts_are_not_kept(door: Door) -> None:
    own = door.headers["X-Device-Secret"]
    texts = [
        '{"ts":1,"secret":"hush","password":"hush"',
        'pwd=hush&pin: hush;jwt="hush"',
        "Authorization: Bearer hush",
        "https://user:hush@host/?token=hush&x=1",
        f"it is {own}",
        "x" * 1990 + own,
    ]
    for text in texts:
        content = text.encode()
        await door.client.post("/api/ingest", content=content, headers=door.headers)
    hidden = dict.fromkeys(("pwd", "private_key", "pin"), "hush")
    shown = {"note": own, "key": own, "headers": ["Cookie: hush"], "a": "at://u:hush@h"}
    await door.post(reading(current=-1, attributes={**hidden, **shown}))
    found = await kept(door)
    assert len(found) == len(texts) + 1
    for row in found:
        assert "hush" not in row["payload"], row["payload"]
        assert own[:10] not in row["payload"], row["payload"]
    assert "x=1" in found[3]["payload"]


@pytest.mark.parametrize(
    ("sent", "fix"),
    [
        ({"ts": "{naive}", "current": 5.2, "voltage": 230.0}, Fix()),
        ({"ts": "{seconds}", "current": 5.2, "voltage": 230.0}, Fix()),
        ({"ts": "{milliseconds}", "current": 5.2, "voltage": 230.0}, Fix()),
        (
            {"ts": "{aware}", "current": "5.2", "voltage": "230"},
            Fix(0, {"current": 1, "voltage": 1}),
        ),
        (
            {"ts": "{aware}", "data": {"amps": 5200, "volts": 230.0}},
            Fix(
                0, {"current": 0.001}, {"data.amps": "current", "data.volts": "voltage"}
            ),
        ),
    ],
)
async def test_clocks_units_and_names_are_put_right(
    door: Door, sent: dict[str, Any], fix: Fix
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    times: dict[str, Any] = {
        "{naive}": now.replace(tzinfo=None).isoformat(),
        "{seconds}": int(now.timestamp()),
        "{milliseconds}": int(now.timestamp() * 1000),
        "{aware}": now.isoformat(),
    }
    await door.post({**sent, "ts": times[sent["ts"]]})
    [refused] = await kept(door)
    assert await replay(door, [refused["id"]], fix) == Replayed(1, 0, {})
    row = await door.pg.fetchrow("SELECT * FROM power_records")
    assert row is not None
    assert (row["ts"], row["current"], row["voltage"]) == (
        now,
        pytest.approx(5.2),
        230.0,
    )


async def test_one_that_cannot_be_put_right_leaves_the_others(door: Door) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=2)
    huge = f'{{"ts":"{ahead.isoformat()}","current":1{"0" * 400},"voltage":230}}'
    content = huge.encode()
    await door.client.post("/api/ingest", content=content, headers=door.headers)
    await door.post(reading(ts=ahead.isoformat()))
    ids = [row["id"] for row in await kept(door)]
    done = await replay(door, ids, Fix(-7200, {"current": 0.001}))
    assert (done.accepted, list(done.errors)) == (1, ids[:1])


async def test_a_flood_leaves_a_sample(door: Door) -> None:
    for _ in range(3):
        await door.post([reading(current=-1)] * 50)
    assert len(await kept(door)) == SAMPLES_MAX
    row = await door.pg.fetchrow("SELECT * FROM telemetry_arrivals")
    assert row is not None
    assert (row["accepted"], row["refused"]) == (0, 150)


async def test_it_is_stored_after_a_fix(door: Door) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    ahead = now + timedelta(hours=2)
    await door.post({"ts": ahead.isoformat(), "amps": 5200, "voltage": 230.0})
    [refused] = await kept(door)
    fix = Fix(-7200, {"current": 0.001}, {"amps": "current"})
    assert await replay(door, [refused["id"]], fix) == Replayed(1, 0, {})
    row = await door.pg.fetchrow("SELECT * FROM power_records")
    assert row is not None
    assert (row["ts"], row["current"]) == (now, pytest.approx(5.2))
    again = await replay(door, [refused["id"]], Fix(-3600, fix.factors, fix.names))
    assert (again.accepted, again.duplicates) == (0, 0)
    assert again.errors[refused["id"]]["ids"][0].startswith("It was stored at ")
    await sync_to_async(rollup)(at=now)
    assert await door.pg.fetchval("SELECT sum(count) FROM telemetry_rollups_5m") == 1
    assert (await kept(door))[0]["replayed_at"] is not None


async def test_what_is_still_wrong_stays_refused(door: Door) -> None:
    await door.post(reading(current=-1))
    [refused] = await kept(door)
    done = await replay(door, [refused["id"]], Fix())
    assert done.errors == {refused["id"]: {"current": ["must not be negative"]}}
    none = {refused["id"]: {"ids": ["There is no such refused reading."]}}
    elsewhere = await replay(door, [refused["id"]], Fix(), organization_id=99)
    assert elsewhere == Replayed(0, 0, none)


async def test_punctuality_is_counted(door: Door) -> None:
    now = datetime.now(UTC)
    late = [(now - timedelta(minutes=n)).isoformat() for n in (1, 10, 60)]
    await door.post([reading(ts=ts) for ts in late])
    await door.post([reading(ts=late[0]), reading(ts=late[1])])
    await door.ingest.stop()
    row = await door.pg.fetchrow("SELECT * FROM telemetry_arrivals")
    assert row is not None
    assert (row["accepted"], row["duplicates"], row["late"]) == (3, 2, 2)
    assert row["lateness_s"] == pytest.approx(60, abs=5)
    assert row["max_lateness_s"] == pytest.approx(3600, abs=5)
    assert row["last_reading_at"] == datetime.fromisoformat(late[0])


@pytest.mark.parametrize("payload", ["[1", "7", '{"ts": "yesterday"}'])
def test_a_fix_that_cannot_be_made_says_so(payload: str) -> None:
    with pytest.raises(FixImpossible):
        Fix(shift_s=1.0).apply(payload)


@pytest.mark.parametrize(
    "name",
    ["mqtt_pass", "wifi_psk", "passphrase", "access_key", "wpa_key", "sig", "otp",
     "ssh-key", "note", "x"],
)  # fmt: skip
def test_texts_of_unknown_fields_are_not_kept(name: str) -> None:
    sent = {"current": "5.2 A", "data": [{name: "hunter21", "volts": "230"}]}
    _, payload = payload_of(sent, {})
    assert "hunter21" not in payload
    assert msgspec.json.decode(payload)["data"][0]["volts"] == "230"
    assert "5.2 A" in payload
    for text in (f"not json {name}_psk=hunter21", f'{{"psk_{name}": "hunter21"'):
        assert "hunter21" not in payload_of(text, {})[1]


def test_what_can_be_no_secret_is_kept() -> None:
    sent = {
        "when": "2026-11-25T12:00:00+01:00", "amps_total": "5,2", "serial": "A-17",
        "other": "0b9e0c1a-1111-4222-8333-944455556666", "load": 1.5, "on": True,
        "current": float("nan"), "voltage": float("inf"), "empty": "",
    }  # fmt: skip
    _, payload = payload_of(sent, {})
    assert msgspec.json.decode(payload) == {**sent, "current": "nan", "voltage": "inf"}


def test_what_a_mapping_may_need_is_kept() -> None:
    sent = {"amps": 1, "line": "L1", "keypad_current": 2, "passive_power": "3.5"}
    assert msgspec.json.decode(payload_of(sent, {})[1]) == sent
    secrets = (
        "apiKey",
        "accessToken",
        "otp_code",
        "pin_code",
        "userPin",
        "psk1",
        "auth",
    )
    told = msgspec.json.decode(payload_of(dict.fromkeys(secrets, 918273), {})[1])
    assert set(told.values()) == {"[removed]"}
    assert "9x7k" not in payload_of({"cvv": "9x7k"}, {})[1]
    hidden = payload_of({"access_key": 7, "note": "door open", "volts": 230}, {})[1]
    assert Fix(names={"volts": "voltage"}).apply(hidden) == {"voltage": 230}


async def test_a_replay_counts_phases_and_arrivals(door: Door) -> None:
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    names = [f"c{n}" for n in range(PHASES_MAX)]
    await door.post([reading(ts=now, attributes={"phase": name}) for name in names[2:]])
    await door.post(
        [reading(ts=now, current=-1, attributes={"phase": name}) for name in "abc"]
    )
    ids = [row["id"] for row in await kept(door)]
    done = await replay(door, ids, Fix(0, {"current": -1}))
    assert done.accepted == 2
    said = [f"a device may have at most {PHASES_MAX} phases"]
    assert list(done.errors.values()) == [{"attributes.phase": said}]
    assert await door.pg.fetchval("SELECT accepted FROM telemetry_arrivals") == 32


def test_a_payload_is_cut_to_size() -> None:
    errors, payload = payload_of(
        {"name": "y" * 10_000}, {str(n): [] for n in range(99)}
    )
    assert len(payload) == 2000
    assert len(msgspec.json.decode(errors)) == 20


@pytest.mark.parametrize(
    ("sent", "kept_as"),
    [
        (
            {"status": "Authorization: Token hush hush"},
            {"status": "Authorization: [removed]"},
        ),
        ({"password=hush": 1}, {"password=[removed]": "[removed]"}),
        ({"pinCode": 4711}, {"pinCode": "[removed]"}),
        ({"spinning_current": 4}, {"spinning_current": 4}),
        (
            {"name": "password", "value": 4711},
            {"name": "password", "value": "[removed]"},
        ),
        ({"name": "feeder", "value": 4711}, {"name": "feeder", "value": 4711}),
        ({"name": "bypass_power", "value": 9}, {"name": "bypass_power", "value": 9}),
        ({"wifi": {"wpa": "12345678"}}, {"wifi": {"wpa": "[removed]"}}),
        (
            {"status": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"},
            {"status": "[removed]"},
        ),
    ],
)
def test_secrets_of_other_kinds_are_not_kept(
    sent: dict[str, Any], kept_as: dict[str, Any]
) -> None:
    assert msgspec.json.decode(payload_of(sent, {})[1]) == kept_as


async def test_a_replay_and_the_door_do_not_wait_for_each_other(door: Door) -> None:
    """Of a device that goes on sending what is refused, with 200 kept already."""
    now = datetime.now(UTC)
    device_id = door.device.device.pk
    payload = msgspec.json.encode(reading(current=-1.0)).decode()
    row = (now, door.organization_id, device_id, '{"current": ["no"]}', payload)
    refused = [[value] * 201 for value in row]
    await door.pg.execute(DOOR["rejections"], *refused)
    ids = [
        row[0]
        for row in await door.pg.fetch("SELECT id FROM ingest_rejections ORDER BY id")
    ]
    counts = [[device_id], [now], [now], [0], [0], [1], [0], [0.0], [0.0]]
    await door.pg.execute(DOOR["arrivals"], *counts)
    fix = Fix(factors={"current": -1.0})
    async with door.pg.transaction():
        await door.pg.execute(DOOR["arrivals"], *counts)
        waiting = asyncio.create_task(replay(door, ids, fix))
        # For the arrivals, while it holds what is refused.
        await eventually(lambda: door.pg.fetchval(WAITS))
        await door.pg.execute(DOOR["rejections"], *refused)
    assert (await waiting).accepted == 1
