"""What nobody should send: refused, never a failure of ours."""

import itertools
import json
from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast

TEXTS = [
    "",
    "\x00",
    "a\x00b",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "x" * 100_000,
    "-1",
    "0",
    "1e309",
    "99999999999999999999999999",
    "NaN",
    "null",
    "true",
    "[]",
    "{}",
    "' OR 1=1 --",
    "%",
    "../../etc/passwd",
    "2026-13-01T00:00:00Z",
    "2026-01-01",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "\u202e\u0661",
]
VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    2**70,
    1.5,
    "",
    "\x00",
    "x" * 100_000,
    [],
    [[]],
    ["\x00"],
    [None],
    {},
    {"a": "\x00"},
    {"a": [[[[[[[[1]]]]]]]]},
]
QUERIES = {
    "/api/devices": ("status", "tags", "user_id", "search", "sort", "page", "per_page"),
    "/api/devices/{id}": ("from", "to", "limit"),
    "/api/devices/{id}/series": (
        "from",
        "to",
        "fields",
        "max_points",
        "tier",
        "agg",
        "tz",
    ),
    "/api/series": ("from", "to", "max_points", "tier", "tz", "devices", "tags"),
    "/api/devices/{id}/export": ("from", "to", "tier", "format", "cursor", "tz"),
    "/api/export": ("from", "to", "tier", "format", "cursor", "tz", "devices", "tags"),
    "/api/ingest/rejections": ("device", "before", "limit"),
    "/api/events": ("type", "device", "user_id", "from", "to", "cursor", "limit"),
    "/api/curve": ("minutes",),
    "/devices": ("status", "tags", "user_id", "search", "sort", "page", "per_page"),
    "/events": ("type", "device", "user_id", "from", "to", "cursor"),
    "/login": ("next",),
}
FIELDS = (
    "name",
    "model",
    "location",
    "firmware",
    "tags",
    "metadata",
    "heartbeat_interval_s",
    "user_id",
)


@pytest.fixture
def client(cast: Cast) -> Client:
    return cast.client("owner")


def is_answer(answer: Any) -> bool:
    """Tell whether we answered well or refused, in the form that we promise."""
    refused = 400 <= answer.status_code < 500
    if refused and answer.headers["Content-Type"].startswith("application/json"):
        body = answer.json()
        return "component" in body or {"error", "message"} <= set(body)
    return refused or int(answer.status_code) < 400


@pytest.mark.parametrize("path", QUERIES)
def test_it_answers_or_refuses_any_query(client: Client, cast: Cast, path: str) -> None:
    address = path.format(id=cast.device.device.pk)
    for name, text in itertools.product(QUERIES[path], TEXTS):
        answer = client.get(address, {name: text}, headers={"X-Inertia": "true"})
        assert is_answer(answer), (name, text[:40], answer.content[:200])


@pytest.mark.parametrize("name", FIELDS)
def test_it_answers_or_refuses_any_field(client: Client, cast: Cast, name: str) -> None:
    path = f"/api/devices/{cast.device.device.uuid}"
    for value in VALUES:
        body = {"name": "Fan", name: value}
        for answer in (
            client.post("/api/devices", body, content_type="application/json"),
            client.patch(path, {name: value}, content_type="application/json"),
        ):
            assert is_answer(answer), (value, answer.content[:200])
            if answer.status_code == 422:
                assert set(answer.json()["errors"]) == {name}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"name": ' + b"9" * 10_000 + b"}",
        b'{"name": "\\ud800"}',
        b'{"name": "Fan", "metadata": {"a": NaN}}',
        b'{"name": "Fan", "metadata": {"a": "\\u0000"}}',
        b'{"name": "Fan", "metadata": {"\\ud800": 1}}',
        b'{"name": "Fan", "name": 1}',
        json.dumps({"name": "Fan", "metadata": {"a": "x" * 3_000_000}}).encode(),
    ],
    ids=lambda body: str(body[:30]),
)
@pytest.mark.parametrize(
    "path", ["/api/devices", "/login", "/organization", "/broadcasting/auth"]
)
def test_it_refuses_any_body(client: Client, path: str, body: bytes) -> None:
    answer = client.post(path, body, content_type="application/json")
    assert 400 <= answer.status_code < 500, answer.content[:300]
    assert is_answer(answer)


@pytest.mark.parametrize(
    "key",
    ["0", "-1", "x", "%00", "9" * 30, "1.5", "%20", "0" * 32, "%F0%9F", "%D9%A3"],
)
@pytest.mark.parametrize("rest", ["", "/series", "/maintenance"])
def test_no_odd_key_is_a_device(client: Client, key: str, rest: str) -> None:
    method = client.post if rest == "/maintenance" else client.get
    assert method(f"/api/devices/{key}{rest}").status_code == 404
    page = client.get(f"/devices/{key}", headers={"X-Inertia": "true"})
    assert page.status_code == 404


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/login", "multipart/form-data"),
        ("/login", "multipart/form-data; boundary=x"),
        ("/login", "text/xml"),
        ("/api/devices", "text/xml"),
        ("/broadcasting/auth", "application/x-www-form-urlencoded; charset=nope"),
    ],
)
def test_it_refuses_bodies_of_another_kind(
    client: Client, path: str, content_type: str
) -> None:
    answer = client.generic("POST", path, b"\xff\x00<x>", content_type=content_type)
    assert 400 <= answer.status_code < 500
