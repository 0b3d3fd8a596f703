"""`powerdash telemetry`: readings and rollups from the command line."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from powerdash.cli.errors import Refused
from powerdash.cli.progress import now_and_then
from powerdash.lib import clock
from powerdash.telemetry.exporting.files import FileFormat
from powerdash.telemetry.exporting.rows import ExportQuery
from powerdash.telemetry.rollup import Tier

if TYPE_CHECKING:
    from powerdash.accounts.models import Organization
    from powerdash.telemetry.services.chunks import Compressed
    from powerdash.telemetry.verify import Difference, Verified
    from powerdash.telemetry.verify_totals import TotalDifference

DIFFERENCES_SHOWN = 20
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

app = typer.Typer(no_args_is_help=True)

DeviceOption = Annotated[
    UUID | None, typer.Option("--device", help="Only this device (UUID).")
]
FromOption = Annotated[
    str, typer.Option("--from", help="From this time on, RFC 3339 with an offset.")
]
ToOption = Annotated[
    str, typer.Option("--to", help="Before this time, RFC 3339 with an offset.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OrganizationFilter = Annotated[
    str | None,
    typer.Option("--organization", metavar="SLUG", help="All of this organization."),
]


@app.command("count")
def count_command(
    device: DeviceOption = None,
    since: FromOption = "",
    until: ToOption = "",
    as_json: JsonOption = False,
) -> None:
    """Count readings."""
    from powerdash.telemetry.selectors import count

    start, stop = _range(since, until)
    readings = count(
        device_id=_device_id(device) if device else None, since=start, until=stop
    )
    typer.echo(
        json.dumps({"readings": readings})
        if as_json
        else f"{readings:,} {'reading' if readings == 1 else 'readings'}"
    )


@app.command("rollup-5m")
def rollup_command(as_json: JsonOption = False) -> None:
    """Roll up new readings to 5 minutes, hours and days; the worker does so always."""
    from powerdash.telemetry.services.rollups import rollup

    progress = None if as_json else now_and_then(_counted)
    done = rollup(at=clock.now(), progress=progress)
    if as_json:
        typer.echo(json.dumps({"buckets": done[Tier.FIVE_MINUTES], **done}))
    else:
        typer.echo(f"Written: {_counted(done)}.")


@app.command("compress")
def compress_command(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be compressed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Keep the readings of closed days by column; the worker does so every hour."""
    from powerdash.telemetry.services.chunks import compress, compress_plan

    found = (compress_plan if dry_run else compress)(at=clock.now())
    for each in found:
        typer.echo(json.dumps(_compressed(each)) if as_json else _compressed_line(each))
    if not found and not as_json:
        typer.echo("No closed day has readings to compress.")


def _compressed(each: "Compressed") -> dict[str, Any]:
    return {
        "partition": each.range.name,
        "from": each.range.lower.isoformat(),
        "to": each.range.upper.isoformat(),
        "rows": int(each.range.rows),
        "outcome": each.outcome,
        "bytes_before": each.bytes_before,
        "bytes_after": each.bytes_after,
    }


def _compressed_line(each: "Compressed") -> str:
    _, _, lower, upper, rows = each.range
    sizes = (
        f", {each.bytes_before / 1e6:,.1f} to {each.bytes_after / 1e6:,.1f} MB"
        if each.bytes_before
        else ""
    )
    return (
        f"{lower:%Y-%m-%d} to {upper:%Y-%m-%d}  about {int(rows):,} readings:"
        f" {each.outcome}{sizes}"
    )


@app.command("export")
def export_command(  # noqa: PLR0913, PLR0917 - the options of the command
    form: Annotated[FileFormat, typer.Option("--format", help="Kind of file.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where it is written; - prints it.")
    ],
    device: DeviceOption = None,
    organization: OrganizationFilter = None,
    tier: Annotated[
        Tier, typer.Option("--tier", help="Readings, or rollups of this length.")
    ] = Tier.RAW,
    since: FromOption = "",
    until: ToOption = "",
    tz: Annotated[
        str, typer.Option("--tz", help="Zone of the times; else the organization's.")
    ] = "",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on behind the last line of a CSV file.")
    ] = False,
) -> None:
    """Write readings or rollups of a device or an organization to a file."""
    from powerdash.cli.exporting import export

    whose = _owner(device, organization)
    start, stop = _range(since, until)
    query = ExportQuery(
        organization_id=whose.pk,
        tier=tier,
        since=start or EARLIEST,
        until=stop or clock.now(),
        device_ids=[_device_id(device)] if device else None,
    )
    rows = export(
        query, form=form, file=output, zone=tz or whose.timezone, resume=resume
    )
    typer.echo(f"{rows:,} rows written to {output}.", err=True)


