"""The device a file is replayed as: given, registered now, or registered before."""

import hashlib
from pathlib import Path

import msgspec

from powerdash.cli import registering
from powerdash.cli.errors import Refused
from powerdash.cli.posting import Credential
from powerdash.cli.replaying.checkpoint import write_private
from powerdash.cli.simulator.fleet import FleetDevice


class DeviceUnclear(Refused):
    """It is not clear which device to be; the message is a sentence for people."""


def credential_given(device: str, secret_file: Path | None) -> Credential:
    """Return the credential of `--device` and `--secret-file`.

    The file holds the secret alone, or the line that `powerdash devices register
    --json` prints; that names the device too.

    Raises:
        DeviceUnclear: One of the two is missing, or the file cannot be used.
    """
    if secret_file is None:
        raise DeviceUnclear(
            f"--device {device} needs --secret-file FILE, a file that holds its secret."
        )
    try:
        text = secret_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DeviceUnclear(f"--secret-file {secret_file} cannot be read.") from error
    if text.startswith("{"):
        try:
            line = msgspec.json.decode(text.splitlines()[0], type=Credential)
        except msgspec.MsgspecError as error:
            raise DeviceUnclear(f"--secret-file {secret_file}: {error}.") from error
        if device and line.uuid != device:
            raise DeviceUnclear(
                f"--secret-file {secret_file} is of device {line.uuid}, not {device}."
            )
        return line
    if not device:
        raise DeviceUnclear("--secret-file needs --device UUID as well.")
    if not text:
        raise DeviceUnclear(f"--secret-file {secret_file} is empty.")
    return Credential(device, text)


def credential_registered(
    organization: str | None, name: str, digest: str, folder: Path
) -> Credential:
    """Return the device this file was replayed as before, else register one.

    Args:
        digest: The file's.
        folder: Where its credential is remembered, readable by the user only.

    Raises:
        OrganizationUnclear: No such organization, or several to choose from.
        StateUnwritable: It cannot be remembered.
    """
    from powerdash import settings

    organization = registering.organization_chosen(organization)
    whose = (
        str(settings.DATA_DIR), settings.DB_SERVER, str(settings.DB_PORT),
        settings.DB_DATABASE, organization, digest,
    )  # fmt: skip
    key = hashlib.sha256("\0".join(whose).encode()).hexdigest()[:32]
    file = folder / f"device-{key}.json"
    known = _remembered(file)
    if known is not None and registering.is_registered(organization, known.uuid):
        return known
    device = FleetDevice(name, tags=("replay",))
    new = registering.register(organization, [device])[0]
    write_private(file, msgspec.json.encode(new))
    return new


def _remembered(file: Path) -> Credential | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Credential)
    except (OSError, msgspec.MsgspecError):
        return None
