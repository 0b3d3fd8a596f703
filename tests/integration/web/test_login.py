"""Signing in and out."""

from typing import Any

import pytest
from django.test import Client

from powerdash.accounts.login import LoginRefused, login_check
from powerdash.accounts.throttle import BY_ACCOUNT, BY_ADDRESS, LoginThrottled
from powerdash.events.models import Event
from powerdash.lib import clock
from powerdash.settings import INERTIA_VERSION
from tests.cast import PASSWORD, Cast

INERTIA = {"X-Inertia": "true", "X-Inertia-Version": INERTIA_VERSION}
EMAIL = "owner@campus.test"


def sign_in(client: Client, **fields: str) -> Any:
    body = {"email": EMAIL, "password": PASSWORD, "next": "/", **fields}
    return client.post("/login", body, content_type="application/json", headers=INERTIA)


def props(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["props"]
    return found


def test_it_signs_in_and_goes_where_one_was_going(cast: Cast) -> None:
    client = Client()
    sent = client.get("/devices?status=online").headers["Location"]
    assert sent == "/login?next=%2Fdevices%3Fstatus%3Donline"
    page = client.get(sent, headers=INERTIA)
    assert props(page)["next"] == "/devices?status=online"
    answer = sign_in(client, next=props(page)["next"])
    assert answer.headers["Location"] == "/devices?status=online"
    assert client.get("/devices", headers=INERTIA).status_code == 200


def test_a_link_to_a_file_leads_back_to_its_page(cast: Cast) -> None:
    """The page is still open, its session is over."""
    visit = {"Sec-Fetch-Mode": "navigate"}
    page = {"Referer": "http://testserver/explore?range=7d"}
    sent = Client().get("/api/export", headers=visit | page)
    assert sent.headers["Location"] == "/login?next=%2Fexplore%3Frange%3D7d"
    assert Client().get("/api/export", headers=visit).headers["Location"] == "/login"
    assert Client().get("/api/export", headers=page).status_code == 401


@pytest.mark.parametrize("email", [EMAIL, "  OWNER@Campus.test "])
def test_it_takes_the_address_in_any_case(cast: Cast, email: str) -> None:
    assert sign_in(Client(), email=email).status_code == 302


def test_it_takes_a_plain_form_too(cast: Cast) -> None:
    answer = Client().post("/login", {"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 302


def test_it_says_that_the_cache_is_away(cast: Cast, settings: Any) -> None:
    before, client = Client(), Client()
    assert sign_in(before).status_code == 302
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    client.cookies = before.cookies
    for page in (client.get("/devices", headers=INERTIA), sign_in(Client())):
        assert page.status_code == 503
        assert props(page)["message"].startswith("The cache does not answer")
        assert page.headers["Retry-After"] == "1"
    asked = client.get("/api/devices")
    assert (asked.status_code, asked.json()["error"]) == (503, "unavailable")


def test_it_never_leads_to_another_site(cast: Cast) -> None:
    assert sign_in(Client(), next="//evil.test/").headers["Location"] == "/"


def test_it_says_the_same_of_a_wrong_password_and_a_wrong_address(cast: Cast) -> None:
    wrong = sign_in(Client(), password="not the password")
    unknown = sign_in(Client(), email="nobody@campus.test")
    assert wrong.status_code == unknown.status_code == 422
    assert props(wrong)["errors"] == props(unknown)["errors"]


def test_it_names_the_fields_that_are_missing(cast: Cast) -> None:
    answer = sign_in(Client(), email="", password="")
    assert set(props(answer)["errors"]) == {"email", "password"}


@pytest.mark.parametrize("email", ["a\x00@b.test", "x" * 5000, "\ud800@b.test"])
def test_it_refuses_odd_addresses(cast: Cast, email: str) -> None:
    with pytest.raises(LoginRefused):
        login_check(email=email, password="x", address="", browser=None, at=clock.now())


def test_it_refuses_users_who_are_not_active(cast: Cast) -> None:
    user = cast.users["owner"]
    user.is_active = False
    user.save()
    assert sign_in(Client()).status_code == 422


def test_it_ends_a_session_when_the_user_is_made_inactive(cast: Cast) -> None:
    client = cast.client("owner")
    user = cast.users["owner"]
    user.is_active = False
    user.save()
    assert client.get("/api/summary").status_code == 401


def test_it_gives_the_session_a_new_key(cast: Cast) -> None:
    client = Client()
    session = client.session
    session["planted"] = 1
    session.save()
    client.cookies[settings_cookie()] = session.session_key or ""
    planted = client.cookies[settings_cookie()].value
    sign_in(client)
    assert client.cookies[settings_cookie()].value != planted
    assert "planted" not in client.session


def settings_cookie() -> str:
    from django.conf import settings as django_settings

    return str(django_settings.SESSION_COOKIE_NAME)


def test_the_session_cookie_is_not_for_scripts(cast: Cast) -> None:
    client = Client()
    sign_in(client)
    cookie = client.cookies[settings_cookie()]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_it_records_sign_ins_failures_and_sign_outs(cast: Cast) -> None:
    client = Client()
    sign_in(client, password="not the password")
    sign_in(client)
    client.post("/logout")
    found = Event.objects.filter(type__startswith="auth.").order_by("id")
    assert [event.type for event in found] == [
        "auth.login_failed",
        "auth.login",
        "auth.logout",
    ]
    assert {event.user_id for event in found} == {cast.users["owner"].pk}
    assert {event.organization_id for event in found} == {cast.organization.pk}
    assert PASSWORD not in str([event.data for event in found])
    assert client.get("/api/summary").status_code == 401


def test_signing_out_twice_is_harmless(cast: Cast) -> None:
    assert Client().post("/logout").headers["Location"] == "/login"


# --- guessing -------------------------------------------------------------------------
def guess(count: int, *, address: str = "192.0.2.1", email: str = EMAIL) -> int:
    """Guess wrongly; return how many guesses were looked at."""
    at = clock.now()
    for number in range(count):
        try:
            login_check(
                email=email, password=f"{number}", address=address, browser=None, at=at
            )
        except LoginRefused:
            continue
        except LoginThrottled:
            return number
    return count


@pytest.fixture
def _fast_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.usefixtures("_fast_hashes")
def test_it_slows_guessing_at_one_account_from_everywhere(cast: Cast) -> None:
    looked_at = [guess(4, address=f"192.0.2.{n}") for n in range(5)]
    assert sum(looked_at) == BY_ACCOUNT.burst


@pytest.mark.usefixtures("_fast_hashes")
def test_it_slows_guessing_from_one_address_at_all_accounts(cast: Cast) -> None:
    looked_at = [guess(2, email=f"{n}@campus.test") for n in range(20)]
    assert sum(looked_at) == BY_ADDRESS.burst


@pytest.mark.usefixtures("_fast_hashes")
def test_it_answers_429_and_when_to_come_back(cast: Cast) -> None:
    guess(BY_ACCOUNT.burst, address="192.0.2.9")
    answer = sign_in(Client())
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= BY_ACCOUNT.each_s
    assert "wait" in props(answer)["errors"]["credentials"]


@pytest.mark.usefixtures("_fast_hashes")
def test_it_does_not_lock_the_owner_out_of_a_browser_known(cast: Cast) -> None:
    client = Client()
    sign_in(client)
    client.post("/logout")
    guess(BY_ACCOUNT.burst, address="192.0.2.9")
    guess(BY_ADDRESS.burst, address="127.0.0.1", email="x@campus.test")
    assert sign_in(Client()).status_code == 429
    assert sign_in(client).status_code == 302


@pytest.mark.usefixtures("_fast_hashes")
def test_a_sign_in_that_succeeds_is_no_failure(cast: Cast) -> None:
    for _ in range(BY_ACCOUNT.burst + 5):
        login_check(
            email=EMAIL,
            password=PASSWORD,
            address="192.0.2.1",
            browser=None,
            at=clock.now(),
        )


@pytest.mark.usefixtures("_fast_hashes")
def test_the_bucket_drains(cast: Cast) -> None:
    from datetime import timedelta

    guess(BY_ACCOUNT.burst)
    later = clock.now() + timedelta(seconds=BY_ACCOUNT.each_s)
    login_check(
        email=EMAIL, password=PASSWORD, address="192.0.2.1", browser=None, at=later
    )


# --- organizations --------------------------------------------------------------------
def test_it_switches_to_another_organization_of_the_user(cast: Cast) -> None:
    from powerdash.accounts.services import membership_set

    membership_set(
        user_id=cast.users["owner"].pk,
        organization_id=cast.strange_organization.pk,
        role="viewer",
        at=clock.now(),
    )
    client = cast.client("owner")
    data = {"slug": "elsewhere"}
    answer = client.post("/organization", data, content_type="application/json")
    assert answer.headers["Location"] == "/"
    viewer = props(client.get("/devices", headers=INERTIA))["viewer"]
    assert viewer["organization"]["slug"] == "elsewhere"
    assert viewer["role"] == "viewer"
    assert [each["slug"] for each in viewer["organizations"]] == ["campus", "elsewhere"]
    assert client.get(f"/api/devices/{cast.device.device.uuid}").status_code == 404


def test_a_user_without_organization_is_told_so(cast: Cast) -> None:
    cast.users["owner"].memberships.all().delete()
    client = cast.client("owner")
    answer = client.get("/", headers=INERTIA)
    assert answer.status_code == 403
    assert "no organization" in props(answer)["message"]
    assert client.get("/api/devices").json()["error"] == "no_organization"
