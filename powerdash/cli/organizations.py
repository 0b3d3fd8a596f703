"""`powerdash organizations`."""

from typing import Annotated

import typer
from django.db.models import Count

from powerdash.accounts.models import Organization
from powerdash.accounts.services import organization_create
from powerdash.cli.progress import now_and_then
from powerdash.cli.tenants import (
    JsonOption,
    mistakes_told,
    organization_named,
    print_json,
)
from powerdash.lib import clock
from powerdash.telemetry.services.zones import organization_move

app = typer.Typer(no_args_is_help=True)


@app.command("create")
def create(
    slug: Annotated[
        str, typer.Argument(metavar="SLUG", help="Its name in addresses and commands.")
    ],
    name: Annotated[str, typer.Option("--name", help="Its name on pages.")],
    timezone: Annotated[
        str, typer.Option("--timezone", help="IANA zone its days are in.")
    ] = "UTC",
) -> None:
    """Make an organization."""
    with mistakes_told():
        made = organization_create(
            slug=slug, name=name, timezone=timezone, at=clock.now()
        )
    typer.echo(f"Made the organization {made.slug} ({made.uuid}).")


@app.command("move")
def move(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="The organization.")],
    timezone: Annotated[
        str, typer.Option("--timezone", help="IANA zone its days are to be in.")
    ],
) -> None:
    """Put an organization into another time zone; its days are made anew."""
    owner = organization_named(slug)
    with mistakes_told():
        days = organization_move(
            organization_id=owner.pk,
            timezone=timezone,
            at=clock.now(),
            progress=now_and_then("{:,} days made anew".format),
        )
    typer.echo(f"{owner.slug} is in {timezone}; {days:,} days were made anew.")


@app.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """List the organizations."""
    for each in Organization.objects.annotate(
        device_count=Count("devices", distinct=True)
    ).order_by("slug"):
        if as_json:
            print_json(
                {
                    "uuid": str(each.uuid),
                    "slug": each.slug,
                    "name": each.name,
                    "timezone": each.timezone,
                    "devices": each.device_count,
                }
            )
        else:
            typer.echo(f"{each.slug:<24}  {each.device_count:>8} devices  {each.name}")
