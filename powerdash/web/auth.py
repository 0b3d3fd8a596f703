"""Who is asking: the session, the organization in it, the rights of the role."""

import uuid
from dataclasses import dataclass
from urllib.parse import quote

from django.contrib.auth import login as session_login
from django.contrib.auth import logout as session_logout
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from powerdash import settings
from powerdash.accounts.login import login_check, logout_record
from powerdash.accounts.models import Membership, User
from powerdash.accounts.roles import Scope
from powerdash.accounts.viewer import Viewer, memberships_of, viewer_of
from powerdash.events.services import event_record
from powerdash.events.types import EventType
from powerdash.lib import clock

_ORGANIZATION = "organization"  # the session's key; its value is a UUID
_SIGNED_IN = "_powerdash_signed_in"
_KNOWN_COOKIE = "powerdash-known"
_KNOWN_SALT = "powerdash.known-browser"
_KNOWN_MAX_AGE_S = 365 * 24 * 3600
PATH_MAX = 2000


class Unauthenticated(Exception):
    """Nobody is signed in."""

    def __init__(self) -> None:
        super().__init__("Sign in first.")


class TokenMissing(Exception):
    """The request has no CSRF token: another site's page may have sent it."""

    def __init__(self) -> None:
        super().__init__(
            "Send the cookie XSRF-TOKEN back in the header X-XSRF-TOKEN; on a page,"
            " load it again and repeat what you did."
        )


class NoOrganization(Exception):
    """The user is in no organization, so there is nothing they could see."""

    def __init__(self) -> None:
        super().__init__(
            "You are in no organization yet: ask its owner to give you a role."
        )


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The user, their memberships, and the one in force."""

    user: User
    memberships: list[Membership]
    current: Membership

    @property
    def viewer(self) -> Viewer:
        """The user in the current organization."""
        return viewer_of(self.current)


def signed_in(request: HttpRequest) -> SignedIn:
    """Return who is asking; asked for once a request.

    Raises:
        NoOrganization: They are in none.
        Unauthenticated: Nobody is signed in.
    """
    known: SignedIn | None = getattr(request, _SIGNED_IN, None)
    if known is None:
        known = _signed_in(request)
        setattr(request, _SIGNED_IN, known)
    return known


def _signed_in(request: HttpRequest) -> SignedIn:
    if not request.user.is_authenticated:
        raise Unauthenticated
    user = request.user
    memberships = memberships_of(user.pk)
    if not memberships:
        raise NoOrganization
    wanted = request.session.get(_ORGANIZATION)
    current = next(
        (each for each in memberships if str(each.organization.uuid) == wanted),
        memberships[0],
    )
    return SignedIn(user, memberships, current)


def viewer_for(request: HttpRequest, scope: Scope) -> Viewer:
    """Return the viewer, who has this right.

    Raises:
        NoOrganization: They are in none.
        ScopeMissing: Their role does not allow it.
        Unauthenticated: Nobody is signed in.
    """
    viewer = signed_in(request).viewer
    viewer.require(scope)
    return viewer


def organization_switch(request: HttpRequest, slug: str) -> bool:
    """Go on in another of the user's organizations; False when they are in none so."""
    for membership in signed_in(request).memberships:
        if membership.organization.slug == slug:
            request.session[_ORGANIZATION] = str(membership.organization.uuid)
            return True
    return False


def address_of(request: HttpRequest) -> str:
    """Return the client's address; behind a trusted proxy uvicorn put it there."""
    return str(request.META.get("REMOTE_ADDR") or "")


def sign_in(request: HttpRequest, *, email: str, password: str) -> User:
    """Check a password and begin a new session.

    Raises:
        LoginRefused: Address and password do not belong together.
        LoginThrottled: Too many failed before.
    """
    user = login_check(
        email=email,
        password=password,
        address=address_of(request),
        browser=_browser_known(request, email),
        at=clock.now(),
    )
    # The old session's contents and key are dropped: nobody may have planted them.
    request.session.flush()
    session_login(request, user)
    return user


def sign_out(request: HttpRequest) -> None:
    """End the session, if there is one."""
    if not request.user.is_authenticated:
        return
    try:
        organization_id = signed_in(request).current.organization_id
    except NoOrganization:
        organization_id = None
    logout_record(
        user_id=request.user.pk,
        organization_id=organization_id,
        address=address_of(request),
        at=clock.now(),
    )
    session_logout(request)


def browser_remember(response: HttpResponse, user: User) -> None:
    """Let the browser prove later that it signed in to this account before."""
    response.set_cookie(
        _KNOWN_COOKIE,
        signing.dumps([user.email, uuid.uuid4().hex], salt=_KNOWN_SALT),
        max_age=_KNOWN_MAX_AGE_S,
        path="/login",
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def _browser_known(request: HttpRequest, email: str) -> str | None:
    cookie = request.COOKIES.get(_KNOWN_COOKIE, "")
    try:
        known, name = signing.loads(cookie, salt=_KNOWN_SALT, max_age=_KNOWN_MAX_AGE_S)
    except (signing.BadSignature, ValueError):
        return None
    return str(name) if known == email.strip().lower() else None


def local_path(wanted: str) -> str:
    """Return where to go after signing in: a path of ours, never another site's."""
    safe = (
        wanted.startswith("/")
        and len(wanted) <= PATH_MAX
        and wanted.isprintable()
        and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
        and not wanted.startswith("/login")
    )
    return wanted if safe else "/"


def denial_record(request: HttpRequest, scope: str) -> None:
    """Record that somebody asked for what their role does not allow."""
    who = signed_in(request)
    event_record(
        event_type=EventType.PERMISSION_DENIED,
        at=clock.now(),
        organization_id=who.current.organization_id,
        user_id=who.user.pk,
        data={
            "scope": str(scope),
            "method": request.method,
            "path": quote(request.path)[:200],
        },
    )
