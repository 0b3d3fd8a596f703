"""Writes of devices; the control plane's only writer of `Device.status`."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Unpack

from django.db import connection, transaction
from django.utils.text import slugify

from powerdash import settings
from powerdash.accounts.models import Membership, Organization
from powerdash.devices.fields import DeviceFields, device_fields
from powerdash.devices.models import Device
from powerdash.devices.secrets import secret_hash, secret_new
from powerdash.devices.status import DeviceStatus, Trigger, next_status
from powerdash.events.services import NewEvent, event_record, event_record_all
from powerdash.events.types import EventType
from powerdash.lib.fields import FieldsInvalid

SLUG_MAX = 140
COUNT_MAX = 1_000_000
BATCH = 5_000  # rows in one INSERT


class DeviceChangedMeanwhile(Exception):
    """The device's status changed between our read and our write; try again."""

    def __init__(self, device_id: int) -> None:
        super().__init__("The device changed at this very moment: try again.")
        self.device_id = device_id


class DeviceDecommissioned(Exception):
    """The device's life is over: nothing of it can be changed."""

    def __init__(self, device_id: int) -> None:
        super().__init__("The device is decommissioned: it cannot be changed.")
        self.device_id = device_id


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """A new device and its secret, which is kept nowhere else."""

    device: Device
    secret: str


@transaction.atomic
def device_register(
    *,
    organization_id: int,
    at: datetime,
    actor_id: int | None = None,
    **fields: Unpack[DeviceFields],
) -> RegisteredDevice:
    """Register a device; it is offline until it is first heard.

    Args:
        actor_id: The user who registers it.
        fields: At least `name`.

    Raises:
        FieldsInvalid: A field cannot be taken.
        Organization.DoesNotExist: There is no such organization.
    """
    name = fields.get("name", "")
    return device_register_all(
        organization_id=organization_id,
        at=at,
        names=[name],
        actor_id=actor_id,
        **fields,
    )[0]


@transaction.atomic
def device_register_all(
    *,
    organization_id: int,
    at: datetime,
    names: Sequence[str],
    actor_id: int | None = None,
    **fields: Unpack[DeviceFields],
) -> list[RegisteredDevice]:
    """Register several devices that are alike but for their names.

    Raises:
        FieldsInvalid: A field cannot be taken.
        Organization.DoesNotExist: There is no such organization.
    """
    given: DeviceFields = {"heartbeat_interval_s": None, **fields}
    common = _columns(organization_id, given)
    cleaned = [_columns(organization_id, {"name": name})["name"] for name in names]
    # Registrations of an organization wait for each other: slugs are taken one by one.
    Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    slugs = _slugs(organization_id, cleaned)
    registered = []
    for name, slug in zip(cleaned, slugs, strict=True):
        secret = secret_new()
        stored = secret_hash(secret, pepper=settings.DEVICE_SECRET_PEPPER)
        device = Device(
            **{**common, "name": name},
            organization_id=organization_id,
            slug=slug,
            secret_hash=stored,
            status_changed_at=at,
            created_at=at,
            updated_at=at,
        )
        registered.append(RegisteredDevice(device, secret))
    _insert(registered, at=at, actor_id=actor_id)
    return registered


def _insert(
    registered: Sequence[RegisteredDevice], *, at: datetime, actor_id: int | None
) -> None:
    devices = [each.device for each in registered]
    for start in range(0, len(devices), BATCH):
        made = Device.objects.bulk_create(devices[start : start + BATCH])
        event_record_all(
            event_type=EventType.DEVICE_REGISTERED,
            at=at,
            events=[NewEvent(device_id=d.pk, user_id=actor_id) for d in made],
        )
        # A door may remember that it knows no such device.
        _announce_changes([str(device.uuid) for device in made])


def _columns(organization_id: int, fields: DeviceFields) -> dict[str, Any]:
    columns = device_fields(fields, heartbeat_default_s=settings.OFFLINE_SLA_SECONDS)
    user_id = columns.get("user_id")
    if (
        user_id is not None
        and not Membership.objects.filter(
            user_id=user_id, organization_id=organization_id
        ).exists()
    ):
        raise FieldsInvalid({"user_id": ["Choose a member of the organization."]})
    return columns


