"""Who plays in the tests: the people of one organization, and a stranger in another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.test import Client

from powerdash.accounts.models import Organization, User
from powerdash.accounts.roles import UserRole
from powerdash.accounts.services import (
    membership_set,
    organization_create,
    user_create,
)
from powerdash.accounts.viewer import Viewer, memberships_of, viewer_of
from powerdash.devices.services import RegisteredDevice, device_register
from powerdash.lib import clock

PASSWORD = "correct horse battery"
ROLES = {
    "owner": UserRole.OWNER,
    "teammate": UserRole.OPERATOR,
    "viewer": UserRole.VIEWER,
    "support": UserRole.SUPPORT,
}
MEMBERS = tuple(ROLES)
STRANGER = "stranger"
NOBODY = "nobody"  # not signed in
ALL = (*MEMBERS, STRANGER, NOBODY)


@dataclass(frozen=True, slots=True)
class Cast:
    """Two organizations, a device each, and their people by part.

    Attributes:
        device: Of `organization`. strange_device: Of the stranger's organization.
    """

    organization: Organization
    strange_organization: Organization
    device: RegisteredDevice
    strange_device: RegisteredDevice
    users: dict[str, User]

    def client(self, part: str) -> Client:
        """Return a browser in which this part is signed in."""
        client = Client(raise_request_exception=True)
        if part != NOBODY:
            client.force_login(self.users[part])
        return client

    def viewer(self, part: str) -> Viewer:
        """Return this part in their organization."""
        return viewer_of(memberships_of(self.users[part].pk)[0])


def assemble() -> Cast:
    """Make everybody, an hour ago."""
    at = clock.now() - timedelta(hours=1)
    ours = organization_create(slug="campus", name="Campus", at=at)
    theirs = organization_create(slug="elsewhere", name="Elsewhere", at=at)
    users: dict[str, User] = {}
    with _fast_passwords():
        for part, role in {**ROLES, STRANGER: UserRole.OWNER}.items():
            user = user_create(
                email=f"{part}@campus.test", name=part.title(), password=PASSWORD, at=at
            )
            home = theirs if part == STRANGER else ours
            membership_set(user_id=user.pk, organization_id=home.pk, role=role, at=at)
            users[part] = user
    device = device_register(
        organization_id=ours.pk,
        name="Chiller",
        model="PM-1",
        location="Cellar",
        tags=["cooling", "cellar"],
        at=at,
    )
    strange = device_register(organization_id=theirs.pk, name="Furnace", at=at)
    return Cast(ours, theirs, device, strange, users)


@contextmanager
def _fast_passwords() -> Iterator[None]:
    """Hash with one round: the strength of the hash is not what tests look at."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    usual = PBKDF2PasswordHasher.iterations
    PBKDF2PasswordHasher.iterations = 1
    try:
        yield
    finally:
        PBKDF2PasswordHasher.iterations = usual
