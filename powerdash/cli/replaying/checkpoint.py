"""How far a replay has come: what the server has acknowledged, in order, on disk."""

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec
import platformdirs

from powerdash.cli.errors import Refused
from powerdash.cli.posting import Answer


class StateUnwritable(Refused):
    """The state folder cannot be used; the message is a sentence for people."""


class Tally(msgspec.Struct):
    """What became of the rows so far.

    Attributes:
        missing: Readings without a current or voltage: not sent.
        unreadable: Rows that could not be read: not sent.
    """

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    missing: int = 0
    unreadable: int = 0

    def add(self, other: "Tally") -> None:
        """Add the counts of `other`."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def sent(self) -> int:
        """Return how many readings the server has answered for."""
        return self.accepted + self.duplicates + self.refused


class Window:
    """Which batches are acknowledged, while several are under way.

    `all` counts every answer; `firm` only those before which no batch is still under
    way: a replay may go on behind `firm.rows`, and nothing is left out.
    """

    def __init__(self, start: Tally) -> None:
        self.all = msgspec.structs.replace(start)
        self.firm = msgspec.structs.replace(start)
        self._begun = 0
        self._next = 0
        self._done: dict[int, Tally] = {}

    def begin(self) -> int:
        """Return the number of the next batch."""
        self._begun += 1
        return self._begun - 1

    def acknowledge(self, number: int, counts: Tally, answer: Answer) -> None:
        """Count the answer for batch `number`."""
        counts.accepted += answer.accepted
        counts.duplicates += answer.duplicates
        counts.refused += answer.refused
        self.all.add(counts)
        self._done[number] = counts
        while self._next in self._done:
            self.firm.add(self._done.pop(self._next))
            self._next += 1


def state_dir() -> Path:
    """Return the user's folder for what a replay remembers."""
    return Path(platformdirs.user_state_dir("powerdash", appauthor=False)) / "replay"


class Checkpoint:
    """The file that says how far one replay has come.

    Args:
        identity: Whatever makes it another replay: file, mapping, device, server.
    """

    def __init__(self, folder: Path, *identity: str) -> None:
        digest = hashlib.sha256("\0".join(identity).encode()).hexdigest()[:32]
        self.file = folder / f"{digest}.json"

    def load(self) -> Tally | None:
        """Return what was saved, or None when there is nothing usable."""
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=Tally)
        except (OSError, msgspec.MsgspecError):
            return None

    def save(self, tally: Tally) -> None:
        """Replace what was saved.

        Raises:
            StateUnwritable: The folder cannot be written to.
        """
        write_private(self.file, msgspec.json.encode(tally))

    def clear(self) -> None:
        """Forget what was saved."""
        with contextlib.suppress(OSError):
            self.file.unlink()


def write_private(file: Path, body: bytes) -> None:
    """Replace `file` by `body`, whole or not at all, readable by its owner only.

    Raises:
        StateUnwritable: The folder cannot be written to.
    """
    draft = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(body)
        draft.replace(file)
    except OSError as error:
        raise StateUnwritable(
            f"{file.parent} cannot be written to ({error.strerror}): choose another"
            " folder with --state-dir."
        ) from error