def _owner(device: UUID | None, slug: str | None) -> "Organization":
    """Return the organization of a device, or the one named.

    Raises:
        Refused: There is no such device or organization, or neither is named.
    """
    from powerdash.cli.tenants import organization_named
    from powerdash.devices.models import Device

    if device is None:
        if slug is None:
            raise Refused("Say what to export with --device or --organization.")
        return organization_named(slug)
    _device_id(device)
    found = Device.objects.select_related("organization").get(uuid=device).organization
    if slug is not None and found.slug != slug.lower():
        raise Refused(f"--device: there is no device {device} in {slug}.")
    return found


@app.command("verify")
def verify_command(
    device: DeviceOption = None,
    since: FromOption = "",
    until: ToOption = "",
    as_json: JsonOption = False,
) -> None:
    """Compare the rollups with what the readings give; status 1 when they differ."""
    from powerdash.telemetry.verify import verify
    from powerdash.telemetry.verify_totals import verify_totals

    start, stop = _range(since, until)
    device_id = _device_id(device) if device else None
    found = verify(
        device_id=device_id,
        since=start,
        until=stop,
        progress=None if as_json else now_and_then(_far),
    )
    # Totals are of all devices of an organization.
    totals, differing = (0, []) if device else verify_totals(since=start, until=stop)
    told = [
        *(_difference(each) for each in found.differences),
        *(_total_difference(each) for each in differing),
    ]
    if as_json:
        counts = {str(tier): count for tier, count in found.buckets.items()}
        counts |= {"waiting": found.waiting, "totals": totals}
        typer.echo(json.dumps({**counts, "differences": told}))
    else:
        for each in told[:DIFFERENCES_SHOWN]:
            typer.echo(json.dumps(each))
        differ = f"{len(told):,} differ" if told else "no difference"
        counted = f"{_counted(found.buckets)}, {totals:,} totals"
        waiting = f"; {found.waiting:,} wait to be rolled up" if found.waiting else ""
        typer.echo(f"Compared: {counted}: {differ}{waiting}.")
    if told:
        raise typer.Exit(1)


def _far(found: "Verified") -> str:
    return _counted(found.buckets)


def _difference(each: "Difference") -> dict[str, Any]:
    return {
        "tier": each.tier,
        "device_id": each.bucket.device_id,
        "phase": each.bucket.phase,
        "start": each.bucket.start.isoformat(),
        "kept": each.kept,
        "made": each.made,
    }


def _total_difference(each: "TotalDifference") -> dict[str, Any]:
    return {
        "total": each.tier,
        "organization_id": each.organization_id,
        "start": each.start.isoformat(),
        "kept": each.kept,
        "made": each.made,
    }


def _counted(done: Mapping[Tier, int]) -> str:
    return ", ".join(f"{buckets:,} of {tier}" for tier, buckets in done.items())


def _device_id(uuid: UUID) -> int:
    from powerdash.devices.models import Device

    found = Device.objects.filter(uuid=uuid).values_list("id", flat=True).first()
    if found is None:
        raise Refused(f"--device: there is no device {uuid}.")
    return found


def _range(since: str, until: str) -> tuple[datetime | None, datetime | None]:
    start, stop = _time("--from", since), _time("--to", until)
    if start and stop and start >= stop:
        raise Refused("--to: choose a time after --from.")
    return start, stop


def _time(option: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"{option}: {text!r} is not a time such as 2026-01-31T12:00:00Z."
        ) from None
    if time.tzinfo is None:
        raise Refused(f"{option}: {text!r} lacks a UTC offset (Z for UTC).")
    return time
