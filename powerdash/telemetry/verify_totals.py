"""Compares an organization's totals with what the buckets of its devices give."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from powerdash.telemetry.rollup import FIVE_MINUTES, HOUR, REACH, Tier
from powerdash.telemetry.sql import QUERIES

AT_ONCE = timedelta(days=31)  # in one statement
TOLERANCE = 1e-9  # of a figure: totals grow by differences, which round differently
FIGURES = ("count", "energy_wh", "apparent_vas", "volt_s", "covered_s")
TIERS = (Tier.FIVE_MINUTES, Tier.HOUR)


@dataclass(frozen=True, slots=True)
class TotalDifference:
    """A total that is not the sum of its devices' buckets.

    Attributes:
        kept, made: The figures that differ; empty when there is no such total.
    """

    tier: Tier
    organization_id: int
    start: datetime
    kept: dict[str, Any]
    made: dict[str, Any]


def verify_totals(
    *, since: datetime | None = None, until: datetime | None = None
) -> tuple[int, list[TotalDifference]]:
    """Sum up the buckets of a range of hours anew; return how many totals there are.

    Totals outlive the five minutes they are of: where retention took those, nothing is
    compared.

    Args:
        since, until: Default to the first and the newest total.
    """
    compared, differences = 0, []
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["verify_totals_spans"])
        spans = cursor.fetchall()
    for organization_id, first, last in spans:
        start = _hour(max(since or first, first))
        stop = _hour(min(until or last, last)) + HOUR
        while start < stop:
            end = min(start + AT_ONCE, stop)
            for tier in TIERS:
                rows = _compared(organization_id, tier, start, end)
                compared += len(rows)
                differences += _differences(organization_id, tier, rows)
            start += AT_ONCE
    return compared, differences


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@transaction.atomic
def _compared(
    organization_id: int, tier: Tier, start: datetime, stop: datetime
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        # Totals and buckets change together: both must be of one moment.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return _rows(cursor, organization_id, tier, start, stop)


def _rows(
    cursor: CursorWrapper,
    organization_id: int,
    tier: Tier,
    start: datetime,
    stop: datetime,
) -> list[tuple[Any, ...]]:
    statement = QUERIES["verify_totals"].replace(
        "telemetry_totals_5m", f"telemetry_totals_{tier}"
    )
    arguments: dict[str, Any] = {
        "organization_id": organization_id,
        "start": start,
        "stop": stop,
        "width": HOUR if tier is Tier.HOUR else FIVE_MINUTES,
        "reach": REACH,
    }
    cursor.execute(statement, arguments)
    return list(cursor.fetchall())


def _differences(
    organization_id: int, tier: Tier, rows: Sequence[tuple[Any, ...]]
) -> list[TotalDifference]:
    found = []
    for start, *figures in rows:
        made, kept = figures[: len(FIGURES)], figures[len(FIGURES) :]
        differing = [
            name
            for name, ours, theirs in zip(FIGURES, made, kept, strict=True)
            if ours is None
            or theirs is None
            or not math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=1e-6)
        ]
        if differing:
            new = dict(zip(FIGURES, made, strict=True))
            old = dict(zip(FIGURES, kept, strict=True))
            found.append(
                TotalDifference(
                    tier,
                    organization_id,
                    start,
                    kept={} if kept[0] is None else {n: old[n] for n in differing},
                    made={} if made[0] is None else {n: new[n] for n in differing},
                )
            )
    return found
