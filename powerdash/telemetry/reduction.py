"""From steps to what a chart draws: columns, gaps, how complete they are. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

Column = list[float | None]
Row = Sequence[Any]


@dataclass(slots=True)
class Step:
    """What one step of a phase holds.

    Attributes:
        at: Where it begins, Unix seconds. covered_s: Time its readings speak for.
        gap: Whether there is silence between the step before and this one.
        values: Mean, least and greatest of each quantity, one after the other.
    """

    at: int
    covered_s: float
    gap: bool
    values: list[float | None]


def raw_steps(rows: Iterable[Row], hold: timedelta) -> list[Step]:
    """Return the steps of one phase from rows of `raw_series`, without it.

    Silence within a step is not seen: steps are shorter than what silence is, or the
    readings are too many to be looked at one by one.
    """
    steps: list[Step] = []
    last: datetime | None = None
    for at, _, first, final, sampling_ms, *values in rows:
        sampling = timedelta(milliseconds=sampling_ms)
        since = None if last is None else first - last
        speaks = since is not None and since <= max(2 * sampling, hold)
        covered = final - first + (since if speaks and since is not None else sampling)
        gap = since is not None and not speaks
        steps.append(Step(_unix(at), covered / timedelta(seconds=1), gap, values))
        last = final
    return steps


def rolled_steps(rows: Iterable[Row], step_s: int) -> list[Step]:
    """Return the steps of one phase from rows of `rolled_series`, without it."""
    steps: list[Step] = []
    for at, _, covered_s, *values in rows:
        second = _unix(at)
        # What lies between two steps and is not covered by the later one.
        silent_s = second - steps[-1].at - covered_s if steps else 0.0
        steps.append(Step(second, covered_s, silent_s > step_s, values))
    return steps


def _unix(at: datetime) -> int:
    return int(at.timestamp())


def columns(steps: Sequence[Step], width: int) -> tuple[list[int], list[Column]]:
    """Return times and columns, with a row of None wherever there is a gap."""
    times: list[int] = []
    found: list[Column] = [[] for _ in range(width)]
    for step in steps:
        if step.gap:
            times.append(times[-1] + 1)
            for column in found:
                column.append(None)
        times.append(step.at)
        for column, value in zip(found, step.values, strict=True):
            column.append(value)
    return times, found


def lttb(times: Sequence[int], values: Sequence[float], most: int) -> list[int]:
    """Return which points to keep so that the line looks the same, at most `most`.

    Source: S. Steinarsson, Downsampling Time Series for Visual Representation,
    University of Iceland, 2013 (largest triangle three buckets).
    """
    count = len(times)
    if count <= most or most < 3:
        return list(range(count))
    x, y = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    edges = np.linspace(1, count - 1, most - 1).astype(int)
    kept = [0]
    for left, right, end in zip(
        edges[:-1], edges[1:], [*edges[2:], count], strict=True
    ):
        after = slice(right, max(end, right + 1))
        areas = _areas(
            x, y, kept[-1], slice(left, right), x[after].mean(), y[after].mean()
        )
        kept.append(int(left + np.argmax(areas)))
    return [*kept, count - 1]


def _areas(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    before: int,
    part: slice,
    next_x: float,
    next_y: float,
) -> npt.NDArray[np.float64]:
    """Return twice the areas of the triangles that a part's points make."""
    areas: npt.NDArray[np.float64] = np.abs(
        (x[before] - next_x) * (y[part] - y[before])
        - (x[before] - x[part]) * (next_y - y[before])
    )
    return areas
