"""Where a fleet's credentials come from: a file, or devices registered now."""

from pathlib import Path

import msgspec

from powerdash.cli import registering
from powerdash.cli.errors import Refused
from powerdash.cli.posting import Credential
from powerdash.cli.simulator.fleet import demo_fleet

DEVICES = 10  # registered when nobody says how many


class CredentialsInvalid(Refused):
    """There are no usable credentials; the message is a sentence for people."""


def credentials_get(
    devices: int | None, file: Path | None, organization: str | None
) -> list[Credential]:
    """Read the credentials, or register the devices and write them.

    Args:
        organization: Where to register; None for the only one there is.

    Raises:
        CredentialsInvalid: The file cannot be used, or has fewer devices.
        OrganizationUnclear: No such organization, or several to choose from.
    """
    if file is not None and (organization is None or file.exists()):
        known = credentials_read(file)
        if devices is not None and devices > len(known):
            raise CredentialsInvalid(
                f"{file} has {len(known)} devices, --devices asks for {devices}."
            )
        return known[:devices]
    new = registering.register(organization, demo_fleet(devices or DEVICES))
    if file is not None:
        credentials_write(file, new)
    return new


def credentials_read(file: Path) -> list[Credential]:
    """Return the credentials in `file`, one JSON line each.

    Raises:
        CredentialsInvalid: It cannot be read, or a line is not a credential.
    """
    decode = msgspec.json.Decoder(Credential).decode
    try:
        lines = file.read_bytes().splitlines()
        known = [decode(line) for line in lines if line.strip()]
    except OSError as error:
        raise CredentialsInvalid(
            f"--credentials {file} cannot be read: {error.strerror}."
        ) from error
    except msgspec.MsgspecError as error:
        raise CredentialsInvalid(
            f'--credentials {file}: each line must be {{"uuid": …, "secret": …}}:'
            f" {error}."
        ) from error
    if not known:
        raise CredentialsInvalid(f"--credentials {file} is empty.")
    return known


def credentials_write(file: Path, known: list[Credential]) -> None:
    """Write `known` to `file`, readable by its owner only."""
    file.touch(mode=0o600)
    file.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in known))
