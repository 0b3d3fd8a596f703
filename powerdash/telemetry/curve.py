"""Arithmetic of curves: gaps, holding of last values, sums. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

GAP_FACTOR = 5  # silence longer than this many usual distances is a gap


@dataclass(frozen=True, slots=True)
class Curve:
    """Power by step: `ts` in Unix seconds, ascending; None where nobody reported."""

    step_s: int
    ts: list[int]
    power_w: list[float | None]


def curve_total(
    rows: Iterable[tuple[int, str, int, int, float]],
    *,
    since: datetime,
    until: datetime,
    step_s: int,
) -> Curve:
    """Sum mean powers over devices and phases.

    Args:
        rows: (device, phase, heartbeat interval in s, step number, mean power in W);
            steps before `since` only serve to hold their value.
    """
    first, end = int(since.timestamp()) // step_s, int(until.timestamp()) // step_s + 1
    sources: dict[tuple[int, str], list[tuple[int, int, float]]] = {}
    for device_id, phase, interval_s, step, power_w in rows:
        sources.setdefault((device_id, phase), []).append((step, interval_s, power_w))
    total = np.zeros(end - first)
    heard = np.zeros(end - first, dtype=bool)
    for points in sources.values():
        points.sort()
        starts = [step for step, _, _ in points]
        for (step, interval_s, power_w), following in zip(
            points, [*starts[1:], end], strict=True
        ):
            stop = min(following, step + max(1, -(-interval_s // step_s)))
            span = slice(max(step, first) - first, max(stop, first) - first)
            total[span] += power_w
            heard[span] = True
    return Curve(
        step_s=step_s,
        ts=[step * step_s for step in range(first, end)],
        power_w=[
            float(value) if known else None
            for value, known in zip(total, heard, strict=True)
        ],
    )


def reduced(
    rows: Sequence[Sequence[Any]],
) -> tuple[list[int], list[list[float | None]]]:
    """Turn rows of (step, value, value, …) into columns, a row of None in each gap.

    A gap is a distance over `GAP_FACTOR` times the median distance between steps.
    """
    steps = np.array([row[0] for row in rows], dtype=np.int64)
    distances = np.diff(steps)
    usual = float(np.median(distances)) if len(distances) else 1.0
    gaps = set(np.nonzero(distances > GAP_FACTOR * max(usual, 1.0))[0].tolist())
    width = len(rows[0]) - 1 if rows else 0
    out_steps: list[int] = []
    columns: list[list[float | None]] = [[] for _ in range(width)]
    for index, row in enumerate(rows):
        out_steps.append(int(row[0]))
        for column, value in zip(columns, row[1:], strict=True):
            column.append(value)
        if index in gaps:
            out_steps.append(int(row[0]) + 1)
            for column in columns:
                column.append(None)
    return out_steps, columns
