"""Pages: their props, the number of questions they ask, the headers around them."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from powerdash import settings
from powerdash.devices.services import device_register_all
from powerdash.lib import clock
from powerdash.web import errors
from tests.cast import Cast
from tests.readings import reading

INERTIA = {"X-Inertia": "true", "X-Inertia-Version": settings.INERTIA_VERSION}


@pytest.fixture
def _manifest(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frontend of one file, so that the page around it needs no build."""
    from django_vite.core.asset_loader import DjangoViteAssetLoader

    file = tmp_path / "manifest.json"
    file.write_text(
        '{"src/main.ts": {"file": "assets/main.js", "src": "src/main.ts",'
        ' "isEntry": true}}'
    )
    from django.conf import settings as django_settings

    vite = {**django_settings.DJANGO_VITE["default"], "manifest_path": file}
    monkeypatch.setattr(django_settings, "DJANGO_VITE", {"default": vite})
    monkeypatch.setattr(DjangoViteAssetLoader, "_instance", None)


def props(client: Client, path: str) -> dict[str, Any]:
    answer = client.get(path, headers=INERTIA)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()["props"]
    return found


@pytest.mark.parametrize(
    ("path", "queries"),
    # Session, user and memberships are three of them.
    [
        ("/", 8),
        ("/devices", 6),
        ("/devices/{device}", 8),
        ("/events", 4),
        ("/rejections", 4),
        ("/retention", 6),
        ("/explore?devices={device}", 5),
    ],
)
def test_it_asks_the_same_number_of_questions_for_any_number_of_devices(
    cast: Cast, path: str, queries: int, django_assert_num_queries: Callable[[int], Any]
) -> None:
    client = cast.client("owner")
    path = path.format(device=cast.device.device.uuid)
    for _ in range(2):
        with django_assert_num_queries(queries):
            props(client, path)
        device_register_all(
            organization_id=cast.organization.pk,
            names=[f"Meter {n}" for n in range(30)],
            tags=["many"],
            at=clock.now(),
        )


def test_every_page_knows_who_looks(cast: Cast) -> None:
    shared = props(cast.client("viewer"), "/devices")
    assert shared["viewer"]["role"] == "viewer"
    assert shared["viewer"]["scopes"] == [
        "devices:read",
        "settings:read",
        "tickets:read",
    ]
    assert shared["realtime"]["key"] == settings.PUSHER_APP_KEY
    assert settings.PUSHER_APP_SECRET not in str(shared)


def test_the_list_leaves_out_what_is_asked_wrongly(cast: Cast) -> None:
    path = (
        "/devices?status=x&sort=secret_hash&page=-1&per_page=9999&user_id=x&search=%00"
    )
    found = props(cast.client("viewer"), path)
    assert [row["name"] for row in found["devices"]] == ["Chiller"]
    assert found["filters"]["sort"] == "name"
    assert found["page"]["per_page"] == 200


def test_the_record_is_not_shown_to_those_who_may_not_read_it(cast: Cast) -> None:
    assert props(cast.client("viewer"), "/")["events"] == []
    assert props(cast.client("owner"), "/")["events"] != []


@pytest.mark.usefixtures("_manifest")
def test_a_page_carries_a_strict_policy(cast: Cast) -> None:
    answer = cast.client("owner").get("/")
    policy = answer.headers["Content-Security-Policy"]
    (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
    html = answer.content.decode()
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", html)
    assert inline
    assert all(f'nonce="{nonce}"' in tag for tag in inline)
    assert "script-src 'self' 'nonce-" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    again = cast.client("owner").get("/").headers["Content-Security-Policy"]
    assert again != policy


@pytest.mark.usefixtures("_manifest")
def test_a_page_names_no_other_site(cast: Cast) -> None:
    html = cast.client("owner").get("/").content.decode()
    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", html)


@pytest.mark.usefixtures("_manifest")
def test_what_people_write_cannot_end_the_script(cast: Cast) -> None:
    evil = "</script><script>alert(1)</script>"
    device_register_all(
        organization_id=cast.organization.pk, names=[evil], at=clock.now()
    )
    assert evil not in cast.client("owner").get("/devices").content.decode()


@pytest.mark.usefixtures("_manifest")
@pytest.mark.parametrize("host", ['evil"<>.test', "a b", "x;script-src *"])
def test_an_odd_host_cannot_widen_the_policy(db: None, host: str) -> None:
    answer = Client().get("/login", headers={"Host": host})
    assert host not in answer.headers["Content-Security-Policy"]
    assert answer.status_code == 400


@pytest.mark.usefixtures("_manifest")
@pytest.mark.parametrize("path", ["/nothing", "/devices/none", "/static/none.js"])
def test_an_unknown_address_is_a_page(cast: Cast, path: str) -> None:
    answer = cast.client("owner").get(path)
    assert answer.status_code == 404
    assert b'"component": "Error"' in answer.content


def test_an_unknown_address_of_the_api_is_json(db: None) -> None:
    answer = Client().get("/api/nothing/at/all")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_a_failure_of_ours_is_told_without_its_cause(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret cause")

    monkeypatch.setattr("powerdash.telemetry.selectors.summary", fail)
    client = cast.client("owner")
    client.raise_request_exception = False
    page, answer = client.get("/", headers=INERTIA), client.get("/api/summary")
    assert page.status_code == answer.status_code == 500
    assert answer.json() == {"error": "failed", "message": errors.FAILED}
    assert page.json()["props"]["message"] == errors.FAILED
    assert b"secret cause" not in page.content + answer.content


def test_a_database_that_is_away_is_told_as_such(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = cast.client("owner")

    def away(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("powerdash.web.auth.memberships_of", away)
    page, answer = client.get("/", headers=INERTIA), client.get("/api/summary")
    assert page.status_code == answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert page.json()["component"] == "Error"


def test_a_database_away_before_the_view_is_told_as_such(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.sessions.backends.db import SessionStore

    def away(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(SessionStore, "load", away)
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "x" * 32
    answer = client.get("/", headers=INERTIA)
    assert answer.status_code == 503
    assert answer.json()["props"]["status"] == 503


def test_a_page_of_an_older_build_is_loaded_anew(cast: Cast) -> None:
    headers = {**INERTIA, "X-Inertia-Version": "older"}
    answer = cast.client("owner").get("/devices", headers=headers)
    assert answer.status_code == 409
    assert answer.headers["X-Inertia-Location"].endswith("/devices")


def test_explore_tells_what_is_missing_and_where_readings_are(cast: Cast) -> None:
    device, strange = cast.device.device, cast.strange_device.device
    reading(device, clock.now())
    client = cast.client("viewer")
    found = props(client, f"/explore?devices={device.uuid},{strange.uuid},nobody")
    assert [each["uuid"] for each in found["devices"]] == [str(device.uuid)]
    assert (found["missing"], found["last_reading_at"]) == (2, None)
    for asked in ("", "?devices=all", f"?devices=all,{device.uuid}"):
        found = props(client, f"/explore{asked}")
        assert (found["missing"], found["first_reading_at"] is None) == (0, False)
        assert found["last_reading_at"] is not None
    reading(strange, clock.now() - timedelta(days=9))
    assert props(client, "/explore")["first_reading_at"] == found["first_reading_at"]
