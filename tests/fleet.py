"""Devices of two organizations, with three days that retention is to take."""

from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async

from powerdash.accounts.services import organization_create
from powerdash.devices.services import device_register
from powerdash.telemetry.services.retention import (
    Fate,
    Partition,
    retention_apply,
    retention_plan,
)
from powerdash.telemetry.services.rollups import rollup
from powerdash.telemetry.services.rules import retention_set
from tests.ladder import Given, Pg, insert, no_partitions

DAY = timedelta(days=1)
# Their partitions are by day: the month has not been over for 31 days.
START = datetime(2026, 11, 2, tzinfo=UTC)
ARRIVED = START + DAY
FIRST = "power_records_20261102"
FOR_EVER = {"raw_days": 0, "days_5m": 0, "days_1h": 0, "days_1d": 0}


class Fleet:
    """Devices of two organizations, with readings of three days."""

    def __init__(self, pg: Pg, organization_id: int, device_ids: list[int]) -> None:
        self.pg = pg
        self.organization_id = organization_id
        self.device_ids = device_ids

    async def apply(self, at: datetime) -> dict[str, Fate]:
        await self.pg.execute("SELECT events_partition_ensure($1)", at)
        return _fates(await sync_to_async(retention_apply)(at=at))

    async def plan(self, at: datetime) -> dict[str, Fate]:
        return _fates(await sync_to_async(retention_plan)(at=at))

    async def counts(self) -> dict[int, int]:
        rows = await self.pg.fetch(
            "SELECT device_id, count(*) FROM power_records GROUP BY 1"
        )
        return {row[0]: row[1] for row in rows}

    async def set(self, tag: str = "", **days: int) -> None:
        await sync_to_async(retention_set)(
            organization_id=self.organization_id,
            tag=tag,
            days={**FOR_EVER, **days},
            at=START,
        )


def _fates(found: list[Partition]) -> dict[str, Fate]:
    return {part.range.name: part.fate for part in found}


async def make_fleet(pg: Pg) -> Fleet:
    """Two devices of each organization; the first is of the tag `lab`."""
    await no_partitions(pg)
    organizations = [
        await sync_to_async(organization_create)(slug=slug, name=slug, at=START)
        for slug in ("campus", "elsewhere")
    ]
    ids = []
    for number, tags in enumerate([["lab"], [], [], []]):
        device = await sync_to_async(device_register)(
            organization_id=organizations[number // 2].pk,
            name="Meter",
            tags=tags,
            at=START,
        )
        ids.append(device.device.pk)
    await insert(pg, _readings(ids))
    await pg.execute(
        "INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)"
        " SELECT device_id, phase, max(ts), 1, 1, 1 FROM power_records GROUP BY 1, 2"
    )
    await sync_to_async(rollup)(at=ARRIVED)
    return Fleet(pg, organizations[0].pk, ids)


def _readings(device_ids: list[int]) -> list[Given]:
    """A reading of each device each ten minutes."""
    return [
        Given(device_id, "", START + n * timedelta(minutes=10), 5.0, 230.0, 600_000)
        for n in range(3 * 144)
        for device_id in device_ids
    ]
