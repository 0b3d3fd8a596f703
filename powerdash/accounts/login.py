"""Signing in and out; the session itself is the web door's."""

from datetime import datetime

from django.contrib.auth import authenticate

from powerdash.accounts import throttle
from powerdash.accounts.models import Membership, User
from powerdash.accounts.services import EMAIL_MAX, PASSWORD_MAX
from powerdash.events.services import event_record
from powerdash.events.types import EventType
from powerdash.lib.fields import text_is_plain


class LoginRefused(Exception):
    """Address and password do not belong together; which is wrong is not told."""

    def __init__(self) -> None:
        super().__init__("E-mail address or password is wrong.")


def login_check(
    *, email: str, password: str, address: str, browser: str | None, at: datetime
) -> User:
    """Return the user that an address and a password belong to; record the attempt.

    Args:
        address: The client's network address.
        browser: What names a browser that signed in to this account before.

    Raises:
        LoginRefused: They belong to nobody, or the user may not sign in.
        LoginThrottled: Too many failed before; this one was not looked at.
    """
    email = email.strip().lower()
    if not _plausible(email, password):
        raise LoginRefused
    chosen = throttle.buckets(email=email, address=address, browser=browser)
    throttle.take(chosen, at=at)
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        _failure_record(email=email, address=address, at=at)
        raise LoginRefused
    throttle.refund(chosen, at=at)
    event_record(
        event_type=EventType.AUTH_LOGIN,
        at=at,
        organization_id=_first_organization_id(user.pk),
        user_id=user.pk,
        data={"address": address},
    )
    return user


def logout_record(
    *, user_id: int, organization_id: int | None, address: str, at: datetime
) -> None:
    """Record that a user signed out."""
    event_record(
        event_type=EventType.AUTH_LOGOUT,
        at=at,
        organization_id=organization_id,
        user_id=user_id,
        data={"address": address},
    )


def _plausible(email: str, password: str) -> bool:
    return (
        0 < len(email) <= EMAIL_MAX
        and 0 < len(password) <= PASSWORD_MAX
        and text_is_plain(email)
    )


def _failure_record(*, email: str, address: str, at: datetime) -> None:
    user_id = User.objects.filter(email=email).values_list("pk", flat=True).first()
    event_record(
        event_type=EventType.AUTH_LOGIN_FAILED,
        at=at,
        organization_id=user_id and _first_organization_id(user_id),
        user_id=user_id,
        data={"email": email, "address": address},
    )


def _first_organization_id(user_id: int) -> int | None:
    """Return the organization whose people should know of it."""
    return (
        Membership.objects.filter(user_id=user_id)
        .order_by("organization__name", "id")
        .values_list("organization_id", flat=True)
        .first()
    )
