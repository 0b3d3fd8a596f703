"""`powerdash organizations`, `users`, `devices` and `events`."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from django.db import connection
from typer.testing import CliRunner, Result

from powerdash.accounts.models import Membership
from powerdash.cli import devices, events, organizations, rejections, telemetry, users
from powerdash.cli.errors import Refused
from powerdash.devices.models import Device
from powerdash.devices.secrets import secret_matches
from powerdash.devices.services import device_transition
from powerdash.devices.status import Trigger
from powerdash.lib import clock
from powerdash.settings import DEVICE_SECRET_PEPPER
from powerdash.telemetry.models import LatestReading, PowerRecord

pytestmark = pytest.mark.django_db


def call(app: typer.Typer, *words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, words, input=typed, catch_exceptions=False)


def refused(app: typer.Typer, *words: str) -> str:
    with pytest.raises(Refused) as caught:
        call(app, *words)
    return str(caught.value)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def lab() -> None:
    call(organizations.app, "create", "lab", "--name", "Lab")


@pytest.fixture
def password(tmp_path: Path) -> str:
    file = tmp_path / "password"
    file.write_text("correct horse battery\n")
    return str(file)


def test_it_makes_an_organization() -> None:
    made = call(organizations.app, "create", "Lab", "--name", "The Lab")
    assert made.stdout.startswith("Made the organization lab (")
    (row,) = lines(call(organizations.app, "list", "--json"))
    assert (row["slug"], row["name"], row["devices"]) == ("lab", "The Lab", 0)


@pytest.mark.usefixtures("lab")
def test_it_says_in_a_sentence_why_not() -> None:
    again = refused(organizations.app, "create", "lab", "--name", "Lab")
    assert again == "slug: There is an organization lab already."


@pytest.mark.usefixtures("lab")
def test_it_makes_a_user_with_a_role(password: str) -> None:
    words = ["--organization", "lab", "--role", "operator", "--password-file", password]
    made = call(users.app, "create", "A@lab.test", *words)
    assert made.stdout == "Made a@lab.test, operator of lab.\n"
    user = Membership.objects.get(organization__slug="lab", role="operator").user
    assert user.check_password("correct horse battery")


@pytest.mark.usefixtures("lab")
def test_it_reads_the_password_from_standard_input() -> None:
    words = ["--organization", "lab", "--role", "owner", "--password-file", "-"]
    call(users.app, "create", "a@lab.test", *words, typed="correct horse battery\n")
    assert Membership.objects.get().user.check_password("correct horse battery")


@pytest.mark.usefixtures("lab")
def test_it_asks_nobody_when_nobody_is_there() -> None:
    words = ["create", "a@lab.test", "--organization", "lab", "--role", "owner"]
    assert "--password-file" in refused(users.app, *words)


@pytest.mark.usefixtures("lab")
def test_a_refused_user_leaves_nothing_behind(password: str) -> None:
    words = ["--role", "owner", "--password-file", password]
    said = refused(users.app, "create", "a", "--organization", "lab", *words)
    assert said == "email: Send an e-mail address."
    said = refused(users.app, "create", "a@b.test", "--organization", "x", *words)
    assert "powerdash organizations create x" in said
    assert not Membership.objects.exists()


@pytest.mark.usefixtures("lab")
def test_it_changes_a_role(password: str) -> None:
    words = ["--organization", "lab", "--role", "viewer", "--password-file", password]
    call(users.app, "create", "a@lab.test", *words)
    call(users.app, "grant", "a@lab.test", "--organization", "lab", "--role", "owner")
    (row,) = lines(call(users.app, "list", "--organization", "lab", "--json"))
    assert (row["email"], row["role"]) == ("a@lab.test", "owner")
    nobody = ["grant", "b@lab.test", "--organization", "lab", "--role", "owner"]
    assert "There is no user b@lab.test" in refused(users.app, *nobody)


@pytest.mark.usefixtures("lab")
def test_it_registers_numbered_devices_and_prints_their_secrets() -> None:
    words = ["--organization", "lab", "--name", "Meter", "--count", "12", "--json"]
    made = lines(call(devices.app, "register", *words))
    assert [row["name"] for row in made][:2] == ["Meter 01", "Meter 02"]
    assert len({row["secret"] for row in made}) == 12
    for row in made:
        stored = Device.objects.get(uuid=row["uuid"]).secret_hash
        assert secret_matches(row["secret"], stored, pepper=DEVICE_SECRET_PEPPER)
    assert [
        each["devices"] for each in lines(call(organizations.app, "list", "--json"))
    ] == [12]


@pytest.mark.usefixtures("lab")
def test_it_registers_one_device_as_told() -> None:
    words = [
        "--organization",
        "lab",
        "--name",
        "Pump",
        "--tags",
        "a, b",
        "--model",
        "P",
    ]
    words += ["--location", "Cellar", "--heartbeat-interval", "30"]
    said = call(devices.app, "register", *words).stdout
    device = Device.objects.get()
    assert said.startswith(f"Pump\n  uuid    {device.uuid}\n  secret  ")
    assert "curl http://127.0.0.1:8000/api/ingest" in said
    assert (device.tags, device.model) == (["a", "b"], "P")
    assert (device.location, device.heartbeat_interval_s) == ("Cellar", 30)


@pytest.mark.usefixtures("lab")
def test_it_names_the_field_that_a_device_cannot_have() -> None:
    words = ["register", "--organization", "lab", "--name", "x" * 200]
    assert refused(devices.app, *words) == "name: Use at most 120 characters."


@pytest.mark.usefixtures("lab")
def test_it_checks_heartbeats_and_lists_who_is_offline() -> None:
    for name in ("A", "B"):
        call(devices.app, "register", "--organization", "lab", "--name", name)
    for device in Device.objects.all():
        device_transition(device_id=device.pk, trigger=Trigger.SEEN, at=clock.now())
    Device.objects.filter(name="B").update(
        check_at="2026-01-01T00:00Z", last_seen_at="2026-01-01T00:00Z"
    )
    assert call(devices.app, "check-heartbeats").stdout == "1 device went offline.\n"
    (row,) = lines(call(devices.app, "list-offline", "--json"))
    assert (row["name"], row["organization"]) == ("B", "lab")
    assert row["last_seen_at"].startswith("2026-01-01")
    assert "B" in call(devices.app, "list-offline", "--organization", "lab").stdout
    assert "no organization x" in refused(
        devices.app, "list-offline", "--organization", "x"
    )


@pytest.mark.usefixtures("lab")
def test_it_lists_what_happened() -> None:
    call(devices.app, "register", "--organization", "lab", "--name", "Pump")
    newest, oldest = lines(call(events.app, "list", "--json"))
    assert (newest["type"], newest["device_name"]) == ("device.registered", "Pump")
    assert oldest["type"] == "organization.created"
    words = ["list", "--type", "organization.created", "--organization", "lab"]
    assert "organization.created" in call(events.app, *words).stdout


@pytest.mark.usefixtures("lab")
def test_it_moves_an_organization_into_a_zone() -> None:
    words = ["move", "lab", "--timezone", "Asia/Tokyo"]
    assert "lab is in Asia/Tokyo; 0 days" in call(organizations.app, *words).stdout
    (row,) = lines(call(organizations.app, "list", "--json"))
    assert row["timezone"] == "Asia/Tokyo"
    said = refused(organizations.app, "move", "lab", "--timezone", "Mars")
    assert said == "timezone: Choose an IANA zone, such as Europe/Berlin."


@pytest.mark.usefixtures("lab")
def test_it_stores_refused_readings_after_all() -> None:
    whose = ["--organization", "lab"]
    (device,) = lines(call(devices.app, "register", *whose, "--name", "M", "--json"))
    row = Device.objects.get(uuid=device["uuid"])
    sent = {"ts": clock.now().isoformat(), "amps": 2500, "voltage": 230}
    errors = '{"current": ["is required"]}'
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ingest_rejections (at, organization_id, device_id, errors,"
            " payload) VALUES (now(), %s, %s, %s, %s)",
            [row.organization_id, row.pk, errors, json.dumps(sent)],
        )
    (kept,) = lines(call(rejections.app, "list", *whose, "--json"))
    assert (kept["device"], kept["errors"]) == (
        device["uuid"],
        {"current": ["is required"]},
    )
    assert "current: is required" in call(rejections.app, "list", *whose).stdout
    replay = ["replay", *whose, "--device", device["uuid"], "--rename", "amps=current"]
    done = call(rejections.app, *replay, "--factor", "current=0.001", "--json")
    assert lines(done) == [{"accepted": 1, "duplicates": 0, "errors": {}}]
    assert PowerRecord.objects.get().current == 2.5
    assert "(stored)" in call(rejections.app, "list", *whose).stdout
    assert "0 stored" in call(rejections.app, *replay).stdout


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Say which to store, with --device or --id."),
        (["--id", "1", "--factor", "current"], "--factor: 'current' is not like"),
        (["--id", "1", "--factor", "current=x"], "--factor: current=x is no number."),
        (["--id", "999"], "--id: none waits to be stored with 999."),
        (["--device", "62f4e608-fc3a-46d9-b31e-3ba9bbccbacb"], "there is no device"),
    ],
)
def test_it_says_what_is_wrong_with_a_fix(words: list[str], said: str) -> None:
    assert said in refused(rejections.app, "replay", "--organization", "lab", *words)


@pytest.mark.usefixtures("lab")
def test_it_compresses_closed_days() -> None:
    whose = ["--organization", "lab"]
    call(devices.app, "register", *whose, "--name", "Pump")
    then = clock.now() - timedelta(days=3)
    given = {"device_id": Device.objects.get().pk, "ts": then}
    with connection.cursor() as cursor:
        cursor.execute("SELECT power_records_partition_ensure(%s, %s)", [then, then])
    for model in (PowerRecord, LatestReading):
        model.objects.create(**given, phase="", current=2, voltage=230, power=460)
    planned = lines(call(telemetry.app, "compress", "--dry-run", "--json"))
    ours = f"power_records_{then:%Y%m%d}"
    assert (ours, "compressed") in [(p["partition"], p["outcome"]) for p in planned]
    assert f"{then:%Y-%m-%d} to" in call(telemetry.app, "compress").stdout
    assert call(telemetry.app, "compress").stdout == (
        "No closed day has readings to compress.\n"
    )
    assert not PowerRecord.objects.exists()
    assert call(telemetry.app, "count").stdout == "1 reading\n"
