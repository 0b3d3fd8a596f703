"""What an organization's devices give together, kept beside their buckets.

A total changes by what the buckets under it change by, so it costs what is new, however
many devices the organization has.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.backends.utils import CursorWrapper

from powerdash.telemetry.rollup import FIVE_MINUTES, HOUR, Run
from powerdash.telemetry.sql import QUERIES


class Total(NamedTuple):
    """Sums over devices and phases: readings in it, for its time Wh, VA·s, V·s, s."""

    readings: float = 0
    energy_wh: float = 0
    apparent_vas: float = 0
    volt_s: float = 0
    covered_s: float = 0


Totals = Mapping[tuple[int, datetime], Total]  # by organization and five minutes
TABLE = "telemetry_totals_5m"
TABLES = {TABLE: FIVE_MINUTES, "telemetry_totals_1h": HOUR}


def totals_of(cursor: CursorWrapper, runs: Sequence[Run]) -> Totals:
    """Return what the buckets of these runs give together."""
    device_ids, phases, starts, stops = zip(*runs, strict=True)
    cursor.execute(
        QUERIES["totals_of"],
        {
            "device_ids": list(device_ids),
            "phases": list(phases),
            "starts": list(starts),
            "stops": list(stops),
        },
    )
    return {
        (organization_id, start): Total(readings or 0, *sums)
        for organization_id, start, readings, *sums in cursor.fetchall()
    }


def totals_change(cursor: CursorWrapper, before: Totals, after: Totals) -> None:
    """Change the totals by the difference of what some buckets gave and give now."""
    changes = {
        key: [new - old for new, old in zip(now, then, strict=True)]
        for key in {**before, **after}
        if (now := after.get(key, Total())) != (then := before.get(key, Total()))
    }
    if not changes:
        return
    organization_ids, starts = zip(*changes, strict=True)
    counts, energies, apparents, volts, covered = zip(*changes.values(), strict=True)
    arguments: dict[str, Any] = {
        "organization_ids": list(organization_ids),
        "starts": list(starts),
        "counts": [int(count) for count in counts],
        "energies": list(energies),
        "apparents": list(apparents),
        "volts": list(volts),
        "covered": list(covered),
    }
    for table, width in TABLES.items():
        arguments["width"] = width
        cursor.execute(QUERIES["totals_add"].replace(TABLE, table), arguments)
        if not before.keys() <= after.keys():
            cursor.execute(QUERIES["totals_forget"].replace(TABLE, table), arguments)
