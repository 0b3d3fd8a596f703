"""What the commands of the control plane share: organizations, and refusals told."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from powerdash.accounts.models import Organization
from powerdash.cli.errors import Refused
from powerdash.lib.fields import FieldsInvalid

OrganizationOption = Annotated[
    str, typer.Option("--organization", metavar="SLUG", help="The organization.")
]
OrganizationFilter = Annotated[
    str | None,
    typer.Option(
        "--organization", metavar="SLUG", help="Only this organization; else all."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON line each.")]


@contextmanager
def mistakes_told() -> Iterator[None]:
    """Turn a service's refusal of fields into a sentence.

    Raises:
        Refused: A field cannot be taken.
    """
    try:
        yield
    except FieldsInvalid as error:
        raise Refused(str(error)) from error


def organization_named(slug: str) -> Organization:
    """Return an organization.

    Raises:
        Refused: There is none of this name.
    """
    try:
        return Organization.objects.get(slug=slug.lower())
    except Organization.DoesNotExist:
        raise Refused(
            f"There is no organization {slug}: make it with"
            f" `powerdash organizations create {slug} --name NAME`."
        ) from None


def organization_id_of(slug: str | None) -> int | None:
    """Return an organization's id, or None when none is named.

    Raises:
        Refused: There is none of this name.
    """
    return None if slug is None else organization_named(slug).pk


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
