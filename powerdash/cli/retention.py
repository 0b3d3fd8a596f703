"""`powerdash retention`: how long what is kept, and dropping what is older."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from powerdash.cli.errors import Refused
from powerdash.cli.tenants import (
    JsonOption,
    OrganizationOption,
    mistakes_told,
    organization_named,
    print_json,
)
from powerdash.devices.models import Device
from powerdash.lib import clock
from powerdash.telemetry.models import Hold, RetentionRule
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.services.retention import (
    Partition,
    default_days,
    retention_apply,
    retention_plan,
)
from powerdash.telemetry.services.rules import (
    DAYS_MAX,
    hold_set,
    retention_set,
    retention_unset,
)

app = typer.Typer(no_args_is_help=True)

TagOption = Annotated[
    str, typer.Option("--tag", help="For devices with this tag; else for all others.")
]
Days = Annotated[
    int, typer.Option(min=0, max=DAYS_MAX, metavar="DAYS", help="0 is for ever.")
]


@app.command("apply")
def apply_command(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Drop what is older than it is kept; the worker does so every hour."""
    plan = retention_plan if dry_run else retention_apply
    found = plan(at=clock.now())
    for part in found:
        print_json(_row(part)) if as_json else typer.echo(_line(part))
    if not found and not as_json:
        typer.echo("Nothing is past its time.")


def _row(part: Partition) -> dict[str, object]:
    return {
        "tier": part.range.tier,
        "partition": part.range.name,
        "from": part.range.lower.isoformat(),
        "to": part.range.upper.isoformat(),
        "rows": int(part.range.rows),
        "devices_kept": len(part.keepers),
        "fate": part.fate,
    }


def _line(part: Partition) -> str:
    tier, _, lower, upper, rows = part.range
    kept = f", {len(part.keepers)} devices kept" if part.keepers else ""
    return (
        f"{tier:<4} {lower:%Y-%m-%d} to {upper:%Y-%m-%d}  about {int(rows):,} rows:"
        f" {part.fate}{kept}"
    )


@app.command("list")
def list_command(organization: OrganizationOption, as_json: JsonOption = False) -> None:
    """List an organization's rules and the devices that are held."""
    owner = organization_named(organization)
    _print_days("(installation)", [default_days(tier) for tier in Tier], as_json)
    for rule in RetentionRule.objects.filter(organization_id=owner.pk).order_by("tag"):
        days = [rule.raw_days, rule.days_5m, rule.days_1h, rule.days_1d]
        _print_days(rule.tag or "(organization)", days, as_json)
    held = Hold.objects.filter(
        device_id__in=Device.objects.filter(organization=owner).values("pk")
    )
    for hold in held:
        uuid = str(Device.objects.values_list("uuid", flat=True).get(pk=hold.device_id))
        if as_json:
            print_json({"held": uuid, "reason": hold.reason})
        else:
            typer.echo(f"held: {uuid}  {hold.reason}")


def _print_days(whose: str, days: Sequence[int], as_json: bool) -> None:
    by_tier = dict(zip(map(str, Tier), days, strict=True))
    if as_json:
        print_json({"for": whose, "days": by_tier})
    else:
        told = ", ".join(f"{tier} {n or 'for ever'}" for tier, n in by_tier.items())
        typer.echo(f"{whose:<20} {told}")


@app.command("set")
def set_command(
    organization: OrganizationOption,
    raw_days: Days,
    days_5m: Annotated[int, typer.Option("--5m-days", min=0, max=DAYS_MAX)],
    days_1h: Annotated[int, typer.Option("--1h-days", min=0, max=DAYS_MAX)],
    days_1d: Annotated[int, typer.Option("--1d-days", min=0, max=DAYS_MAX)],
    tag: TagOption = "",
) -> None:
    """Say how many days readings and rollups are kept; 0 is for ever."""
    owner = organization_named(organization)
    days = {
        "raw_days": raw_days,
        "days_5m": days_5m,
        "days_1h": days_1h,
        "days_1d": days_1d,
    }
    with mistakes_told():
        retention_set(organization_id=owner.pk, tag=tag, days=days, at=clock.now())
    typer.echo("Set.")


@app.command("unset")
def unset_command(organization: OrganizationOption, tag: TagOption = "") -> None:
    """Remove a rule; what is above it holds again."""
    owner = organization_named(organization)
    try:
        retention_unset(organization_id=owner.pk, tag=tag, at=clock.now())
    except RetentionRule.DoesNotExist:
        raise Refused(f"There is no rule for {tag or 'the organization'}.") from None
    typer.echo("Removed.")


@app.command("hold")
def hold_command(
    device: Annotated[UUID, typer.Option("--device", help="Whose readings (UUID).")],
    reason: Annotated[str, typer.Option("--reason", help="For the record.")] = "",
    release: Annotated[
        bool, typer.Option("--release", help="Hold them no longer.")
    ] = False,
) -> None:
    """Keep a device's readings, whatever the rules say."""
    found = Device.objects.filter(uuid=device).values_list("pk", flat=True).first()
    if found is None:
        raise Refused(f"--device: there is no device {device}.")
    with mistakes_told():
        hold_set(device_id=found, held=not release, reason=reason, at=clock.now())
    typer.echo("Released." if release else "Held.")
