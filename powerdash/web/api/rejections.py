"""`/api/ingest/rejections`: what devices sent that could not be stored."""

import json
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field, StrictFloat, StrictInt

from powerdash.accounts.viewer import Viewer
from powerdash.devices.models import Device
from powerdash.devices.selectors import device_all, device_get
from powerdash.lib import clock
from powerdash.telemetry.models import Rejection
from powerdash.telemetry.rejection import Fix
from powerdash.telemetry.services.rejections import rejections_replay
from powerdash.web import present
from powerdash.web.api.access import reads, viewer_of_request, writes
from powerdash.web.api.answers import (
    RejectionAnswer,
    RejectionListAnswer,
    ReplayedAnswer,
)
from powerdash.web.api.devices import REFUSALS

router = Router(tags=["rejections"])
LIMIT_MAX = 200
ID_MAX = 2**63 - 1
SHIFT_MAX_S = 100 * 366 * 86_400
Number = StrictInt | StrictFloat


class RejectionFilters(Schema):
    """Which are shown, the newest first."""

    device: Annotated[str, Field(max_length=40)] = ""
    before: Annotated[int | None, Field(ge=1, le=ID_MAX)] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50


class ReplayDraft(Schema):
    """Which to store after all, and what was wrong with them."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[StrictInt], Field(min_length=1, max_length=LIMIT_MAX)]
    shift_s: Annotated[Number, Field(ge=-SHIFT_MAX_S, le=SHIFT_MAX_S)] = 0
    factors: Annotated[dict[str, Number], Field(max_length=20)] = {}
    names: Annotated[dict[str, str], Field(max_length=20)] = {}


@router.get(
    "/ingest/rejections", response={200: RejectionListAnswer, **REFUSALS}, auth=reads
)
def rejection_index(request: HttpRequest, filters: Query[RejectionFilters]) -> Any:
    """List what could not be stored: a sample, without secrets."""
    viewer = viewer_of_request(request)
    found = Rejection.objects.filter(organization_id=viewer.organization_id)
    if filters.device:
        found = found.filter(device_id=device_get(viewer, filters.device).pk)
    if filters.before is not None:
        found = found.filter(pk__lt=filters.before)
    rows = list(found.order_by("-pk")[: filters.limit + 1])
    more, rows = len(rows) > filters.limit, rows[: filters.limit]
    devices = _devices(viewer, rows)
    return RejectionListAnswer(
        data=[_answer(row, devices[row.device_id]) for row in rows],
        next=rows[-1].pk if more else None,
    )


def _devices(viewer: Viewer, rows: list[Rejection]) -> dict[int, Device]:
    return device_all(viewer).only("uuid", "name").in_bulk([r.device_id for r in rows])


def _answer(row: Rejection, device: Device) -> RejectionAnswer:
    return RejectionAnswer(
        id=row.pk,
        at=present.moment(row.at),
        device_uuid=str(device.uuid),
        device_name=device.name,
        errors=row.errors if isinstance(row.errors, dict) else json.loads(row.errors),
        payload=row.payload,
        replayed_at=present.moment_or_none(row.replayed_at),
    )


@router.post(
    "/ingest/rejections/replay", response={200: ReplayedAnswer, **REFUSALS}, auth=writes
)
def rejection_replay(request: HttpRequest, draft: ReplayDraft) -> Any:
    """Store refused readings after all, with what was wrong put right."""
    viewer = viewer_of_request(request)
    done = rejections_replay(
        organization_id=viewer.organization_id,
        ids=draft.ids,
        fix=Fix(draft.shift_s, draft.factors, draft.names),
        at=clock.now(),
        actor_id=viewer.user_id,
    )
    errors = {str(number): said for number, said in done.errors.items()}
    return ReplayedAnswer(done.accepted, done.duplicates, errors)
