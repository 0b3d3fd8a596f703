"""Writes of organizations, users and memberships."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.db import transaction

from powerdash.accounts.models import Membership, Organization, User
from powerdash.accounts.roles import UserRole
from powerdash.events.services import event_record
from powerdash.events.types import EventType
from powerdash.lib.fields import Fields
from powerdash.lib.zones import is_zone

SLUG_MAX = 60
NAME_MAX = 120
EMAIL_MAX = 254
PASSWORD_MAX = 1024
NO_ZONE = "Choose an IANA zone, such as Europe/Berlin."


@transaction.atomic
def organization_create(
    *, slug: str, name: str, timezone: str = "UTC", at: datetime
) -> Organization:
    """Make an organization.

    Args:
        slug: Its name in addresses: letters, digits, `-` and `_`; taken in lower case.
        timezone: IANA name of the zone its days are in.

    Raises:
        FieldsInvalid: A field cannot be taken, or the slug is in use.
    """
    fields = Fields()
    slug = fields.text("slug", slug, most=SLUG_MAX, required=True).lower()
    name = fields.text("name", name, most=NAME_MAX, required=True)
    if slug and not _passes(validate_slug, slug):
        fields.refuse("slug", "Use letters, digits, - and _ only.")
    elif not fields.errors and Organization.objects.filter(slug=slug).exists():
        fields.refuse("slug", f"There is an organization {slug} already.")
    if not is_zone(timezone):
        fields.refuse("timezone", NO_ZONE)
    fields.check()
    made = Organization.objects.create(
        slug=slug, name=name, timezone=timezone, created_at=at
    )
    event_record(
        event_type=EventType.ORGANIZATION_CREATED,
        at=at,
        organization_id=made.pk,
        data={"slug": slug},
    )
    return made


@transaction.atomic
def organization_zone_set(
    *, organization_id: int, timezone: str, at: datetime, actor_id: int | None = None
) -> None:
    """Say in which zone an organization's days are.

    What was made by days is another room's: see `telemetry.services.zones`.

    Args:
        timezone: IANA name.

    Raises:
        FieldsInvalid: There is no such zone.
        Organization.DoesNotExist: There is no such organization.
    """
    fields = Fields()
    if not is_zone(timezone):
        fields.refuse("timezone", NO_ZONE)
    fields.check()
    organization = Organization.objects.select_for_update().get(pk=organization_id)
    before, organization.timezone = organization.timezone, timezone
    if before == timezone:
        return
    organization.save(update_fields=["timezone"])
    event_record(
        event_type=EventType.ORGANIZATION_UPDATED,
        at=at,
        organization_id=organization_id,
        user_id=actor_id,
        data={"timezone": timezone, "previous": before},
    )


@transaction.atomic
def user_create(*, email: str, password: str, name: str = "", at: datetime) -> User:
    """Make a user, who is in no organization yet.

    Args:
        email: The address to sign in with; taken in lower case.

    Raises:
        FieldsInvalid: A field cannot be taken, the password is weak, or the address is
            in use.
    """
    fields = Fields()
    email = fields.text("email", email, most=EMAIL_MAX, required=True).lower()
    name = fields.text("name", name, most=NAME_MAX)
    if email and not _passes(validate_email, email):
        fields.refuse("email", "Send an e-mail address.")
    elif not fields.errors and User.objects.filter(email=email).exists():
        fields.refuse("email", f"There is a user {email} already.")
    user = User(email=email, name=name, created_at=at)
    _check_password(fields, password, user)
    fields.check()
    user.set_password(password)
    user.save()
    event_record(
        event_type=EventType.USER_CREATED, at=at, user_id=user.pk, data={"email": email}
    )
    return user


def _check_password(fields: Fields, password: str, user: User) -> None:
    if len(password) > PASSWORD_MAX:
        fields.refuse("password", f"Use at most {PASSWORD_MAX} characters.")
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        for sentence in error.messages:
            fields.refuse("password", sentence)


def _passes(validator: object, value: str) -> bool:
    try:
        validator(value)  # type: ignore[operator]
    except ValidationError:
        return False
    return True


@transaction.atomic
def membership_set(
    *, user_id: int, organization_id: int, role: str, at: datetime
) -> Membership:
    """Give a user a role in an organization, in place of the one they had.

    Raises:
        FieldsInvalid: There is no such role.
        django.db.IntegrityError: There is no such user or organization.
    """
    fields = Fields()
    if role not in set(UserRole):
        fields.refuse("role", f"Choose one of {', '.join(UserRole)}.")
    fields.check()
    membership, _ = Membership.objects.update_or_create(
        user_id=user_id,
        organization_id=organization_id,
        defaults={"role": UserRole(role)},
        create_defaults={"role": UserRole(role), "created_at": at},
    )
    event_record(
        event_type=EventType.MEMBERSHIP_SET,
        at=at,
        organization_id=organization_id,
        user_id=user_id,
        data={"role": str(role)},
    )
    return membership
