"""Test that rollups of real meters equal what numpy makes of their files.

The files are read here by their columns, apart from the product's own presets.
"""

import csv
import gzip
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from asgiref.sync import sync_to_async

from powerdash.telemetry.services.rollups import rollup
from tests.ladder import Given, Pg, differences, insert, ladder, stored

DATA = Path(__file__).parents[4] / "shared" / "data"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rows(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(DATA / name, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def household() -> list[Given]:
    found = []
    for row in rows("uci_household_1min_2007-01-01_2007-03-01.csv.gz"):
        if row["Voltage"] == "?":
            continue
        at = datetime.strptime(
            f"{row['Date']} {row['Time']} +0100", "%d/%m/%Y %H:%M:%S %z"
        )
        active, reactive = (
            float(row[f"Global_{kind}_power"]) for kind in ("active", "reactive")
        )
        factor = np.float32(active / np.hypot(active, reactive))
        found.append(
            Given(
                1, "", at, float(row["Global_intensity"]),
                float(row["Voltage"]), 60_000, float(factor),
            )
        )  # fmt: skip
    return found


def pzem() -> list[Given]:
    return [
        Given(
            2, "",
            datetime.strptime(row["Time"], "%Y-%m-%d %H %M %S.%f").replace(tzinfo=UTC),
            float(row["Amps"]), float(row["Voltage"]), 600_000,
            float(np.float32(row["PF"])), float(np.float32(row["Hz"])),
        )
        for row in rows("pzem016_singlephase_2022-09.csv.gz")
    ]  # fmt: skip


def transformer() -> list[Given]:
    first: dict[tuple[str, datetime], Given] = {}
    for row in rows("transformer_3phase_electrical_2019.csv.gz"):
        at = datetime.fromisoformat(row["DeviceTimeStamp"]).replace(tzinfo=UTC)
        for n in "123":
            reading = Given(
                3, f"L{n}", at, float(row[f"IL{n}"]), float(row[f"VL{n}"]), 900_000
            )
            # 435 minutes stand twice: the first reading of a time is kept.
            first.setdefault((reading.phase, at), reading)
    return list(first.values())


async def feed(pg: Pg, readings: Sequence[Given], pieces: int) -> None:
    """Insert in so many pieces, rolling up between them."""
    size = -(-len(readings) // pieces)
    for start in range(0, len(readings), size):
        await insert(pg, readings[start : start + size])
        await sync_to_async(rollup)(at=AT)


async def check(pg: Pg, readings: Sequence[Given]) -> None:
    for tier, buckets in ladder(readings).items():
        found = await stored(pg, tier, {reading.device_id for reading in readings})
        assert differences(found, buckets) == []


async def check_household(pg: Pg) -> None:
    readings = household()
    assert len(readings) == 86_396
    await feed(pg, readings, 1)
    await check(pg, readings)
    buckets = await stored(pg, "5m", [1])
    assert len(buckets) == 60 * 288 == 17_280
    power = [r.current * r.voltage for r in readings]
    total = sum((b["avg_power"] or 0) * (b["count"] or 0) for b in buckets.values())
    assert total == pytest.approx(sum(power))
    assert min(b["min_power"] or 0 for b in buckets.values()) == min(power)
    assert max(b["max_power"] or 0 for b in buckets.values()) == max(power)
    energy_kwh = sum((b["energy_wh"] or 0) for b in buckets.values()) / 1000
    active_kw = [
        float(r.power_factor or 0) * p / 1000
        for r, p in zip(readings, power, strict=True)
    ]
    assert energy_kwh == pytest.approx(sum(active_kw) / 60, rel=1e-4)


async def check_shuffled_household(pg: Pg) -> None:
    readings = household()
    shuffled = random.Random(7).sample(readings, len(readings))  # noqa: S311
    await feed(pg, shuffled, 7)
    await feed(pg, shuffled, 7)
    await check(pg, readings)
    assert len(await stored(pg, "5m", [1])) == 17_280


async def check_irregular(pg: Pg) -> None:
    for readings in (pzem(), transformer()):
        await feed(pg, readings, 3)
        await check(pg, readings)
    hours = await stored(pg, "1d", [2])
    # Two hours of quiet are silence for a meter of ten minutes: not covered.
    covered_s = sum(b["covered_s"] or 0 for b in hours.values())
    steps = np.diff([r.ts.timestamp() for r in pzem()])
    assert covered_s == pytest.approx(600 + np.where(steps <= 1200, steps, 600).sum())


# The series are not part of the repository: where they are absent, there is no test.
if DATA.is_dir():
    test_a_household_of_a_minute = check_household
    test_the_same_shuffled_in_seven_pieces_twice = check_shuffled_household
    test_irregular_meters_with_gaps = check_irregular
