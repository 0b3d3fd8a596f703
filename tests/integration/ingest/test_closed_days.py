"""Test that readings of compressed days are taken, once, while days are compressed."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from powerdash.telemetry.selectors import count
from powerdash.telemetry.services.chunks import Outcome, compress
from powerdash.telemetry.services.rollups import rollup
from powerdash.telemetry.verify import verify
from tests.integration.ingest.conftest import Door, credentials, reading

START = datetime.now(UTC).replace(
    hour=3, minute=0, second=0, microsecond=0
) - timedelta(days=9)


def series(numbers: Any, **given: Any) -> list[dict[str, Any]]:
    return [
        reading(ts=(START + timedelta(seconds=n)).isoformat(), **given) for n in numbers
    ]


async def close(door: Door) -> list[Outcome]:
    """Roll up and compress as if two hours had passed."""
    await sync_to_async(rollup)(at=datetime.now(UTC) - timedelta(hours=2))
    await door.pg.execute(
        "UPDATE telemetry_arrival_days SET last_arrival_at = now() - interval '2 hours'"
    )
    found = await sync_to_async(compress)(at=datetime.now(UTC))
    return [each.outcome for each in found if each.bytes_before]


@pytest.mark.parametrize("size", [50, 1000])  # arrays, and COPY
async def test_what_is_in_chunks_is_not_stored_again(door: Door, size: int) -> None:
    await door.post(series(range(size)))
    assert Outcome.COMPRESSED in await close(door)
    assert await door.pg.fetchval("SELECT count(*) FROM power_records") == 0
    again = await door.post(series(range(size)))
    assert again.json() == {"accepted": 0, "duplicates": size}
    part = [*series(range(size // 2, size + size // 2)), reading()]
    assert (await door.post(part)).json() == {
        "accepted": size // 2 + 1,
        "duplicates": size - size // 2,
    }
    twice = await door.post([*series([-9, -9, 3]), *series([3], voltage=1.0)])
    assert twice.json() == {"accepted": 1, "duplicates": 3}
    await close(door)
    assert await sync_to_async(count)() == size + size // 2 + 2


async def test_writers_and_compression_do_not_meet_in_the_middle(door: Door) -> None:
    devices = [await door.register(f"Meter {n}") for n in range(3)]
    done = asyncio.Event()
    found: list[Outcome] = []
    accepted = 0

    async def write(number: int) -> None:
        nonlocal accepted
        chance = random.Random(number)  # noqa: S311
        headers = credentials(devices[number % 3])
        for n in range(250):
            if n >= 25 and found:  # a day was compressed beside them
                break
            start = chance.randrange(0, 3 * 86_400, 40)
            body = series(range(start, start + chance.choice([20, 400])))
            answer = await door.post(body, **headers)
            assert answer.status_code == 201
            told = answer.json()
            assert told["accepted"] + told["duplicates"] == len(body)
            accepted += told["accepted"]

    async def compress_all_the_time() -> None:
        while not done.is_set():
            found.extend(await close(door))

    compressing = asyncio.create_task(compress_all_the_time())
    await asyncio.gather(*(write(number) for number in range(6)))
    done.set()
    await compressing
    assert Outcome.COMPRESSED in found
    await close(door)
    assert await sync_to_async(count)() == accepted
    assert (await sync_to_async(verify)()).differences == []
    overlapping = await door.pg.fetchval(
        "SELECT count(*) FROM power_chunks a JOIN power_chunks b"
        " USING (device_id, phase) WHERE a.first_ts < b.first_ts"
        " AND b.first_ts <= a.last_ts"
    )
    assert overlapping == 0
