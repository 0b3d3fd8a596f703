"""Test that totals are what the buckets under them add up to, always."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from powerdash.accounts.services import organization_create
from powerdash.devices.services import device_register
from powerdash.lib.fields import FieldsInvalid
from powerdash.telemetry import total_series as module
from powerdash.telemetry.rollup import Tier
from powerdash.telemetry.services.rollups import rollup
from powerdash.telemetry.total_series import TotalQuery, TotalSeries, total_series
from tests.ladder import Given, Pg, insert

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = datetime(2026, 10, 24, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest_asyncio.fixture
async def devices(pg: Pg) -> list[int]:
    """Two devices of one organization, one of another."""
    made = []
    for slug in ("campus", "campus", "elsewhere"):
        found = await pg.fetchval("SELECT id FROM organizations WHERE slug = $1", slug)
        if found is None:
            organization = await sync_to_async(organization_create)(
                slug=slug, name=slug, at=AT
            )
            found = organization.pk
        device = await sync_to_async(device_register)(
            organization_id=found, name="Meter", at=AT
        )
        made.append(device.device.pk)
    return made


def readings(device_id: int, phases: list[str], seed: int) -> list[Given]:
    """A day of a minute, of so many phases, at an uneven power."""
    chance = random.Random(seed)  # noqa: S311
    return [
        Given(
            device_id, phase, START + timedelta(minutes=n), chance.uniform(1, 9), 230.0,
            60_000, chance.choice([None, 0.5]),
        )
        for n in range(1440)
        for phase in phases
    ]  # fmt: skip


async def know_newest(pg: Pg) -> None:
    await pg.execute(
        "INSERT INTO telemetry_latest (device_id, phase, ts, current, voltage, power)"
        " SELECT device_id, phase, max(ts), 1, 1, 1 FROM power_records GROUP BY 1, 2"
        " ON CONFLICT (device_id, phase) DO UPDATE SET ts = excluded.ts"
    )


SUMS = ("energy_wh", "apparent_vas", "volt_s", "covered_s")


async def check(pg: Pg) -> None:
    """Compare the totals with the buckets, each spread over the time it speaks for."""
    buckets = await pg.fetch(
        "SELECT organization_id, r.*, twa_power * covered_s AS apparent_vas,"
        " twa_voltage * covered_s AS volt_s"
        " FROM telemetry_rollups_5m r JOIN devices d ON d.id = r.device_id"
    )
    for table, width_s in (("5m", 300), ("1h", 3600)):
        wanted: dict[tuple[int, int], list[float]] = {}
        for bucket in buckets:
            start_s = bucket["bucket_start_ts"].timestamp()
            begin_s = start_s - bucket["lead_s"]
            at_s = begin_s - begin_s % width_s
            while at_s <= start_s:
                until_s = start_s if at_s + width_s > start_s else at_s + width_s
                spoken_s = until_s - max(begin_s, at_s)
                is_own = at_s + width_s > start_s
                if is_own:
                    spoken_s += bucket["covered_s"] - bucket["lead_s"]
                sums = wanted.setdefault(
                    (bucket["organization_id"], int(at_s)), [0.0] * 5
                )
                part = spoken_s / bucket["covered_s"]
                for place, name in enumerate(SUMS):
                    sums[place] += bucket[name] * part
                sums[4] += bucket["count"] if is_own else 0
                at_s += width_s
        rows = await pg.fetch(f"SELECT * FROM telemetry_totals_{table}")  # noqa: S608
        found = {
            (row["organization_id"], int(row["bucket_start_ts"].timestamp())): [
                *(row[name] for name in SUMS), row["count"]
            ]
            for row in rows
        }  # fmt: skip
        assert found.keys() == wanted.keys()
        for key, sums in wanted.items():
            assert found[key] == pytest.approx(sums, abs=1e-3)


async def asked(pg: Pg, device_id: int, **given: object) -> TotalSeries:
    organization_id = await pg.fetchval(
        "SELECT organization_id FROM devices WHERE id = $1", device_id
    )
    query = {
        "organization_id": organization_id,
        "since": START,
        "until": START + DAY,
        "max_points": 2000,
        "at": AT,
        **given,
    }
    return await sync_to_async(total_series)(TotalQuery(**query))


async def test_totals_add_up_in_any_order_and_after_repairs(
    devices: list[int], pg: Pg
) -> None:
    every = [
        *readings(devices[0], ["L1", "L2"], 1),
        *readings(devices[1], [""], 2),
        *readings(devices[2], [""], 3),
    ]
    shuffled = random.Random(5).sample(every, len(every))  # noqa: S311
    for n in range(5):
        await insert(pg, shuffled[n::5])
        await sync_to_async(rollup)(at=AT)
        await check(pg)
    await insert(pg, shuffled[:100])
    await sync_to_async(rollup)(at=AT)
    await check(pg)


async def test_a_total_is_the_power_of_all_its_devices(
    devices: list[int], pg: Pg
) -> None:
    for device_id in devices:
        await insert(pg, readings(device_id, ["L1", "L2"], device_id))
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    whole = await asked(pg, devices[0])
    assert (whole.tier, whole.step_s) == (Tier.FIVE_MINUTES, 300)
    parts = [await asked(pg, d, device_ids=[d]) for d in devices[:2]]
    for name in ("power_w", "energy_wh", "apparent_power_va"):
        summed = [
            (one or 0) + (other or 0)
            for one, other in zip(*(p.values[name] for p in parts), strict=True)
        ]
        assert whole.values[name] == pytest.approx(summed)
    assert whole.values["voltage_v"] == pytest.approx([230.0] * 288)
    # Nobody spoke after 23:59.
    assert whole.completeness == pytest.approx(1439 / 1440)
    power = sum(
        r.current * r.voltage * (r.power_factor or 1)
        for r in readings(devices[0], ["L1", "L2"], devices[0])
    )
    # The first reading speaks for the minute before it.
    early = await asked(
        pg, devices[0], device_ids=devices[:1], since=START - timedelta(minutes=5)
    )
    assert sum(v or 0 for v in early.values["energy_wh"]) == pytest.approx(power / 60)
    coarse = await asked(pg, devices[0], max_points=12, tier=Tier.HOUR)
    assert coarse.step_s == 7200
    assert sum(v or 0 for v in coarse.values["energy_wh"]) == pytest.approx(
        sum(v or 0 for v in whole.values["energy_wh"])
    )


@pytest.mark.parametrize("tier", [Tier.FIVE_MINUTES, Tier.HOUR])
async def test_nothing_is_missing_where_a_range_begins_within_a_bucket(
    devices: list[int], pg: Pg, tier: Tier
) -> None:
    await insert(pg, readings(devices[0], ["L1", "L2"], 1))
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    since = START + timedelta(hours=3, minutes=7)
    for ids in (None, devices[:1]):
        part = await asked(pg, devices[0], since=since, tier=tier, device_ids=ids)
        # Nobody spoke after 23:59.
        spoken = timedelta(hours=20, minutes=52) / timedelta(hours=20, minutes=53)
        assert part.completeness == pytest.approx(spoken)


async def test_the_last_step_counts_as_far_as_it_went(
    devices: list[int], pg: Pg
) -> None:
    steady = [
        Given(devices[1], "", START + timedelta(minutes=n), 10.0, 100.0, 60_000)
        for n in range(1, 66)
    ]
    await insert(pg, steady)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    at = START + timedelta(minutes=65)
    found = await asked(pg, devices[1], at=at, tier=Tier.FIVE_MINUTES)
    assert found.values["power_w"] == pytest.approx([1000.0] * 13)
    assert found.watermark == at
    # The newest have not come yet.
    late = await asked(pg, devices[1], at=at + timedelta(minutes=3))
    assert late.values["power_w"] == found.values["power_w"]


async def test_a_step_beside_silence_is_as_long_as_readings_speak(
    devices: list[int], pg: Pg
) -> None:
    spoken = [
        *range(1, 33),
        *range(63, 84),
    ]  # minutes: the server was away for half an hour
    steady = [
        Given(device_id, "", START + timedelta(minutes=n), 10.0, 100.0, 60_000)
        for n in spoken
        for device_id in devices[:2]
    ]
    await insert(pg, steady)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    at = START + timedelta(minutes=83)
    found = await asked(pg, devices[1], at=at, until=START + timedelta(hours=2))
    power = found.values["power_w"]
    assert power.count(None) == 1
    # So is the first, when silence is before it.
    early = START - timedelta(hours=1)
    since = await asked(pg, devices[1], at=at, since=early, until=at)
    assert since.values["power_w"][0] == pytest.approx(2000.0)
    assert power[1:] == [
        pytest.approx(2000.0) if value is not None else None for value in power[1:]
    ]
    assert sum(filter(None, found.values["energy_wh"])) == pytest.approx(2000 * 53 / 60)


@pytest.mark.parametrize("minutes", [60, 63, 68, 110])
async def test_who_fell_silent_is_in_no_step_after(
    devices: list[int], pg: Pg, minutes: int
) -> None:
    """Of two devices one stopped after an hour; the other goes on until now."""
    at = START + timedelta(minutes=minutes)
    given = [
        Given(device_id, "", START + timedelta(minutes=n), current, 100.0, 60_000)
        for device_id, current, end in (
            (devices[0], 50.0, 57), (devices[1], 1.0, minutes)
        )
        for n in range(end)
    ]  # fmt: skip
    await insert(pg, given)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    found = await asked(pg, devices[0], until=at, at=at)
    power = found.values["power_w"]
    assert power[:11] == pytest.approx([5100.0] * 11)
    assert power[12:] == pytest.approx([100.0] * (len(power) - 12))


@pytest.mark.parametrize("tier", [Tier.FIVE_MINUTES, Tier.HOUR])
async def test_a_bucket_that_is_not_over_gives_all_that_was_told(
    devices: list[int], pg: Pg, tier: Tier
) -> None:
    """Two of a minute until now, of which one's clock is a second ahead."""
    at = START + timedelta(hours=2, minutes=22)
    given = [
        Given(device_id, "", START + timedelta(minutes=n) + ahead, 10.0, 100.0, 60_000)
        for device_id, ahead in ((devices[0], timedelta()), (devices[1], SECOND))
        for n in range(143)
    ]  # fmt: skip
    await insert(pg, given)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    since = START + timedelta(minutes=5)
    for device_ids in (None, devices[:2]):
        found = await asked(
            pg,
            devices[0],
            since=since,
            until=at,
            at=at,
            tier=tier,
            device_ids=device_ids,
        )
        assert found.values["power_w"] == pytest.approx([2000.0] * len(found.ts))
        energy_wh = sum(filter(None, found.values["energy_wh"]))
        assert energy_wh == pytest.approx(2000 * 137 / 60, rel=1e-3)
        assert found.completeness == pytest.approx(1.0, abs=1e-3)


