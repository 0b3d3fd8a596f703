"""Test that what is acknowledged is stored, once, and what is refused is not."""

import asyncio
import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.integration.ingest.conftest import Door, credentials, reading

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def series(count: int, **given: Any) -> list[dict[str, Any]]:
    return [
        reading(ts=(START + timedelta(seconds=n)).isoformat(), **given)
        for n in range(count)
    ]


async def stored(door: Door) -> int:
    return int(await door.pg.fetchval("SELECT count(*) FROM power_records"))


async def test_a_reading_is_stored_with_its_power(door: Door) -> None:
    attributes = {"phase": "L1", "sample_ms": 500, "power_factor": 0.9, "relay": "on"}
    answer = await door.post(reading(attributes=attributes))
    assert (answer.status_code, answer.json()) == (
        201,
        {"accepted": 1, "duplicates": 0},
    )
    row = await door.pg.fetchrow("SELECT * FROM power_records")
    assert row is not None
    assert row["power"] == 5.2 * 230
    assert (row["phase"], row["sampling_ms"]) == ("L1", 500)
    assert row["power_factor"] == pytest.approx(0.9)
    assert json.loads(row["flags"]) == {"relay": "on"}


async def test_a_retry_stores_nothing_twice_and_says_so(door: Door) -> None:
    one = reading()
    await door.post(one)
    assert (await door.post(one)).json() == {"accepted": 0, "duplicates": 1}
    assert await stored(door) == 1


@pytest.mark.parametrize("count", [50, 1000])  # arrays, and COPY
async def test_a_batch_is_stored_and_its_retry_is_not(door: Door, count: int) -> None:
    batch = series(count)
    assert (await door.post(batch)).json() == {"accepted": count, "duplicates": 0}
    assert (await door.post(batch)).json() == {"accepted": 0, "duplicates": count}
    more = [*batch[: count // 2], *series(count, attributes={"phase": "L2"})]
    assert (await door.post(more)).json() == {
        "accepted": count,
        "duplicates": count // 2,
    }
    assert await stored(door) == 2 * count


async def test_the_same_reading_twice_in_one_batch_counts_once(door: Door) -> None:
    batch = series(300)
    answer = await door.post([*batch, batch[0]])
    assert answer.json() == {"accepted": 300, "duplicates": 1}


async def test_a_mixed_batch_keeps_the_good_and_names_the_bad(door: Door) -> None:
    batch = series(3)
    batch[1]["current"] = -1
    answer = await door.post(batch)
    assert answer.status_code == 207
    assert answer.json() == {
        "accepted": 2,
        "duplicates": 0,
        "refused": 1,
        "errors": {"1.current": ["must not be negative"]},
    }
    assert await stored(door) == 2


async def test_a_bad_reading_is_refused_by_field(door: Door) -> None:
    answer = await door.post(reading(current=-1, voltage="x"))
    assert answer.status_code == 422
    assert answer.json() == {
        "error": "invalid",
        "message": "The reading cannot be stored.",
        "errors": {"voltage": ["must be a number"]},
    }
    assert await stored(door) == 0


async def test_ndjson_and_gzip_are_taken(door: Door) -> None:
    body = b"\n".join(msgspec.json.encode(one) for one in series(10))
    answer = await door.client.post(
        "/api/ingest",
        content=gzip.compress(body),
        headers={
            **door.headers,
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
        },
    )
    assert answer.json() == {"accepted": 10, "duplicates": 0}


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"x" * (1 << 20) + b"x", {}, 413),
        (gzip.compress(b" " * (17 << 20)), {"Content-Encoding": "gzip"}, 413),
        (b"not gzip", {"Content-Encoding": "gzip"}, 422),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (b"", {}, 422),
        (b"\xff", {}, 422),
    ],
)
async def test_bodies_out_of_bounds_get_their_status(
    door: Door, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await door.client.post(
        "/api/ingest", content=content, headers={**door.headers, **headers}
    )
    assert answer.status_code == status
    assert answer.json()["message"]


async def test_only_post_is_answered(door: Door) -> None:
    answer = await door.client.get("/api/ingest", headers=door.headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_old_readings_get_their_partitions(door: Door) -> None:
    old = [reading(ts=f"{year}-06-01T00:00:00Z") for year in range(1997, 2024)]
    assert (await door.post(old)).json()["accepted"] == len(old)
    partition = await door.pg.fetchval(
        "SELECT tableoid::regclass::text FROM power_records WHERE ts < '1998-01-01'"
    )
    assert partition == "power_records_199706"


async def test_a_partition_dropped_meanwhile_is_made_again(door: Door) -> None:
    await door.post(reading(ts="2003-05-05T00:00:00Z"))
    await door.pg.execute("DROP TABLE power_records_200305")
    answer = await door.post(reading(ts="2003-05-06T00:00:00Z"))
    assert answer.json() == {"accepted": 1, "duplicates": 0}


async def test_many_senders_at_once_lose_nothing(door: Door) -> None:
    devices = [await door.register(f"Meter {n}") for n in range(8)]

    async def send(number: int) -> int:
        accepted = 0
        for n in range(20):
            ts = (START + timedelta(seconds=n)).isoformat()
            answer = await door.client.post(
                "/api/ingest",
                json=reading(ts=ts),
                headers=credentials(devices[number % len(devices)]),
            )
            accepted += answer.json()["accepted"]
        return accepted

    # Two senders for each device: every reading is sent twice, at about the same time.
    accepted = await asyncio.gather(*(send(n) for n in range(16)))
    assert sum(accepted) == 8 * 20 == await stored(door)


async def test_due_buckets_are_queued_with_the_readings(door: Door) -> None:
    await door.post(series(301))
    row = await door.pg.fetchrow("SELECT * FROM telemetry_rollup_due")
    assert row is not None
    assert sorted(row["bucket_starts"]) == [START, START + timedelta(minutes=5)]
    assert row["phases"] == ["", ""]
