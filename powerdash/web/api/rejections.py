"""`/api/ingest/rejections`: what devices sent that could not be stored."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field, StrictFloat, StrictInt

from powerdash.lib import clock
from powerdash.telemetry.rejection import Fix
from powerdash.telemetry.services.rejections import rejections_replay
from powerdash.web.api.access import reads, viewer_of_request, writes
from powerdash.web.api.answers import RejectionListAnswer, ReplayedAnswer
from powerdash.web.api.devices import REFUSALS
from powerdash.web.refused import rejection_part

router = Router(tags=["rejections"])
LIMIT_MAX = 200
ID_MAX = 2**63 - 1
SHIFT_MAX_S = 100 * 366 * 86_400
Number = StrictInt | StrictFloat
Factor = Annotated[Number, Field(ge=-1e12, le=1e12)]


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
    factors: Annotated[dict[str, Factor], Field(max_length=20)] = {}
    names: Annotated[dict[str, str], Field(max_length=20)] = {}


@router.get(
    "/ingest/rejections", response={200: RejectionListAnswer, **REFUSALS}, auth=reads
)
def rejection_index(request: HttpRequest, filters: Query[RejectionFilters]) -> Any:
    """List what could not be stored: a sample, without secrets."""
    rows, following = rejection_part(
        viewer_of_request(request),
        device=filters.device,
        before=filters.before,
        limit=filters.limit,
    )
    return RejectionListAnswer(data=rows, next=following)


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