def _slugs(organization_id: int, names: Sequence[str]) -> list[str]:
    """Return a free slug for each name, such as `pump` or `pump-2`."""
    stems = [slugify(name)[: SLUG_MAX - 8].strip("-") or "device" for name in names]
    taken: set[str] = set()
    # Numbered names share a beginning, so that one question answers for all of them.
    alone = len(stems) == 1
    for stem in {stem if alone else stem.rstrip("-0123456789") for stem in stems}:
        taken.update(
            Device.objects.filter(
                organization_id=organization_id, slug__startswith=stem
            ).values_list("slug", flat=True)
        )
    counters: dict[str, itertools.count[int]] = {}
    slugs = []
    for stem in stems:
        slug = stem
        counter = counters.setdefault(stem, itertools.count(2))
        while slug in taken:
            slug = f"{stem}-{next(counter)}"
        taken.add(slug)
        slugs.append(slug)
    return slugs


def _announce_changes(uuids: Sequence[str]) -> None:
    """Tell the ingest doors, at commit, to forget what they know of these devices."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_notify('device_changed', x)) FROM unnest(%s::text[]) x",
            [list(uuids)],
        )


@transaction.atomic
def device_update(
    *,
    device_id: int,
    at: datetime,
    actor_id: int | None = None,
    **fields: Unpack[DeviceFields],
) -> Device:
    """Change what is said of a device, and record what changed.

    Raises:
        Device.DoesNotExist: There is no such device.
        DeviceDecommissioned: Its life is over.
        FieldsInvalid: A field cannot be taken.
    """
    device = Device.objects.select_for_update(no_key=True).get(pk=device_id)
    if device.status == DeviceStatus.DECOMMISSIONED:
        raise DeviceDecommissioned(device_id)
    columns = _columns(device.organization_id, fields)
    changed = {
        name: value
        for name, value in columns.items()
        if not _same(getattr(device, name), value)
    }
    if not changed:
        return device
    before = {name: getattr(device, name) for name in changed}
    for name, value in changed.items():
        setattr(device, name, value)
    device.updated_at = at
    written = [*changed, "updated_at"]
    if "heartbeat_interval_s" in changed and device.status == DeviceStatus.ONLINE:
        device.check_at = at  # the sweep reckons anew: the deadline may be nearer now
        written.append("check_at")
    device.save(update_fields=written)
    event_record(
        event_type=EventType.DEVICE_UPDATED,
        at=at,
        device_id=device_id,
        user_id=actor_id,
        data={
            "changed": {
                # Metadata can be long: that it changed is enough.
                name: {} if name == "metadata" else {"from": before[name], "to": value}
                for name, value in changed.items()
            }
        },
    )
    _announce_changes([str(device.uuid)])
    return device


@transaction.atomic
def device_transition(
    *,
    device_id: int,
    trigger: Trigger,
    at: datetime,
    actor_id: int | None = None,
) -> DeviceStatus:
    """Move a device along its life and record the event, in one transaction.

    Args:
        at: When it happened, UTC; the caller reads the clock.
        actor_id: The user who moves it.

    Raises:
        Device.DoesNotExist: There is no such device.
        TransitionNotAllowed: `status.MOVES` has no such move.
        DeviceChangedMeanwhile: The status changed between our read and our write.

    Source: specification, "Device States".
    """
    device = Device.objects.only("status", "uuid", "heartbeat_interval_s").get(
        pk=device_id
    )
    old = DeviceStatus(device.status)
    new, event_type = next_status(old, trigger)
    columns: dict[str, Any] = {"status": new, "status_changed_at": at, "check_at": None}
    if new == DeviceStatus.ONLINE:
        interval = timedelta(seconds=device.heartbeat_interval_s)
        columns.update(last_seen_at=at, check_at=at + interval)
    if Device.objects.filter(pk=device_id, status=old).update(**columns) != 1:
        raise DeviceChangedMeanwhile(device_id)
    event_record(
        event_type=event_type,
        at=at,
        device_id=device_id,
        user_id=actor_id,
        data={"previous": old, "status": new},
    )
    _announce_changes([str(device.uuid)])
    return new


def _same(old: object, new: object) -> bool:
    """Tell whether two values are one as JSON: there, True is not 1."""
    if isinstance(old, dict):
        return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    return old == new
