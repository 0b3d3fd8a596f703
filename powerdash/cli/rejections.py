"""`powerdash rejections`: what devices sent that could not be stored."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import typer

from powerdash.cli.errors import Refused
from powerdash.cli.tenants import (
    JsonOption,
    OrganizationOption,
    organization_named,
    print_json,
)
from powerdash.devices.models import Device
from powerdash.lib import clock
from powerdash.telemetry.models import Rejection
from powerdash.telemetry.rejection import Fix
from powerdash.telemetry.services.rejections import rejections_replay

app = typer.Typer(no_args_is_help=True)
LIMIT_MAX = 10_000

DeviceFilter = Annotated[
    UUID | None, typer.Option("--device", help="Only of this device (UUID).")
]


@app.command("list")
def list_command(
    organization: OrganizationOption,
    device: DeviceFilter = None,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT_MAX)] = 100,
    as_json: JsonOption = False,
) -> None:
    """List what could not be stored, the newest first: a sample, without secrets."""
    found = _chosen(organization, device).order_by("-pk")[:limit]
    uuids = Device.objects.in_bulk({row.device_id for row in found})
    for row in found:
        named = {**_row(row), "device": str(uuids[row.device_id].uuid)}
        print_json(named) if as_json else typer.echo(_line(named))


@app.command("replay")
def replay_command(  # noqa: PLR0913, PLR0917 - the options of the command
    organization: OrganizationOption,
    device: DeviceFilter = None,
    ids: Annotated[
        list[int] | None, typer.Option("--id", help="Only this one; may be repeated.")
    ] = None,
    shift_s: Annotated[
        float, typer.Option("--shift", metavar="SECONDS", help="Added to their times.")
    ] = 0.0,
    factors: Annotated[
        list[str] | None,
        typer.Option("--factor", metavar="FIELD=NUMBER", help="Multiplied: a unit."),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option("--rename", metavar="OLD=NEW", help="A field's proper name."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Store refused readings after all, with what was wrong put right."""
    if device is None and not ids:
        raise Refused("Say which to store, with --device or --id.")
    fix = Fix(
        shift_s,
        {name: _number(name, text) for name, text in _pairs("--factor", factors)},
        dict(_pairs("--rename", names)),
    )
    waiting = _chosen(organization, device).filter(replayed_at=None)
    if ids:
        waiting = waiting.filter(pk__in=ids)
        unknown = {*ids} - {*waiting.values_list("pk", flat=True)}
        if unknown:
            numbers = ", ".join(map(str, sorted(unknown)))
            raise Refused(f"--id: none waits to be stored with {numbers}.")
    done = rejections_replay(
        organization_id=organization_named(organization).pk,
        ids=list(waiting.values_list("pk", flat=True)),
        fix=fix,
        at=clock.now(),
    )
    if as_json:
        told = {str(number): said for number, said in done.errors.items()}
        counts = {"accepted": done.accepted, "duplicates": done.duplicates}
        print_json({**counts, "errors": told})
    else:
        for number, said in sorted(done.errors.items()):
            typer.echo(f"{number}: {_reasons(said)}", err=True)
        typer.echo(
            f"{done.accepted:,} stored, {done.duplicates:,} were there already,"
            f" {len(done.errors):,} still refused."
        )


def _chosen(organization: str, device: UUID | None) -> Any:
    owner = organization_named(organization)
    found = Rejection.objects.filter(organization_id=owner.pk)
    if device is None:
        return found
    wanted = Device.objects.filter(organization=owner, uuid=device)
    if not wanted.exists():
        raise Refused(f"--device: there is no device {device} in {owner.slug}.")
    return found.filter(device_id__in=wanted.values("pk"))


def _row(row: Rejection) -> dict[str, Any]:
    return {
        "id": row.pk,
        "at": row.at.isoformat(),
        "errors": row.errors,
        "payload": row.payload,
        "replayed_at": row.replayed_at and row.replayed_at.isoformat(),
    }


def _line(row: dict[str, Any]) -> str:
    state = "  (stored)" if row["replayed_at"] else ""
    said = _reasons(row["errors"])
    return f"{row['id']:>6}  {row['at']}  {row['device']}  {said}{state}"


def _reasons(errors: dict[str, list[str]]) -> str:
    return "; ".join(f"{name}: {', '.join(said)}" for name, said in errors.items())


def _pairs(option: str, given: Sequence[str] | None) -> list[tuple[str, str]]:
    pairs = []
    for text in given or ():
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise Refused(f"{option}: {text!r} is not like current=0.001.")
        pairs.append((name, value))
    return pairs


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused(f"--factor: {name}={text} is no number.") from None
