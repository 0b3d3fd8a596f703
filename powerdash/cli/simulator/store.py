"""Store and forward: readings a device keeps until the server has acknowledged them."""

import sqlite3
from collections import deque
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import msgspec

from powerdash.cli.posting import Reading
from powerdash.cli.simulator.meter import Register

_SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (
  uuid TEXT, number INTEGER, reading BLOB, PRIMARY KEY (uuid, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS registers (
  uuid TEXT, phase TEXT, drawn_wh REAL, fed_in_wh REAL, PRIMARY KEY (uuid, phase)
) WITHOUT ROWID;
"""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Reading).decode


class Store:
    """The readings of one device that wait, oldest first.

    Args:
        limit: The most to keep; beyond it the oldest is dropped and counted.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[tuple[int, Reading]] = deque()
        self._taken: list[tuple[int, Reading]] = []
        self._next = 0
        self.saved_to = 0  # readings numbered below this are in the journal
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._taken)

    @property
    def room(self) -> int:
        """Return how many readings can be put before one is pushed out."""
        return max(0, self._limit - len(self))

    def put(self, reading: Reading) -> None:
        """Keep `reading`."""
        if not self.room and self._waiting:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((self._next, reading))
        self._next += 1

    def put_saved(self, number: int, reading: Reading) -> None:
        """Keep a reading that the journal held under `number`."""
        self._waiting.append((number, reading))
        self._next = self.saved_to = number + 1

    def take(self, most: int) -> list[Reading]:
        """Take up to `most` readings to send; those already taken come again."""
        while self._waiting and len(self._taken) < most:
            self._taken.append(self._waiting.popleft())
        return [reading for _, reading in self._taken]

    def done(self) -> None:
        """Forget what was taken: the server has it."""
        self._taken.clear()

    def numbered(self) -> Iterable[tuple[int, Reading]]:
        """Return what waits, with its numbers, oldest first."""
        return chain(self._taken, self._waiting)

    @property
    def first(self) -> int:
        """Return the number of the oldest reading that waits, else the next one's."""
        return next((number for number, _ in self.numbered()), self._next)


class Journal:
    """Stores and energy registers on disk, so that a restart loses nothing.

    Raises:
        sqlite3.Error: The file cannot be opened or is not a journal.
    """

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file)
        self._db.executescript(_SCHEMA)

    def load(self, uuid: str, store: Store) -> None:
        """Put what waited for `uuid` into `store`."""
        rows = self._db.execute(
            "SELECT number, reading FROM waiting WHERE uuid = ? ORDER BY number",
            (uuid,),
        )
        for number, body in rows:
            store.put_saved(number, _decode(body))

    def registers(self, uuid: str) -> dict[str, Register]:
        """Return the energy registers of `uuid` by phase."""
        rows = self._db.execute(
            "SELECT phase, drawn_wh, fed_in_wh FROM registers WHERE uuid = ?", (uuid,)
        )
        return {phase: Register(drawn, fed_in) for phase, drawn, fed_in in rows}

    def save(self, uuid: str, store: Store, registers: dict[str, Register]) -> None:
        """Write what changed since the last time; `commit` makes it durable."""
        new = [
            (uuid, number, _encode(reading))
            for number, reading in store.numbered()
            if number >= store.saved_to
        ]
        self._db.executemany("INSERT OR REPLACE INTO waiting VALUES (?, ?, ?)", new)
        if new:
            store.saved_to = new[-1][1] + 1
        self._db.execute(
            "DELETE FROM waiting WHERE uuid = ? AND number < ?", (uuid, store.first)
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO registers VALUES (?, ?, ?, ?)",
            [
                (uuid, phase, register.drawn_wh, register.fed_in_wh)
                for phase, register in registers.items()
            ],
        )

    def commit(self) -> None:
        """Make everything saved durable."""
        self._db.commit()

    def close(self) -> None:
        """Commit and close."""
        self._db.commit()
        self._db.close()
