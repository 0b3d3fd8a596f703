"""Counts what happens too often for a row each: one event per key and minute.

The first of a kind is recorded within a second, the rest by the minute with their
counts, so the sum over the events is the exact number and a flood costs a row a minute.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

PERIOD = timedelta(minutes=1)
KEYS_MAX = (
    50_000  # beyond it, what is known of a refused sender is dropped, not its count
)

# (event type, organization id, device id, reason)
Key = tuple[str, int | None, int | None, str]
Row = tuple[datetime, str, int | None, int | None, str]


@dataclass(slots=True)
class _Entry:
    counts: Counter[str] = field(default_factory=Counter)
    recorded_at: datetime | None = None


class Ledger:
    """Counts by key and gives out the rows that are due."""

    def __init__(self) -> None:
        self._entries: dict[Key, _Entry] = {}

    def add(self, key: Key, **counts: int) -> None:
        """Count under `key`, for example `requests=1, accepted=3`."""
        entry = self._entries.get(key)
        if entry is None:
            if len(self._entries) >= KEYS_MAX:
                key = (key[0], None, None, key[3])
            entry = self._entries.setdefault(key, _Entry())
        total = entry.counts
        for name, count in counts.items():
            total[name] += count

    def due(self, at: datetime, *, everything: bool = False) -> list[Row]:
        """Take the rows to record now; `everything` when the process ends."""
        rows: list[Row] = []
        for key, entry in list(self._entries.items()):
            idle = entry.recorded_at is not None and at - entry.recorded_at >= PERIOD
            if entry.counts and (everything or idle or entry.recorded_at is None):
                rows.append(_row(key, entry.counts, at))
                entry.counts = Counter()
                entry.recorded_at = at
            elif idle and not entry.counts:
                del self._entries[key]
        return rows

    def give_back(self, rows: list[Row]) -> None:
        """Count again what could not be recorded."""
        for _at, kind, organization_id, device_id, text in rows:
            counts = msgspec.json.decode(text)
            reason = counts.pop("reason", "")
            self.add((kind, organization_id, device_id, reason), **counts)


def _row(key: Key, counts: Counter[str], at: datetime) -> Row:
    kind, organization_id, device_id, reason = key
    data = {**counts, **({"reason": reason} if reason else {})}
    return at, kind, organization_id, device_id, msgspec.json.encode(data).decode()
