"""A file's readings in batches: cut, stamped and, when paced, due at a time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from powerdash.cli.posting import ARRAY_MAX, Reading
from powerdash.cli.replaying.checkpoint import Tally
from powerdash.cli.replaying.mapping import Found

GATHER_S = 0.25  # a paced replay sends what falls due within this in one request


@dataclass(slots=True)
class Batch:
    """Some rows of the file.

    Attributes:
        row_of: The row number of each reading, from 1.
        counts: Rows, and what of them is not sent.
        problems: (row, reason) of rows that could not be read.
        due_s: When the last of it falls due, s after the replay's start.
    """

    readings: list[Reading] = field(default_factory=list)
    row_of: list[int] = field(default_factory=list)
    counts: Tally = field(default_factory=Tally)
    problems: list[tuple[int, str]] = field(default_factory=list)
    due_s: float = 0.0


@dataclass(slots=True)
class Timeline:
    """How the file's time becomes the replay's.

    Attributes:
        speed: File seconds per second; None for as fast as possible.
        live_from: Moment given to the first reading, which then pass at `speed`; None
            keeps the file's own times.
        shift: Added to the file's own times.
    """

    speed: float | None = None
    live_from: datetime | None = None
    shift: timedelta = timedelta()
    first: datetime | None = None

    def due_s(self, at: datetime) -> float:
        """Return when a reading of file time `at` is due, s after the start."""
        if self.speed is None:
            return 0.0
        if self.first is None:
            self.first = at
        return (at - self.first).total_seconds() / self.speed

    def stamped(self, reading: Reading) -> Reading:
        """Return the reading with the replay's time."""
        if self.live_from is not None and self.speed is not None:
            due_s = self.due_s(reading.ts)
            at = self.live_from + timedelta(seconds=due_s)
            attributes = dict(reading.attributes)
            window = attributes.get("sample_ms")
            if isinstance(window, (int, float)):
                # Time runs faster, so each sample stands for less of it.
                attributes["sample_ms"] = max(1, round(window / self.speed))
            return msgspec.structs.replace(reading, ts=at, attributes=attributes)
        if self.shift:
            return msgspec.structs.replace(reading, ts=reading.ts + self.shift)
        return reading


def batches(
    rows: Iterable[list[str]],
    read: Callable[[list[str]], Found],
    timeline: Timeline,
    *,
    size: int,
    skip: int = 0,
) -> Iterator[Batch]:
    """Cut the rows into batches of about `size` readings.

    A row is never cut in two, nor are rows of one time stamp: a device's first reading
    of a moment wins, so they must not race each other.

    Args:
        skip: Rows already acknowledged: read, for what they tell of later ones, but
            not sent.
    """
    batch, first_due_s, last = Batch(), 0.0, None
    for number, row in enumerate(rows, start=1):
        found = read(row)
        if number <= skip:
            continue
        ts = found.readings[0].ts if found.readings else last
        due_s = timeline.due_s(ts) if ts is not None else 0.0
        is_full = len(batch.readings) >= size and ts != last
        is_over = len(batch.readings) + len(found.readings) > ARRAY_MAX
        is_later = timeline.speed is not None and due_s - first_due_s >= GATHER_S
        if batch.readings and (is_full or is_over or is_later):
            yield batch
            batch = Batch()
        if not batch.readings:
            first_due_s = due_s
        batch.due_s, last = due_s, ts
        _put(batch, number, found, timeline)
    if batch.counts.rows:
        yield batch


def _put(batch: Batch, number: int, found: Found, timeline: Timeline) -> None:
    batch.readings.extend(timeline.stamped(reading) for reading in found.readings)
    batch.row_of.extend([number] * len(found.readings))
    batch.counts.rows += 1
    batch.counts.missing += found.missing
    if found.problem:
        batch.counts.unreadable += 1
        batch.problems.append((number, found.problem))
