"""How readings arrive, by device: counts and lateness, and samples of the refused.

In memory until the keeper saves them, each second; a killed process loses that second.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from powerdash.ingest.auth import Device
from powerdash.telemetry.reading import LATE, Reading
from powerdash.telemetry.rejection import payload_of

SAMPLES_MAX = 20  # refused readings of a device that are kept in a minute
MINUTE = timedelta(minutes=1)
DEVICES_MAX = 10_000  # whose samples are counted at once

NEVER = datetime.min.replace(tzinfo=UTC)

Row = tuple[int, datetime | None, datetime, int, int, int, int, float, float]
Sample = tuple[datetime, int, int, str, str]


@dataclass(slots=True)
class _Entry:
    newest: datetime | None = None
    at: datetime = NEVER
    counts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    lateness_s: float = 0.0
    max_lateness_s: float = 0.0


@dataclass(slots=True)
class _Budget:
    until: datetime
    left: int = SAMPLES_MAX


class Arrivals:
    """Counts what arrives and samples what is refused."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._budgets: dict[int, _Budget] = {}
        self._samples: list[Sample] = []

    def record(
        self, device: Device, new: list[Reading], duplicates: int, at: datetime
    ) -> None:
        """Count a request's readings; only new ones can be the newest, or late."""
        entry = self._entry(device, at)
        entry.counts[0] += len(new)
        entry.counts[1] += duplicates
        oldest_timely = at - LATE
        for reading in new:
            ts = reading[2]
            if entry.newest is None or ts > entry.newest:
                entry.newest = ts
                entry.lateness_s = (at - ts).total_seconds()
            if ts < oldest_timely:
                entry.counts[3] += 1
                late_s = (at - ts).total_seconds()
                entry.max_lateness_s = max(entry.max_lateness_s, late_s)

    def refuse(
        self,
        device: Device,
        count: int,
        rejected: list[tuple[Any, dict[str, list[str]]]],
        at: datetime,
        *,
        secret: str,
    ) -> None:
        """Count refused readings, and keep some of them.

        Args:
            rejected: What was sent, and why it cannot be stored.
            secret: The device's, which is not kept.
        """
        self._entry(device, at).counts[2] += count
        budget = self._budgets.get(device.id)
        if budget is None or at >= budget.until:
            if len(self._budgets) >= DEVICES_MAX:
                self._budgets.clear()
            budget = self._budgets[device.id] = _Budget(at + MINUTE)
        for sent, errors in rejected[: budget.left]:
            budget.left -= 1
            told, payload = payload_of(sent, errors, secret=secret)
            self._samples.append((at, device.organization_id, device.id, told, payload))

    def take(self) -> tuple[list[Row], list[Sample]]:
        """Take what is to be saved."""
        rows = [
            (
                device_id, entry.newest, entry.at, *entry.counts,
                entry.lateness_s, entry.max_lateness_s,
            )
            for device_id, entry in sorted(self._entries.items())
        ]  # fmt: skip
        samples = self._samples
        self._entries, self._samples = {}, []
        return rows, samples  # type: ignore[return-value]

    def give_back(self, rows: list[Row], samples: list[Sample]) -> None:
        """Count again what could not be saved."""
        self._samples = [*samples, *self._samples][-SAMPLES_MAX * 50 :]
        for device_id, newest, at, *counts, lateness_s, max_lateness_s in rows:
            entry = self._entries.setdefault(device_id, _Entry())
            entry.at = max(entry.at, at)
            entry.counts = [a + b for a, b in zip(entry.counts, counts, strict=True)]
            entry.max_lateness_s = max(entry.max_lateness_s, max_lateness_s)
            if entry.newest is None or (newest and newest > entry.newest):
                entry.newest, entry.lateness_s = newest, lateness_s

    def _entry(self, device: Device, at: datetime) -> _Entry:
        entry = self._entries.get(device.id)
        if entry is None:
            entry = self._entries[device.id] = _Entry()
        entry.at = at
        return entry
