"""`powerdash devices`."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from powerdash.accounts.models import Organization
from powerdash.alerts.services import heartbeat_sweep
from powerdash.cli.tenants import (
    JsonOption,
    OrganizationFilter,
    OrganizationOption,
    mistakes_told,
    organization_id_of,
    organization_named,
    print_json,
)
from powerdash.devices.curl import ingest_curl
from powerdash.devices.fields import HEARTBEAT_MOST_S, DeviceFields
from powerdash.devices.selectors import device_silent
from powerdash.devices.services import (
    BATCH,
    COUNT_MAX,
    RegisteredDevice,
    device_register_all,
)
from powerdash.lib import clock

app = typer.Typer(no_args_is_help=True)


@app.command("register")
def register(  # noqa: PLR0913, PLR0917 - the options of the command
    organization: OrganizationOption,
    name: Annotated[
        str, typer.Option("--name", help="Its name; numbered with --count.")
    ],
    count: Annotated[
        int, typer.Option("--count", min=1, max=COUNT_MAX, help="How many.")
    ] = 1,
    model: Annotated[str, typer.Option("--model", help="Make and type.")] = "",
    location: Annotated[str, typer.Option("--location", help="Where it is.")] = "",
    tags: Annotated[
        str, typer.Option("--tags", metavar="A,B", help="Tags, parted by commas.")
    ] = "",
    heartbeat_interval_s: Annotated[
        int | None,
        typer.Option(
            "--heartbeat-interval",
            metavar="SECONDS",
            min=1,
            max=HEARTBEAT_MOST_S,
            help="Silence that takes it offline; else OFFLINE_SLA_SECONDS.",
        ),
    ] = None,
    url: Annotated[
        str, typer.Option("--url", help="The server, for the command printed.")
    ] = "http://127.0.0.1:8000",
    as_json: JsonOption = False,
) -> None:
    """Register devices and print each UUID and secret, which is shown only now."""
    owner = organization_named(organization)
    fields: DeviceFields = {
        "model": model,
        "location": location,
        "tags": [tag.strip() for tag in tags.split(",") if tag.strip()],
        "heartbeat_interval_s": heartbeat_interval_s,
    }
    with mistakes_told():
        for made in _registered(owner, numbered(name, count), fields):
            _print(made, "" if count > 1 else url, as_json=as_json)


def numbered(name: str, count: int) -> list[str]:
    """Return `count` names: `name` alone, or `name 1`, `name 2`, …, equally long."""
    if count == 1:
        return [name]
    width = len(str(count))
    return [f"{name} {number:0{width}}" for number in range(1, count + 1)]


def _registered(
    owner: Organization, names: Sequence[str], fields: DeviceFields
) -> Iterator[RegisteredDevice]:
    for start in range(0, len(names), BATCH):
        yield from device_register_all(
            organization_id=owner.pk,
            at=clock.now(),
            names=names[start : start + BATCH],
            **fields,
        )


def _print(made: RegisteredDevice, url: str, *, as_json: bool) -> None:
    row = {
        "uuid": str(made.device.uuid),
        "secret": made.secret,
        "name": made.device.name,
    }
    if as_json:
        print_json(row)
    else:
        typer.echo("{name}\n  uuid    {uuid}\n  secret  {secret}".format(**row))
        if url:
            typer.echo(ingest_curl(url, uuid=row["uuid"], secret=made.secret))


@app.command("check-heartbeats")
def check_heartbeats() -> None:
    """Take the devices offline that were silent too long; the worker does it always."""
    count = heartbeat_sweep(at=clock.now())
    typer.echo(f"{count} {'device' if count == 1 else 'devices'} went offline.")


@app.command("list-offline")
def list_offline(
    organization: OrganizationFilter = None, as_json: JsonOption = False
) -> None:
    """List the devices that are offline, the longest silent first."""
    owner_id = organization_id_of(organization)
    for device in device_silent(organization_id=owner_id).iterator():
        seen = device.last_seen_at and device.last_seen_at.isoformat()
        row = {
            "uuid": str(device.uuid),
            "name": device.name,
            "organization": device.organization.slug,
            "last_seen_at": seen,
        }
        if as_json:
            print_json(row)
        else:
            typer.echo(
                f"{row['uuid']}  {seen or 'never heard':<32}  {row['organization']}"
                f"  {device.name}"
            )
