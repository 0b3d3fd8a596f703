"""`powerdash telemetry`: readings and rollups from the command line."""

import json
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from powerdash.cli.errors import Refused
from powerdash.lib import clock

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


@app.command("count")
def count_command(
    device: DeviceOption = None,
    since: FromOption = "",
    until: ToOption = "",
    as_json: JsonOption = False,
) -> None:
    """Count readings."""
    from powerdash.telemetry.selectors import count

    readings = count(
        device_id=_device_id(device) if device else None,
        since=_time("--from", since),
        until=_time("--to", until),
    )
    typer.echo(
        json.dumps({"readings": readings}) if as_json else f"{readings:,} readings"
    )


@app.command("rollup-5m")
def rollup_command(as_json: JsonOption = False) -> None:
    """Make the five-minute rollups of new readings; the worker does so by itself."""
    from powerdash.telemetry.services import RollupRunning, rollup_5m_step

    buckets = 0
    try:
        while (step := rollup_5m_step(at=clock.now())).taken:
            buckets += step.buckets
            if not as_json:
                typer.echo(f"{buckets:,} buckets", err=True)
    except RollupRunning:
        raise Refused(
            "A rollup is running already (the worker's): there is nothing to do."
        ) from None
    typer.echo(
        json.dumps({"buckets": buckets}) if as_json else f"{buckets:,} buckets written"
    )


def _device_id(uuid: UUID) -> int:
    from powerdash.devices.models import Device

    found = Device.objects.filter(uuid=uuid).values_list("id", flat=True).first()
    if found is None:
        raise Refused(f"--device: there is no device {uuid}.")
    return found


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
