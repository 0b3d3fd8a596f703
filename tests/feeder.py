"""A device of a minute in two phases, and what its series tells."""

import random
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async

from powerdash.accounts.services import organization_create
from powerdash.devices.services import device_register
from powerdash.telemetry.quantities import QUANTITIES
from powerdash.telemetry.series import PhaseSeries, Series, SeriesQuery, series
from powerdash.telemetry.services.rollups import rollup
from tests.ladder import Given, Pg, insert

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = datetime(2026, 10, 23, 22, tzinfo=UTC)  # midnight in Berlin
MINUTE = timedelta(minutes=1)
LENGTH = timedelta(days=3)


async def feeder(pg: Pg) -> int:
    """Three days of a device of a minute in two phases; a silence of two hours."""
    organization = await sync_to_async(organization_create)(
        slug="campus", name="Campus", timezone="Europe/Berlin", at=AT
    )
    made = await sync_to_async(device_register)(
        organization_id=organization.pk, name="Feeder", at=AT
    )
    chance = random.Random(3)  # noqa: S311
    readings = [
        Given(
            made.device.pk, phase, START + n * MINUTE, chance.uniform(1, 9), 230.0,
            60_000, 0.5 if phase == "L1" else None,
        )
        for n in range(3 * 1440)
        if not 600 <= n < 720
        for phase in ("L1", "L2")
    ]  # fmt: skip
    await insert(pg, readings)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    return made.device.pk


async def know_newest(pg: Pg) -> None:
    await pg.execute(
        "INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)"
        " SELECT device_id, phase, max(ts), 1, 1, 1 FROM power_records GROUP BY 1, 2"
        " ON CONFLICT (device_id, phase) DO UPDATE SET ts = excluded.ts"
    )


async def asked(device_id: int, hours: float = 72, **given: object) -> Series:
    fields = given.pop("fields", ["power_w", "current_a"])
    query = {
        "since": START,
        "until": START + timedelta(hours=hours),
        "quantities": [QUANTITIES[name] for name in fields],  # type: ignore[attr-defined]
        "max_points": 5000,
        **given,
    }
    query.setdefault("at", query["until"])
    return await sync_to_async(series)(
        device_id=device_id,
        query=SeriesQuery(**query),  # type: ignore[arg-type]
    )


def known(phase: PhaseSeries, name: str, figure: str) -> list[float]:
    return [value for value in phase.values[name][figure] if value is not None]
