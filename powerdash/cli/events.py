"""`powerdash events`."""

import json
from typing import Annotated

import typer

from powerdash.cli.tenants import (
    JsonOption,
    OrganizationFilter,
    organization_id_of,
    print_json,
)
from powerdash.events.selectors import LIMIT_MAX, EventLine, EventQuery, event_page
from powerdash.events.types import EventType

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Read the record of what happened."""


@app.command("list")
def list_newest(
    organization: OrganizationFilter = None,
    types: Annotated[
        list[EventType] | None,
        typer.Option("--type", metavar="TYPE", help="Only this type; can be repeated."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=LIMIT_MAX, help="How many.")
    ] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the newest events, newest first."""
    page = event_page(
        organization_id=organization_id_of(organization),
        query=EventQuery(types=types or ()),
        limit=limit,
    )
    for line in page.lines:
        if as_json:
            print_json(_row(line))
        else:
            about = "  ".join(filter(None, [line.device_name, line.user]))
            data = json.dumps(line.data, ensure_ascii=False) if line.data else ""
            typer.echo(f"{line.at.isoformat()}  {line.type:<24}  {about}  {data}")


def _row(line: EventLine) -> dict[str, object]:
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "type": line.type,
        "device": line.device_uuid and str(line.device_uuid),
        "device_name": line.device_name,
        "user": line.user,
        "data": line.data,
    }
