"""Arithmetic of curves: gaps, holding of last values, sums. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np


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


def curve_seen(
    seen: Mapping[int, float], *, since: datetime, until: datetime, step_s: int
) -> Curve:
    """Return a curve of what was seen.

    Args:
        seen: Mean power in W by step number.
    """
    steps = range(
        int(since.timestamp()) // step_s, int(until.timestamp()) // step_s + 1
    )
    return Curve(
        step_s=step_s,
        ts=[step * step_s for step in steps],
        power_w=[seen.get(step) for step in steps],
    )
