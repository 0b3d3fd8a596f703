"""Devices registered straight in the database, for commands given an organization.

Only this module of the two commands touches the control plane, and only when asked to:
with credentials at hand, `simulate` and `replay` need nothing but the public API.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from powerdash.cli.errors import Refused
from powerdash.cli.posting import Credential
from powerdash.cli.simulator.fleet import FleetDevice
from powerdash.lib import clock

if TYPE_CHECKING:
    from powerdash.accounts.models import Organization


class OrganizationUnclear(Refused):
    """No organization can be chosen; the message is a sentence for people."""


_ours = False  # whether it was we who set up Django


@contextmanager
def database_session() -> Iterator[None]:
    """Have Django and the database for a moment; what is set up already is kept.

    Not for longer: while a command that posts for days held the database, `up` could
    not be stopped and started beside it.
    """
    global _ours
    from django.apps import apps

    if apps.ready and not _ours:
        yield
        return
    from powerdash.cli import database

    _ours = True
    with database.session():
        try:
            yield
        finally:
            database.close_connections()


def register(slug: str | None, devices: Iterable[FleetDevice]) -> list[Credential]:
    """Register `devices` in one organization and return their credentials.

    Args:
        slug: The organization's; None for the only one there is.

    Raises:
        OrganizationUnclear: No such organization, or several to choose from.
        FieldsInvalid: A field of a device cannot be taken.
    """
    with database_session():
        from django.db import transaction

        with transaction.atomic():
            organization_id = _organization(slug).pk
            return [_register(organization_id, device) for device in devices]


def organization_chosen(slug: str | None) -> str:
    """Return the slug of the organization meant.

    Args:
        slug: None for the only one there is.

    Raises:
        OrganizationUnclear: No such organization, or several to choose from.
    """
    with database_session():
        return _organization(slug).slug


def is_registered(slug: str | None, uuid: str) -> bool:
    """Tell whether the organization has this device and its readings are taken.

    Raises:
        OrganizationUnclear: No such organization, or several to choose from.
    """
    with database_session():
        from powerdash.devices.models import Device
        from powerdash.devices.status import DeviceStatus

        return (
            Device.objects.filter(organization=_organization(slug), uuid=uuid)
            .exclude(status=DeviceStatus.DECOMMISSIONED)
            .exists()
        )


def _register(organization_id: int, device: FleetDevice) -> Credential:
    from powerdash.devices.services import device_register

    made = device_register(
        organization_id=organization_id,
        at=clock.now(),
        name=device.name,
        model=device.model,
        location=device.location,
        firmware=device.firmware,
        tags=list(device.tags),
    )
    return Credential(str(made.device.uuid), made.secret, made.device.name, device.kind)


def _organization(slug: str | None) -> "Organization":
    from powerdash.accounts.models import Organization

    if slug is not None:
        found = Organization.objects.filter(slug=slug.lower()).first()
        if found is None:
            raise OrganizationUnclear(
                f"There is no organization {slug}: make it with `powerdash"
                f" organizations create {slug} --name NAME`."
            )
        return found
    first_two = list(Organization.objects.order_by("id")[:2])
    if len(first_two) == 1:
        return first_two[0]
    if not first_two:
        raise OrganizationUnclear(
            "There is no organization to register a device in: make one with"
            " `powerdash organizations create SLUG --name NAME`."
        )
    raise OrganizationUnclear(
        "There are several organizations: say in which to register with --organization"
        " SLUG, or give the credentials of devices."
    )
