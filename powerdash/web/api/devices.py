"""`/api/devices`."""

from datetime import timedelta
from typing import Annotated, Any, cast

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import AfterValidator, ConfigDict, Field, StrictInt, StrictStr

from powerdash.devices.curl import ingest_curl
from powerdash.devices.fields import HEARTBEAT_MOST_S, DeviceFields
from powerdash.devices.selectors import DeviceQuery, device_get
from powerdash.devices.services import device_register, device_transition
from powerdash.devices.status import DeviceStatus, Trigger
from powerdash.lib import clock
from powerdash.lib.fields import FieldsInvalid
from powerdash.telemetry import selectors as telemetry
from powerdash.telemetry.services.devices import device_update
from powerdash.web import present
from powerdash.web.api.access import reads, viewer_of_request, writes
from powerdash.web.api.answers import (
    DeviceAnswer,
    DeviceListAnswer,
    DeviceShowAnswer,
    RefusalAnswer,
    RegisteredAnswer,
)
from powerdash.web.api.links import links_of
from powerdash.web.api.tables import json_at_once
from powerdash.web.api.texts import PlainText
from powerdash.web.listing import (
    PAGE_MAX,
    PER_PAGE,
    PER_PAGE_MAX,
    SORT_NAMES,
    Part,
    device_part,
)
from powerdash.web.moments import EARLIEST, Moment

router = Router(tags=["devices"])
REFUSALS: dict[int, Any] = dict.fromkeys((401, 403, 404, 409, 422, 503), RefusalAnswer)
USER_ID_MAX = 2**63 - 1
RECORDS = 1_000


def _sort(value: str) -> str:
    if value not in SORT_NAMES:
        raise ValueError(f"choose one of {', '.join(SORT_NAMES)}")
    return value


class ListFilters(Schema):
    """What narrows and orders the list."""

    status: DeviceStatus | None = None
    tags: Annotated[PlainText, Field(max_length=1300)] = ""
    user_id: Annotated[int, Field(ge=1, le=USER_ID_MAX)] | None = None
    search: Annotated[PlainText, Field(max_length=120)] = ""
    sort: Annotated[
        str, AfterValidator(_sort), Field(json_schema_extra={"enum": SORT_NAMES})
    ] = "name"
    page: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 1
    per_page: Annotated[int, Field(ge=1, le=PER_PAGE_MAX)] = PER_PAGE


class DeviceChange(Schema):
    """What one says of a device; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: StrictStr = ""
    model: StrictStr = ""
    location: StrictStr = ""
    firmware: StrictStr = ""
    tags: list[StrictStr] = []
    metadata: dict[str, Any] | None = None
    heartbeat_interval_s: (
        Annotated[StrictInt, Field(ge=1, le=HEARTBEAT_MOST_S)] | None
    ) = None
    user_id: Annotated[StrictInt, Field(ge=1, le=USER_ID_MAX)] | None = None

    def given(self) -> DeviceFields:
        """Return what was said."""
        return cast(DeviceFields, self.model_dump(exclude_unset=True))


@router.get("", response={200: DeviceListAnswer, **REFUSALS}, auth=reads)
def device_index(request: HttpRequest, filters: Query[ListFilters]) -> Any:
    """List devices."""
    query = DeviceQuery(
        status=filters.status or "",
        tags=[tag.strip() for tag in filters.tags.split(",") if tag.strip()],
        user_id=filters.user_id,
        search=filters.search,
    )
    part = Part(page=filters.page, per_page=filters.per_page, sort=filters.sort)
    viewer = viewer_of_request(request)
    rows, page = device_part(viewer, query, part, at=clock.now())
    return DeviceListAnswer(rows, links_of(request, page), page)


@router.post("", response={201: RegisteredAnswer, **REFUSALS}, auth=writes)
def device_create(request: HttpRequest, draft: DeviceChange) -> Any:
    """Register a device; its secret is shown only in this answer."""
    viewer = viewer_of_request(request)
    at = clock.now()
    made = device_register(
        organization_id=viewer.organization_id,
        at=at,
        actor_id=viewer.user_id,
        **draft.given(),
    )
    device = present.device(device_get(viewer, str(made.device.pk)))
    curl = ingest_curl(
        request.build_absolute_uri("/"), uuid=device.uuid, secret=made.secret
    )
    return Status(201, RegisteredAnswer(device, made.secret, curl))


@router.get("/{key}", response={200: DeviceShowAnswer, **REFUSALS}, auth=reads)
def device_show(
    request: HttpRequest,
    key: str,
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=1, le=telemetry.RECORDS_MAX)] = RECORDS,
) -> HttpResponse:
    """Show a device, its newest reading by phase and its readings."""
    if since and until and since >= until:
        raise FieldsInvalid({"to": ["Choose a time after `from`."]})
    device = device_get(viewer_of_request(request), key)
    latest = telemetry.latest_by_device([device.pk]).get(device.pk, [])
    records = telemetry.records(
        device_id=device.pk,
        since=since or EARLIEST,
        until=until or clock.now() + timedelta(days=1),
        limit=limit,
    )
    return json_at_once(
        {
            "device": present.device(device),
            "latest": [present.reading(each) for each in latest],
            "arrivals": present.arrivals(device.pk),
            "records": [_record(each) for each in records],
            "meta": {"limit": limit, "truncated": len(records) == limit},
        }
    )


def _record(row: dict[str, Any]) -> dict[str, Any]:
    flags = row["flags"]
    # The driver gives JSON as its text: it goes into the answer as it is.
    if isinstance(flags, str):
        flags = msgspec.Raw(flags.encode())
    return {**row, "flags": flags}


@router.patch("/{key}", response={200: DeviceAnswer, **REFUSALS}, auth=writes)
def device_change(request: HttpRequest, key: str, draft: DeviceChange) -> Any:
    """Change what is said of a device."""
    viewer = viewer_of_request(request)
    device = device_get(viewer, key)
    device_update(
        device_id=device.pk, at=clock.now(), actor_id=viewer.user_id, **draft.given()
    )
    return DeviceAnswer(present.device(device_get(viewer, str(device.pk))))


def _move(request: HttpRequest, key: str, trigger: Trigger) -> DeviceAnswer:
    viewer = viewer_of_request(request)
    device = device_get(viewer, key)
    device_transition(
        device_id=device.pk, trigger=trigger, at=clock.now(), actor_id=viewer.user_id
    )
    return DeviceAnswer(present.device(device_get(viewer, str(device.pk))))


@router.post(
    "/{key}/maintenance", response={200: DeviceAnswer, **REFUSALS}, auth=writes
)
def maintenance_start(request: HttpRequest, key: str) -> Any:
    """Put a device into maintenance: it cannot go offline."""
    return _move(request, key, Trigger.MAINTENANCE_STARTED)


@router.delete(
    "/{key}/maintenance", response={200: DeviceAnswer, **REFUSALS}, auth=writes
)
def maintenance_end(request: HttpRequest, key: str) -> Any:
    """Take a device out of maintenance; it is offline until it is heard."""
    return _move(request, key, Trigger.MAINTENANCE_ENDED)


@router.post(
    "/{key}/decommission", response={200: DeviceAnswer, **REFUSALS}, auth=writes
)
def decommission(request: HttpRequest, key: str) -> Any:
    """End a device's life; there is no way back."""
    return _move(request, key, Trigger.DECOMMISSIONED)
