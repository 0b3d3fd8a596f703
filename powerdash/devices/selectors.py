"""Reads of devices."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F, Func, OrderBy, Q, QuerySet

from powerdash.accounts.viewer import Viewer
from powerdash.devices.models import Device
from powerdash.devices.status import DeviceStatus

ID_MAX = 2**31 - 1
ALL_TAGS_MAX = 500

# What a list can be sorted by; other rooms add what they know of devices.
SORTS: Mapping[str, OrderBy] = {
    "name": F("name").asc(),
    "status": F("status").asc(),
    "model": F("model").asc(),
    "location": F("location").asc(),
    "last_seen_at": F("last_seen_at").asc(nulls_first=True),
    "created_at": F("created_at").asc(),
}


@dataclass(frozen=True, slots=True)
class DeviceQuery:
    """Which devices a list shows; what is empty or None does not narrow it.

    Attributes:
        tags: The device has all of them.
        search: Part of the name, slug, model, location or firmware, or of the UUID.
    """

    status: str = ""
    tags: Sequence[str] = ()
    user_id: int | None = None
    search: str = ""


def device_get(viewer: Viewer, key: str) -> Device:
    """Return a device of the viewer's organization by its id or UUID.

    Raises:
        Device.DoesNotExist: There is none for this viewer.
    """
    return device_all(viewer).select_related("user").get(_among([_key(key)]))


def device_ids(viewer: Viewer, keys: Collection[str]) -> set[int]:
    """Return the ids of the viewer's devices that these ids and UUIDs name.

    Raises:
        Device.DoesNotExist: One names none for this viewer.
    """
    wanted = [_key(key) for key in keys]
    found = device_all(viewer).filter(_among(wanted)).values_list("pk", "uuid")
    if not {*wanted} <= {each for row in found for each in row}:
        raise Device.DoesNotExist
    return {pk for pk, _ in found}


def _key(key: str) -> int | uuid.UUID:
    """Return a device's id or UUID.

    Raises:
        Device.DoesNotExist: It is neither.
    """
    if key.isascii() and key.isdigit() and len(key) <= len(str(ID_MAX)):
        # An id too big for the column is simply no device's.
        return min(int(key), ID_MAX)
    try:
        return uuid.UUID(key)
    except ValueError:
        raise Device.DoesNotExist from None


def _among(keys: Collection[int | uuid.UUID]) -> Q:
    ids = [key for key in keys if isinstance(key, int)]
    return Q(pk__in=ids) | Q(uuid__in=[key for key in keys if key not in ids])


def device_all(viewer: Viewer) -> QuerySet[Device]:
    """Return every device that exists for the viewer."""
    return Device.objects.filter(organization_id=viewer.organization_id)


def device_list(viewer: Viewer, query: DeviceQuery) -> QuerySet[Device]:
    """Return the viewer's devices that `query` asks for, in no order yet."""
    devices = device_all(viewer)
    if query.status:
        devices = devices.filter(status=query.status)
    if query.tags:
        devices = devices.filter(tags__contains=list(query.tags))
    if query.user_id is not None:
        devices = devices.filter(user_id=query.user_id)
    if query.search:
        devices = devices.filter(_matches(query.search))
    return devices


def _matches(search: str) -> Q:
    found = Q(uuid__startswith=search.lower())
    for field in ("name", "slug", "model", "location", "firmware"):
        found |= Q(**{f"{field}__icontains": search})
    return found


def device_tags(viewer: Viewer) -> list[str]:
    """Return the tags in use, in order, at most `ALL_TAGS_MAX` of them."""
    tags = (
        device_all(viewer)
        .exclude(tags=[])
        .annotate(tag=Func("tags", function="unnest"))
        .order_by("tag")
        .values_list("tag", flat=True)
        .distinct()
    )
    return [str(tag) for tag in tags[:ALL_TAGS_MAX]]


def device_silent(*, organization_id: int | None = None) -> QuerySet[Device]:
    """Return the offline devices of one organization or all, the longest silent first.

    For the one who runs the installation: it knows no viewer.
    """
    devices = Device.objects.filter(status=DeviceStatus.OFFLINE).select_related(
        "organization"
    )
    if organization_id is not None:
        devices = devices.filter(organization_id=organization_id)
    return devices.order_by(F("last_seen_at").asc(nulls_first=True), "id")
