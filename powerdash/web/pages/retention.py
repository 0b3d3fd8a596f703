"""`pages/retention/Index`: how long what is kept, and what may not go."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from powerdash.accounts.roles import Scope
from powerdash.devices.selectors import device_all, device_tags
from powerdash.telemetry.models import Hold, RetentionRule
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.services.retention import default_days
from powerdash.web import present
from powerdash.web.auth import viewer_for
from powerdash.web.pages.page import page
from powerdash.web.props import HoldProps, RetentionProps, RetentionRuleProps


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the organization's rules and holds."""
    viewer = viewer_for(request, Scope.SETTINGS_READ)
    rules = RetentionRule.objects.filter(organization_id=viewer.organization_id)
    devices = device_all(viewer).only("uuid", "name")
    held = Hold.objects.filter(device_id__in=device_all(viewer).values("pk"))
    named = devices.in_bulk([hold.device_id for hold in held])
    props = RetentionProps(
        installation=RetentionRuleProps("", *(default_days(tier) for tier in Tier)),
        rules=[
            RetentionRuleProps(
                rule.tag, rule.raw_days, rule.days_5m, rule.days_1h, rule.days_1d
            )
            for rule in rules.order_by("tag")
        ],
        held=[
            HoldProps(
                uuid=str(named[hold.device_id].uuid),
                name=named[hold.device_id].name,
                reason=hold.reason,
                held_at=present.moment(hold.held_at),
            )
            for hold in held
        ],
        all_tags=device_tags(viewer),
    )
    return page(request, "retention/Index", props)
