"""The rollup ladder as numpy reckons it from readings: what the tables must hold.

Written apart from the product, from the rule in `telemetry/rollup.py`: bucket by
bucket, always over all readings.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg
import numpy as np

FIGURES = ["count"] + [
    f"{what}_{of}"
    for of in ("power", "current", "voltage", "active_power")
    for what in ("min", "avg", "max")
]
WEIGHTED = [
    "covered_s", "lead_s", "energy_wh", "twa_power", "twa_current", "twa_voltage"
]  # fmt: skip
MAYBE = [
    f"{what}_{of}"
    for of in ("power_factor", "frequency", "temperature")
    for what in ("min", "avg", "max", "count")
]
Pg: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Key = tuple[int, str, datetime]
Figures = dict[str, float | None]


class Given(NamedTuple):
    """A reading as a test gives it."""

    device_id: int
    phase: str
    ts: datetime
    current: float
    voltage: float
    sampling_ms: int = 1000
    power_factor: float | None = None
    frequency: float | None = None
    temperature: float | None = None


def ladder(
    readings: Iterable[Given], zone: str = "UTC", hold_s: float = 120
) -> dict[str, dict[Key, Figures]]:
    """Return the buckets of each tier; no two readings have one key."""
    series: dict[tuple[int, str], list[Given]] = defaultdict(list)
    for reading in readings:
        series[reading[:2]].append(reading)
    buckets: dict[str, dict[Key, list[tuple[Given, float]]]] = {
        tier: defaultdict(list) for tier in ("5m", "1h", "1d")
    }
    for whose, given in series.items():
        given.sort(key=lambda reading: reading.ts)
        for before, reading in zip([None, *given[:-1]], given, strict=True):
            weight = _spoken_s(before, reading, hold_s)
            for tier, start in _starts(reading.ts, zone).items():
                buckets[tier][(*whose, start)].append((reading, weight))
    return {
        tier: {key: _figures(key[2], part) for key, part in found.items()}
        for tier, found in buckets.items()
    }


def _spoken_s(before: Given | None, reading: Given, hold_s: float) -> float:
    sampling_s = reading.sampling_ms / 1000
    if before is None:
        return sampling_s
    since = (reading.ts - before.ts) / timedelta(seconds=1)
    return since if since <= max(2 * sampling_s, hold_s) else sampling_s


def _starts(ts: datetime, zone: str) -> dict[str, datetime]:
    second = math.floor(ts.timestamp())
    return {
        "5m": datetime.fromtimestamp(second // 300 * 300, UTC),
        "1h": datetime.fromtimestamp(second // 3600 * 3600, UTC),
        "1d": _day(second // 300, zone),
    }


@cache
def _day(five: int, zone: str) -> datetime:
    """Return where the day of a bucket begins: with the first instant of its date."""

    def date_of(number: int) -> date:
        return (
            datetime.fromtimestamp(number * 300, UTC).astimezone(ZoneInfo(zone)).date()
        )

    first = five
    while date_of(first - 1) == date_of(five):
        first -= 1
    return datetime.fromtimestamp(first * 300, UTC)


def _figures(start: datetime, part: list[tuple[Given, float]]) -> Figures:
    weights = np.array([weight for _, weight in part])
    current = np.array([reading.current for reading, _ in part])
    voltage = np.array([reading.voltage for reading, _ in part])
    power = current * voltage
    factor = np.array(
        [1.0 if r.power_factor is None else r.power_factor for r, _ in part]
    )
    figures: Figures = {"count": len(part)}
    columns = {
        "power": power, "current": current, "voltage": voltage,
        "active_power": power * factor,
    }  # fmt: skip
    for name, values in columns.items():
        figures |= {
            f"min_{name}": values.min(),
            f"avg_{name}": values.mean(),
            f"max_{name}": values.max(),
        }
    figures["covered_s"] = weights.sum()
    first, spoken_s = min(part)
    figures["lead_s"] = max(0.0, spoken_s - (first.ts - start) / timedelta(seconds=1))
    figures["energy_wh"] = (power * factor * weights).sum() / 3600
    for name in ("power", "current", "voltage"):
        figures[f"twa_{name}"] = np.average(columns[name], weights=weights)
    for name in ("power_factor", "frequency", "temperature"):
        figures |= _maybe(name, [getattr(reading, name) for reading, _ in part])
    return figures


def _maybe(name: str, given: list[float | None]) -> Figures:
    # The table keeps four bytes of these.
    values = np.array([v for v in given if v is not None], dtype=np.float32)
    known = values.astype(np.float64)
    if not len(known):
        return dict.fromkeys(
            f"{what}_{name}" for what in ("min", "avg", "max", "count")
        )
    return {
        f"min_{name}": known.min(),
        f"avg_{name}": known.mean(),
        f"max_{name}": known.max(),
        f"count_{name}": len(known),
    }


async def stored(pg: Pg, tier: str, devices: Iterable[int]) -> dict[Key, Figures]:
    """Return a tier's buckets as the table has them."""
    rows: list[Any] = await pg.fetch(
        f"SELECT * FROM telemetry_rollups_{tier} WHERE device_id = ANY($1)",  # noqa: S608
        list(devices),
    )
    return {
        (row["device_id"], row["phase"], row["bucket_start_ts"]): {
            name: row[name] for name in (*FIGURES, *WEIGHTED, *MAYBE)
        }
        for row in rows
    }


def differences(found: dict[Key, Figures], wanted: dict[Key, Figures]) -> list[str]:
    """Return what differs, in words; nothing when all is the same."""
    told = [f"missing {key}" for key in wanted.keys() - found.keys()]
    told += [f"too much {key}" for key in found.keys() - wanted.keys()]
    for key in wanted.keys() & found.keys():
        for name, value in wanted[key].items():
            other = found[key][name]
            if value is None or other is None:
                same = value is other
            else:
                same = math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-9)
            if not same:
                told.append(f"{key} {name}: {other} instead of {value}")
    return told


async def insert(pg: Pg, readings: Iterable[Given]) -> None:
    """Store readings as the ingest door does: with what is due, in one transaction."""
    rows = [
        (*given[:5], given.current * given.voltage, *given[5:]) for given in readings
    ]
    buckets = list({(*row[:2], _starts(row[2], "UTC")["5m"]) for row in rows})
    async with pg.transaction():
        await pg.fetch(
            "SELECT power_records_partition_ensure(day, $2)"
            " FROM unnest($1::timestamptz[]) day",
            list(
                {
                    row[2]
                    .astimezone(UTC)
                    .replace(hour=0, minute=0, second=0, microsecond=0)
                    for row in rows
                }
            ),
            datetime(2026, 11, 20, tzinfo=UTC),
        )
        await pg.executemany(
            "INSERT INTO power_records (device_id, phase, ts, current, voltage, power,"
            " sampling_ms, power_factor, frequency, temperature)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
            rows,
        )
        await pg.execute(
            "INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts)"
            " VALUES ($1, $2, $3)",
            *[list(column) for column in zip(*buckets, strict=True)],
        )


async def no_partitions(pg: Pg) -> None:
    """Remove what tests before left: the partitions, which are no rows."""
    for row in await pg.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname"
        " ~ '^(power_records|power_chunks|telemetry_rollups_(5m|1h|1d))_[0-9]+$'"
    ):
        await pg.execute(f'DROP TABLE "{row[0]}"')
