"""Every route, asked by everybody: what they may, and what does not exist for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.openapi.views import openapi_json

from powerdash import settings
from powerdash.accounts.roles import ROLE_SCOPES, Scope
from powerdash.devices.models import Device
from powerdash.web.api.root import api
from tests.cast import ALL, MEMBERS, NOBODY, ROLES, STRANGER, Cast

INERTIA = {"X-Inertia": "true", "X-Inertia-Version": settings.INERTIA_VERSION}
READ, WRITE, EVENTS = Scope.DEVICES_READ, Scope.DEVICES_WRITE, Scope.EVENTS_READ


@dataclass(frozen=True)
class Route:
    """One method of one route.

    Attributes:
        path: With `{device}` for the device's UUID.
        scope: What one needs; None needs nothing.
        page: A page or form; the others are of the API.
        good: The status for those who may.
    """

    method: str
    path: str
    scope: Scope | None = None
    page: bool = False
    good: int = 200
    body: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def about_a_device(self) -> bool:
        return "{device}" in self.path


RULE = {"raw_days": 7, "days_5m": 90, "days_1h": 0, "days_1d": 0}
ROUTES = [
    Route("GET", "/", READ, page=True),
    Route("GET", "/devices", READ, page=True),
    Route("GET", "/devices/{device}", READ, page=True),
    Route("GET", "/events", EVENTS, page=True),
    Route("GET", "/explore", READ, page=True),
    Route("GET", "/rejections", READ, page=True),
    Route("GET", "/retention", Scope.SETTINGS_READ, page=True),
    Route("GET", "/login", page=True),
    Route("POST", "/login", page=True, good=422),
    Route("POST", "/logout", page=True, good=302),
    Route("POST", "/organization", page=True, good=404, body={"slug": "x"}),
    Route("GET", "/api/", good=404),
    Route("GET", "/api/openapi.json"),
    Route("GET", "/api/docs"),
    Route("GET", "/api/summary", READ),
    Route("GET", "/api/curve", READ),
    Route("GET", "/api/devices", READ),
    Route("POST", "/api/devices", WRITE, good=201, body={"name": "Fan"}),
    Route("GET", "/api/devices/{device}", READ),
    Route("PATCH", "/api/devices/{device}", WRITE, body={"location": "Roof"}),
    Route("GET", "/api/devices/{device}/series", READ),
    Route("GET", "/api/series", READ),
    Route("GET", "/api/devices/{device}/markers", READ),
    Route("GET", "/api/devices/{device}/export", READ),
    Route("GET", "/api/export", READ),
    Route("GET", "/api/ingest/rejections", READ),
    Route("POST", "/api/ingest/rejections/replay", WRITE, body={"ids": [1]}),
    Route("GET", "/api/retention", Scope.SETTINGS_READ),
    Route("PUT", "/api/retention", Scope.SETTINGS_WRITE, body=RULE),
    Route("DELETE", "/api/retention", Scope.SETTINGS_WRITE, good=404),
    Route("PUT", "/api/devices/{device}/hold", Scope.SETTINGS_WRITE, good=204),
    Route("DELETE", "/api/devices/{device}/hold", Scope.SETTINGS_WRITE, good=204),
    Route("POST", "/api/devices/{device}/maintenance", WRITE),
    Route("DELETE", "/api/devices/{device}/maintenance", WRITE, good=409),
    Route("POST", "/api/devices/{device}/decommission", WRITE),
    Route("GET", "/api/events", EVENTS),
    Route("POST", "/broadcasting/auth", READ, good=422),
]


def routes_there_are() -> set[str]:
    """Return every pattern's path and every operation of the API."""
    return set(_patterns(get_resolver().url_patterns, "/"))


def _patterns(given: Any, before: str) -> Iterator[str]:
    for each in given:
        path = f"{before}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns, path)
        elif isinstance(each, URLPattern):
            yield path.replace("<str:key>", "{device}").replace("<key>", "{device}")


