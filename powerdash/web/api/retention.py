"""`/api/retention`, `/api/devices/{key}/hold`: how long what is kept."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StrictInt, StrictStr

from powerdash.devices.models import Device
from powerdash.devices.selectors import device_all, device_get
from powerdash.lib import clock
from powerdash.telemetry.models import Hold, RetentionRule
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.services.retention import default_days
from powerdash.telemetry.services.rules import (
    DAYS_MAX,
    REASON_MAX,
    TAG_MAX,
    hold_set,
    retention_set,
    retention_unset,
)
from powerdash.web import present
from powerdash.web.api.access import reads_settings as reads
from powerdash.web.api.access import viewer_of_request
from powerdash.web.api.access import writes_settings as writes
from powerdash.web.api.answers import HeldAnswer, RetentionAnswer, RetentionDays
from powerdash.web.api.devices import REFUSALS
from powerdash.web.api.texts import PlainText

router = Router(tags=["retention"])
Days = Annotated[StrictInt, Field(ge=0, le=DAYS_MAX)]


class RuleDraft(Schema):
    """A rule; `tag` is for the devices that have it, empty for all others."""

    model_config = ConfigDict(extra="forbid")

    tag: Annotated[StrictStr, Field(max_length=TAG_MAX)] = ""
    raw_days: Days
    days_5m: Days
    days_1h: Days
    days_1d: Days


class RuleName(Schema):
    """Which rule is meant."""

    tag: Annotated[PlainText, Field(max_length=TAG_MAX)] = ""


class HoldDraft(Schema):
    """Why a device's readings may not go."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[StrictStr, Field(max_length=REASON_MAX)] = ""


@router.get("/retention", response={200: RetentionAnswer, **REFUSALS}, auth=reads)
def retention_show(request: HttpRequest) -> Any:
    """Tell how long the organization's readings and rollups are kept."""
    viewer = viewer_of_request(request)
    rules = RetentionRule.objects.filter(organization_id=viewer.organization_id)
    held = Hold.objects.filter(device_id__in=device_all(viewer).values("pk"))
    uuids = dict(
        Device.objects.filter(pk__in=held.values("pk")).values_list("pk", "uuid")
    )
    return RetentionAnswer(
        installation=RetentionDays(*(default_days(tier) for tier in Tier)),
        rules={rule.tag: _days(rule) for rule in rules.order_by("tag")},
        held=[
            HeldAnswer(str(uuids[h.device_id]), h.reason, present.moment(h.held_at))
            for h in held.order_by("device_id")
        ],
    )


def _days(rule: RetentionRule) -> RetentionDays:
    return RetentionDays(rule.raw_days, rule.days_5m, rule.days_1h, rule.days_1d)


@router.put("/retention", response={200: RetentionDays, **REFUSALS}, auth=writes)
def retention_put(request: HttpRequest, draft: RuleDraft) -> Any:
    """Say how many days readings and rollups are kept; 0 is for ever."""
    viewer = viewer_of_request(request)
    rule = retention_set(
        organization_id=viewer.organization_id,
        tag=draft.tag,
        days=draft.model_dump(exclude={"tag"}),
        at=clock.now(),
        actor_id=viewer.user_id,
    )
    return _days(rule)


@router.delete("/retention", response={204: None, **REFUSALS}, auth=writes)
def retention_delete(request: HttpRequest, rule: Query[RuleName]) -> Any:
    """Remove a rule: what is above it holds again."""
    viewer = viewer_of_request(request)
    retention_unset(
        organization_id=viewer.organization_id,
        tag=rule.tag,
        at=clock.now(),
        actor_id=viewer.user_id,
    )
    return Status(204, None)


@router.put("/devices/{key}/hold", response={204: None, **REFUSALS}, auth=writes)
def hold_put(request: HttpRequest, key: str, draft: HoldDraft) -> Any:
    """Keep a device's readings whatever the rules say."""
    return _hold(request, key, held=True, reason=draft.reason)


@router.delete("/devices/{key}/hold", response={204: None, **REFUSALS}, auth=writes)
def hold_delete(request: HttpRequest, key: str) -> Any:
    """Keep them no longer than the rules say."""
    return _hold(request, key, held=False)


def _hold(
    request: HttpRequest, key: str, *, held: bool, reason: str = ""
) -> Status[None]:
    viewer = viewer_of_request(request)
    hold_set(
        device_id=device_get(viewer, key).pk,
        held=held,
        reason=reason,
        at=clock.now(),
        actor_id=viewer.user_id,
    )
    return Status(204, None)