async def test_the_power_of_one_phase_is_over_the_time_it_speaks(
    devices: list[int], pg: Pg
) -> None:
    given = [
        Given(devices[0], "", START + timedelta(minutes=n), 10.0, 100.0, 60_000)
        for n in range(360)
        if not 130 <= n < 170
    ]
    await insert(pg, given)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    for device_ids in (None, devices[:1]):
        found = await asked(pg, devices[0], tier=Tier.HOUR, device_ids=device_ids)
        assert found.values["power_w"] == pytest.approx([1000.0] * 6)
        assert sum(filter(None, found.values["energy_wh"])) < 5400


@pytest.mark.parametrize(
    ("minutes", "interval_s"), [(1, 120), (7, 600), (15, 900), (1440, 86_400)]
)
async def test_meters_that_are_not_on_time_do_not_make_the_total_jump(
    devices: list[int], pg: Pg, minutes: int, interval_s: int
) -> None:
    """A large one and a small one, each a second or two before or after its time."""
    chance = random.Random(minutes)  # noqa: S311
    span = timedelta(days=max(1, 5 * minutes // 1440))
    given = [
        Given(
            device_id, "",
            START + n * timedelta(minutes=minutes)
            + timedelta(seconds=chance.uniform(-2, 2)),
            current, 100.0, 60_000 * minutes,
        )
        for device_id, current in zip(devices, (100.0, 2.0), strict=False)
        for n in range(span // timedelta(minutes=minutes) + 1)
    ]  # fmt: skip
    await insert(pg, given)
    await know_newest(pg)
    await pg.execute("UPDATE devices SET heartbeat_interval_s = $1", interval_s)
    await sync_to_async(rollup)(at=AT)
    begin = START + timedelta(minutes=5)  # both speak
    end = max(reading.ts for reading in given)
    for device_ids in (None, devices[:2]):
        for at in (AT, end):  # long after, and when the newest have just come
            found = await asked(
                pg, devices[0], since=begin, until=end, at=at, device_ids=device_ids,
                max_points=5000,
            )  # fmt: skip
            assert found.step_s == 300
            assert len(found.ts) >= (end - begin) // timedelta(seconds=300)
            assert found.completeness == pytest.approx(1.0, abs=1e-3)
            # Of the last seconds one of them has yet to tell.
            assert found.values["power_w"][:-1] == pytest.approx(
                [10_200.0] * (len(found.ts) - 1), rel=5e-3
            )


@pytest.mark.parametrize("minutes", [44, 45, 46, 59])
async def test_a_range_may_begin_and_end_within_a_step(
    devices: list[int], pg: Pg, minutes: int
) -> None:
    steady = [
        Given(devices[1], "", START + timedelta(minutes=n), 10.0, 100.0, 60_000)
        for n in range(121)
    ]
    await insert(pg, steady)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    span = timedelta(minutes=minutes)
    for start in (timedelta(minutes=7), timedelta(minutes=15), timedelta(minutes=29)):
        found = await asked(
            pg, devices[1], since=START + start, until=START + start + span
        )
        assert found.values["power_w"] == pytest.approx([1000.0] * len(found.ts))
        assert found.watermark == START + start + span


async def test_steps_of_days_are_days_of_the_zone(devices: list[int], pg: Pg) -> None:
    await pg.execute("UPDATE organizations SET timezone = 'Europe/Berlin'")
    begins = datetime(2026, 10, 22, 22, tzinfo=UTC)  # a midnight; the 25th has 25 hours
    steady = [
        Given(devices[1], "", begins + timedelta(minutes=15 * n), 10.0, 100.0, 900_000)
        for n in range(1, 6 * 96)
    ]
    await insert(pg, steady)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    span = {"since": begins, "until": begins + 6 * DAY, "device_ids": [devices[1]]}
    for tier in (Tier.DAY, Tier.HOUR):
        found = await asked(pg, devices[1], tier=tier, max_points=6, **span)
        begin = [
            datetime.fromtimestamp(second, ZoneInfo("Europe/Berlin"))
            for second in found.ts
        ]
        assert [(at.day, at.hour) for at in begin] == [(23 + n, 0) for n in range(6)]
        assert found.values["power_w"][1:5] == pytest.approx([1000.0] * 4)
        assert found.values["energy_wh"][2] == pytest.approx(25_000)
    for some in ([devices[1]], None):
        weeks = await asked(
            pg, devices[1], **span | {"device_ids": some, "step_s": 7 * 86_400}
        )
        monday = datetime(2026, 10, 26, tzinfo=ZoneInfo("Europe/Berlin"))
        assert weeks.ts == [int((monday - n * 7 * DAY).timestamp()) for n in (1, 0)]


async def test_what_was_decommissioned_is_expected_no_more(
    devices: list[int], pg: Pg
) -> None:
    """Of two devices one was decommissioned halfway: the other is all there is."""
    given = [
        Given(device_id, "", START + timedelta(minutes=n), 5.0, 230.0, 60_000)
        for place, device_id in enumerate(devices[:2])
        for n in range(240 if place else 120)
    ]
    await insert(pg, given)
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    ends = {"since": START, "until": START + timedelta(hours=4)}
    # Of 240 minutes each; the first reading speaks for the time before them.
    found = await asked(pg, devices[0], **ends)
    assert found.completeness == pytest.approx((119 + 239) / 480)
    await pg.execute(
        "UPDATE devices SET status = 'decommissioned' WHERE id = $1", devices[0]
    )
    found = await asked(pg, devices[0], **ends)
    assert found.completeness == pytest.approx((119 + 239) / (119 + 240))


async def test_what_would_touch_too_much_is_refused(
    devices: list[int], pg: Pg, monkeypatch: pytest.MonkeyPatch
) -> None:
    await insert(pg, readings(devices[0], [""], 1))
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    monkeypatch.setattr(module, "BUCKETS_USUAL", 100)
    monkeypatch.setattr(module, "BUCKETS_MAX", 100)
    found = await asked(pg, devices[0], device_ids=devices[:2])
    assert found.tier is Tier.HOUR
    for given in (
        {"tier": Tier.RAW},
        {"tier": Tier.FIVE_MINUTES, "device_ids": devices},
    ):
        with pytest.raises(FieldsInvalid):
            await asked(pg, devices[0], **given)


@pytest.mark.parametrize("whole", [True, False])
async def test_an_envelope_has_the_extremes_of_the_buckets(
    devices: list[int], pg: Pg, whole: bool
) -> None:
    """Hours are asked for: each has the least and greatest of its twelve buckets."""
    given = readings(devices[0], ["L1", "L2"], 1) + readings(devices[1], [""], 2)
    silent = (START + timedelta(hours=5, minutes=20), START + timedelta(hours=9))
    await insert(pg, [one for one in given if not silent[0] < one.ts < silent[1]])
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    span = {
        "since": START + timedelta(minutes=7),
        "until": START + DAY - timedelta(minutes=13),
        "device_ids": None if whole else devices[:2],
    }
    buckets = await asked(pg, devices[0], step_s=300, **span)
    means = await asked(pg, devices[0], step_s=3600, tier=Tier.FIVE_MINUTES, **span)
    found = await asked(
        pg,
        devices[0],
        step_s=3600,
        tier=Tier.FIVE_MINUTES,
        reduction="envelope",
        **span,
    )
    assert (found.ts, found.step_s) == (means.ts, 3600)
    assert None in found.values["power_w"]
    for name in ("power_w", "apparent_power_va", "voltage_v", "energy_wh"):
        assert found.values[name] == pytest.approx(means.values[name])
        least, most = found.extents[name]
        for at, low, high in zip(found.ts, least, most, strict=True):
            within = [
                value
                for second, value in zip(buckets.ts, buckets.values[name], strict=True)
                if second - second % 3600 == at and value is not None
            ]
            if name == "energy_wh" or not within:
                assert (low, high) == (None, None)
            else:
                assert (low, high) == pytest.approx((min(within), max(within)))
    line = await asked(pg, devices[0], max_points=40, reduction="lttb", **span)
    assert len(line.ts) <= 60
    peaks = [value for value in buckets.values["power_w"] if value is not None]
    kept = [value for value in line.values["power_w"] if value is not None]
    assert (min(kept), max(kept)) == pytest.approx((min(peaks), max(peaks)))


async def test_the_watermark_is_not_after_what_waits(
    devices: list[int], pg: Pg
) -> None:
    await insert(pg, readings(devices[0], [""], 1))
    await know_newest(pg)
    await sync_to_async(rollup)(at=AT)
    found = await asked(pg, devices[0])
    assert found.watermark == START + timedelta(minutes=1439)
    waits = START + timedelta(hours=20)
    await pg.execute(
        "INSERT INTO telemetry_rollup_due (device_ids, phases, bucket_starts, at)"
        " SELECT '{1}', '{x}', ARRAY[$1::timestamptz], $1 + n * interval '1 minute'"
        " FROM generate_series(0, 2) n",
        waits,
    )
    assert (await asked(pg, devices[0])).watermark == waits