def test_the_table_knows_every_route() -> None:
    assert {route.path for route in ROUTES} == routes_there_are()


def test_the_table_knows_every_operation_of_the_api() -> None:
    described = {
        f"{method.upper()} {path}".replace("{key}", "{device}")
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    hidden = {"GET /api/", "GET /api/openapi.json", "GET /api/docs"}
    assert openapi_json is not None
    assert {str(r) for r in ROUTES if r.path.startswith("/api/")} - hidden == described


def ask(cast: Cast, part: str, route: Route, device: Any = None) -> HttpResponse:
    device = device or cast.device.device.uuid
    method = getattr(cast.client(part), route.method.lower())
    options: dict[str, Any] = {"headers": INERTIA if route.page else {}}
    if route.method != "GET":
        options |= {"data": route.body, "content_type": "application/json"}
    answer: HttpResponse = method(route.path.format(device=device), **options)
    return answer


def expected(part: str, route: Route) -> int:
    if route.scope is None:
        return _open(part, route)
    if part == NOBODY:
        return 302 if route.page else 401
    if part == STRANGER:
        return 404 if route.about_a_device else route.good
    return route.good if route.scope in ROLE_SCOPES[ROLES[part]] else 403


def _open(part: str, route: Route) -> int:
    if str(route) == "GET /login" and part != NOBODY:
        return 302
    if str(route) == "POST /organization" and part == NOBODY:
        return 302
    return route.good


@pytest.mark.parametrize("part", ALL)
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_it_answers_by_what_one_may(cast: Cast, part: str, route: Route) -> None:
    answer = ask(cast, part, route)
    assert answer.status_code == expected(part, route), answer.content[:300]


@pytest.mark.parametrize("part", MEMBERS)
@pytest.mark.parametrize("route", [r for r in ROUTES if r.about_a_device], ids=str)
@pytest.mark.parametrize("by", ["uuid", "id"])
def test_what_is_another_organizations_does_not_exist(
    cast: Cast, part: str, route: Route, by: str
) -> None:
    strange = cast.strange_device.device
    before = Device.objects.filter(pk=strange.pk).values().get()
    answer = ask(cast, part, route, strange.uuid if by == "uuid" else strange.pk)
    may = route.scope in ROLE_SCOPES[ROLES[part]]
    assert answer.status_code == (404 if may else 403)
    assert b"Furnace" not in answer.content
    assert Device.objects.filter(pk=strange.pk).values().get() == before


@pytest.mark.parametrize("part", MEMBERS)
@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.method == "GET" and r.scope], ids=str
)
def test_nothing_of_another_organization_is_shown(
    cast: Cast, part: str, route: Route
) -> None:
    content = ask(cast, part, route).getvalue().decode()
    for word in (
        "Furnace",
        "Elsewhere",
        "stranger",
        str(cast.strange_device.device.uuid),
    ):
        assert word not in content


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method != "GET"], ids=str)
def test_it_refuses_what_does_not_come_from_our_page(cast: Cast, route: Route) -> None:
    client = cast.client("owner")
    client.handler.enforce_csrf_checks = True
    answer = client.generic(
        route.method,
        route.path.format(device=cast.device.device.uuid),
        b"{}",
        content_type="application/json",
    )
    assert answer.status_code == 403
    assert b"csrf" in answer.content.lower() or b"open too long" in answer.content


def test_a_missing_token_is_told_as_such_and_only_to_who_is_signed_in(
    cast: Cast,
) -> None:
    for part, status, code in (
        ("owner", 403, "csrf"),
        (NOBODY, 401, "unauthenticated"),
    ):
        client = cast.client(part)
        client.handler.enforce_csrf_checks = True
        answer = client.post("/api/devices", {}, content_type="application/json")
        assert (answer.status_code, answer.json()["error"]) == (status, code)
