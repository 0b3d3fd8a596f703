"""`powerdash users`."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer
from django.db import transaction

from powerdash.accounts.models import Membership, User
from powerdash.accounts.roles import UserRole
from powerdash.accounts.services import membership_set, user_create
from powerdash.cli.errors import Refused
from powerdash.cli.tenants import (
    JsonOption,
    OrganizationFilter,
    OrganizationOption,
    mistakes_told,
    organization_id_of,
    organization_named,
    print_json,
)
from powerdash.lib import clock

app = typer.Typer(no_args_is_help=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Their e-mail address.")]
Role = Annotated[UserRole, typer.Option("--role", help="What they may do.")]


@app.command("create")
def create(
    email: Email,
    organization: OrganizationOption,
    role: Role,
    name: Annotated[str, typer.Option("--name", help="Their name.")] = "",
    password_file: Annotated[
        Path | None,
        typer.Option(
            "--password-file",
            metavar="F",
            help="Read the password from F (`-` is standard input); else it is asked.",
        ),
    ] = None,
) -> None:
    """Make a user with a role in an organization."""
    owner = organization_named(organization)
    at = clock.now()
    with mistakes_told():
        password = _password(password_file)
        with transaction.atomic():
            user = user_create(email=email, password=password, name=name, at=at)
            membership_set(user_id=user.pk, organization_id=owner.pk, role=role, at=at)
    typer.echo(f"Made {user.email}, {role} of {owner.slug}.")


@app.command("grant")
def grant(email: Email, organization: OrganizationOption, role: Role) -> None:
    """Give a user a role in an organization, in place of the one they had."""
    owner = organization_named(organization)
    try:
        user = User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        raise Refused(
            f"There is no user {email}: make them with `powerdash users create`."
        ) from None
    membership_set(user_id=user.pk, organization_id=owner.pk, role=role, at=clock.now())
    typer.echo(f"{user.email} is now {role} of {owner.slug}.")


@app.command("list")
def list_all(
    organization: OrganizationFilter = None, as_json: JsonOption = False
) -> None:
    """List users and their roles."""
    found = Membership.objects.select_related("user", "organization")
    if (owner_id := organization_id_of(organization)) is not None:
        found = found.filter(organization_id=owner_id)
    for each in found.order_by("organization__slug", "user__email"):
        row = {
            "email": each.user.email,
            "role": each.role,
            "organization": each.organization.slug,
            "name": each.user.name,
        }
        if as_json:
            print_json(row)
        else:
            typer.echo("{organization:<24}  {role:<10}  {email}  {name}".format(**row))


def _password(file: Path | None) -> str:
    """Return the password from a file, standard input or the person.

    Raises:
        OSError: The file cannot be read.
        Refused: There is nobody to ask, or the two entries differ.
    """
    if file == Path("-"):
        return sys.stdin.readline().rstrip("\r\n")
    if file is not None:
        return _read(file)
    if not sys.stdin.isatty():
        raise Refused("There is nobody to ask for a password: use --password-file F.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise Refused("The two passwords differ: start again.")
    return password


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise Refused(f"--password-file: {file} is not UTF-8 text.") from None
