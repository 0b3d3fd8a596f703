"""`powerdash demo`, run by `up --demo`: an organization to try things in, made once."""

import json
from datetime import datetime

import typer
from django.db import transaction

from powerdash import settings
from powerdash.accounts.models import Organization, User
from powerdash.accounts.roles import UserRole
from powerdash.accounts.services import (
    membership_set,
    organization_create,
    user_create,
)
from powerdash.cli import registering
from powerdash.cli.demo_start import CREDENTIALS, Demo, weeks_note
from powerdash.cli.simulator.credentials import (
    CredentialsInvalid,
    credentials_read,
    credentials_write,
)
from powerdash.cli.simulator.fleet import demo_fleet
from powerdash.lib import clock

SLUG = "demo"
DEVICES = 24


def command() -> None:
    """Make the demo unless it is there, and print how to sign in (one JSON line)."""
    at = clock.now()
    with transaction.atomic():
        organization = _organization(at)
        emails = [_user(organization, role, at) for role in UserRole]
        is_new = not _has_fleet()
        if is_new:
            # Before the commit: a file without its devices is noticed, not the reverse.
            known = registering.register(SLUG, demo_fleet(DEVICES))
            credentials_write(CREDENTIALS, known)
            weeks_note(at)
    demo = Demo(emails, password(), at.isoformat(timespec="seconds") if is_new else "")
    typer.echo(json.dumps(demo.as_dict()))


def password() -> str:
    """Return the demo's password: this installation's own, the same at each start."""
    return settings.derived_key("demo password")[:12]


def _organization(at: datetime) -> Organization:
    found = Organization.objects.filter(slug=SLUG).first()
    return found or organization_create(slug=SLUG, name="Demo campus", at=at)


def _user(organization: Organization, role: UserRole, at: datetime) -> str:
    email = f"{role}@demo.test"
    if not User.objects.filter(email=email).exists():
        user = user_create(
            email=email, password=password(), name=role.capitalize(), at=at
        )
        membership_set(
            user_id=user.pk, organization_id=organization.pk, role=role, at=at
        )
    return email


def _has_fleet() -> bool:
    """Tell whether the credentials at hand are those of devices in the database."""
    try:
        known = credentials_read(CREDENTIALS)
    except CredentialsInvalid:
        return False
    return all(registering.is_registered(SLUG, each.uuid) for each in known[:1])
