"""From rows of steps to what a chart draws: columns, gaps, completeness. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Column = list[float | None]
Row = Sequence[Any]
JITTER = 0.99  # of an empty step that must be silent: meters are not on time


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one phase by column.

    Attributes:
        at: Where each begins, Unix seconds. covered_s: Time its readings speak for.
        gaps: The places of steps before which there is silence.
        values: Mean, least and greatest of each quantity, one after the other.
        last: When the last reading was, Unix seconds; None where that is not known.
    """

    at: Sequence[int]
    covered_s: Sequence[float]
    gaps: list[int]
    values: Sequence[Sequence[float | None]]
    last: float | None = None


def raw_steps(rows: Sequence[Row], hold_s: float, before_s: float | None) -> Steps:
    """Return the steps of one phase from rows of `raw_series`, without it.

    Silence within a step is not seen: steps are no longer than what silence is.

    Args:
        before_s: When the last reading before them was, Unix seconds.
    """
    at, *told = zip(*rows, strict=True)
    first, last, sampling_s = np.array(told[:3])
    before = -math.inf if before_s is None else before_s
    since = first - np.concatenate(([before], last[:-1]))
    speaks = since <= np.maximum(2 * sampling_s, hold_s)
    covered_s = last - first + np.where(speaks, since, sampling_s)
    gaps = (np.flatnonzero(~speaks[1:]) + 1).tolist()
    return Steps(at, covered_s.tolist(), gaps, told[3:], float(last[-1]))


def rolled_steps(rows: Sequence[Row], step_s: int) -> Steps:
    """Return the steps of one phase from rows of `rolled_series`, without it."""
    at, covered_s, *values = zip(*rows, strict=True)
    # Where steps are empty, what the later one does not cover must be as long as one of
    # them: a slow meter speaks for the empty ones. Days differ by an hour.
    apart_s = np.diff(at)
    silent_s = apart_s - covered_s[1:]
    empty_s = np.minimum(apart_s - step_s, step_s)
    is_gap = (apart_s >= 1.5 * step_s) & (silent_s >= JITTER * empty_s)
    gaps = (np.flatnonzero(is_gap) + 1).tolist()
    return Steps(at, covered_s, gaps, values)


def columns(steps: Steps) -> tuple[list[int], list[Column]]:
    """Return times and columns, with a row of None wherever there is a gap."""
    times = list(steps.at)
    found: list[Column] = [list(column) for column in steps.values]
    for place in reversed(steps.gaps):
        times.insert(place, times[place - 1] + 1)
        for column in found:
            column.insert(place, None)
    return times, found


def seven_digits(column: Sequence[float | None]) -> Column:
    """Return what four bytes can tell of numbers: 21.4, not 21.399999618530273."""
    told = np.array(column, dtype=np.float32).astype(str).astype(float)
    return [None if math.isnan(value) else value for value in told.tolist()]


def extremes(
    times: Sequence[int], lines: Sequence[tuple[Column, Column, Column]], step_s: int
) -> tuple[list[int], list[Column]]:
    """Return each step's least and greatest as two points, half a step apart.

    The lower comes first where the line rises. A step of one value is one point, and so
    is one of a second: what is farther from its mean. A line keeps its extremes before
    it is thinned. Source: J. Van Der Donckt and others, MinMaxLTTB, IEEE VIS 2023.

    Args:
        lines: Of each quantity mean, least and greatest; what has none, as energy,
            is halved: beside it every step is two points, or halves stood among wholes.
    """
    extents = [any(value is not None for value in line[1]) for line in lines]
    is_split = any(extents) and not all(extents)
    at: list[int] = []
    found: list[Column] = [[] for _ in lines]
    half_s = step_s // 2
    for place, time in enumerate(times):
        pairs = [_pair(*line, place) for line in lines]
        is_gap = all(mean is None for _, _, mean in pairs)
        is_one = all(low == high for low, high, _ in pairs)
        if is_gap or (is_one and not is_split) or not half_s:
            # A gap comes after both points of what is before it.
            at.append(max(time, at[-1] + 1) if at else time)
            for column, (low, high, mean) in zip(found, pairs, strict=True):
                column.append(_farther(low, high, mean))
            continue
        at += (time, time + half_s)
        for column, line, (low, high, mean) in zip(found, lines, pairs, strict=True):
            if line[1][place] is None:
                half = None if mean is None else mean / 2
                column += (half, half)
                continue
            before = line[0][place - 1] if place else None
            rises = mean is None or before is None or mean >= before
            column += (low, high) if rises else (high, low)
    return at, found


Pair = tuple[float | None, float | None, float | None]


def _pair(means: Column, least: Column, most: Column, place: int) -> Pair:
    mean, low, high = means[place], least[place], most[place]
    return (mean, mean, mean) if low is None or high is None else (low, high, mean)


def _farther(low: float | None, high: float | None, mean: float | None) -> float | None:
    if low is None or high is None or mean is None:
        return mean
    return high if high - mean >= mean - low else low


def outline(times: Sequence[int], lines: Sequence[Column], most: int) -> list[int]:
    """Return which points to keep, at most `most`: lines and peaks look the same.

    In as many equal parts as that allows these are the least and the greatest of each
    line, and what `lttb` keeps of the first.

    Args:
        lines: Values at the times; None in the first counts as 0.
    """
    count = len(times)
    parts = most // (1 + 2 * len(lines))
    if count <= most or not parts:
        return list(range(count))
    kept = set(lttb(times, [value or 0.0 for value in lines[0]], max(3, parts)))
    for line in lines:
        values = np.array(line, dtype=float)  # None is no number
        for part in np.array_split(np.arange(count), parts):
            known = part[~np.isnan(values[part])]
            if len(known):
                kept.add(int(known[np.argmin(values[known])]))
                kept.add(int(known[np.argmax(values[known])]))
    return sorted(kept)


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
