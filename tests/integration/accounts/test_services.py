"""Writes of organizations, users and memberships."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from powerdash.accounts.models import Membership, User
from powerdash.accounts.services import (
    membership_set,
    organization_create,
    user_create,
)
from powerdash.events.models import Event, OutboxEntry
from powerdash.lib.fields import FieldsInvalid

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _month() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT events_partition_ensure(%s)", [AT])


def test_it_makes_an_organization_and_records_it() -> None:
    made = organization_create(slug="Lab", name=" Lab ", timezone="Asia/Tehran", at=AT)
    assert (made.slug, made.name, made.timezone) == ("lab", "Lab", "Asia/Tehran")
    event = Event.objects.get()
    assert (event.type, event.organization_id) == ("organization.created", made.pk)
    assert not OutboxEntry.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", ""),
        ("slug", "a b"),
        ("slug", "a/b"),
        ("slug", "x" * 61),
        ("slug", "LAB"),
        ("name", ""),
        ("name", "x" * 121),
        ("name", "a\x00"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
    ],
)
def test_it_refuses_an_organization_and_names_the_field(field: str, value: str) -> None:
    organization_create(slug="lab", name="Lab", at=AT)
    fields: dict[str, Any] = {"slug": "other", "name": "Other", field: value}
    with pytest.raises(FieldsInvalid) as caught:
        organization_create(at=AT, **fields)
    assert list(caught.value.errors) == [field]


def test_it_makes_a_user_and_keeps_only_the_hash_of_the_password() -> None:
    made = user_create(email=" A@Lab.test", password=PASSWORD, at=AT)
    stored = User.objects.get()
    assert stored.email == "a@lab.test"
    assert stored.check_password(PASSWORD)
    assert PASSWORD not in stored.password
    assert Event.objects.get().user_id == made.pk


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "a"),
        ("email", "a@b@c.test"),
        ("email", "x" * 250 + "@b.test"),
        ("email", "A@LAB.TEST"),
        ("email", "a\x00@b.test"),
        ("password", "short"),
        ("password", "password123"),
        ("password", "x" * 1025),
        ("name", "x" * 121),
    ],
)
def test_it_refuses_a_user_and_names_the_field(field: str, value: str) -> None:
    user_create(email="a@lab.test", password=PASSWORD, at=AT)
    fields: dict[str, Any] = {"email": "b@lab.test", "password": PASSWORD, field: value}
    with pytest.raises(FieldsInvalid) as caught:
        user_create(at=AT, **fields)
    assert list(caught.value.errors) == [field]
    assert User.objects.count() == 1


def test_it_gives_one_role_at_a_time() -> None:
    organization = organization_create(slug="lab", name="Lab", at=AT)
    user = user_create(email="a@lab.test", password=PASSWORD, at=AT)
    for role in ("viewer", "owner"):
        membership_set(
            user_id=user.pk, organization_id=organization.pk, role=role, at=AT
        )
    assert Membership.objects.get().role == "owner"
    roles = Event.objects.filter(type="membership.set").order_by("id")
    assert [event.data["role"] for event in roles] == ["viewer", "owner"]


def test_it_knows_no_other_role() -> None:
    with pytest.raises(FieldsInvalid, match="role: Choose one of owner, operator"):
        membership_set(user_id=1, organization_id=1, role="admin", at=AT)
