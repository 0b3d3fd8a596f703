"""The live bus on the real servers: PostgreSQL's NOTIFY and RabbitMQ."""

import uuid
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from powerdash import settings
from powerdash.lib import live
from powerdash.lib.broker import Frame, LiveBus, live_bus_from_settings
from tests.integration.realtime.proxy import Relay
from tests.integration.realtime.waiting import until

KINDS = ["postgresql", "rabbitmq"]


class Buses:
    """Buses as different processes would have them; all are closed at the end."""

    def __init__(self) -> None:
        self._open: list[LiveBus] = []

    async def start(self, *, listen: bool = True) -> tuple[LiveBus, list[Frame]]:
        bus, seen = live_bus_from_settings(), list[Frame]()

        def receive(frames: Sequence[Frame]) -> None:
            seen.extend(frame for frame in frames if frame.channel == self.channel)

        await bus.start(receive if listen else None)
        self._open.append(bus)
        return bus, seen

    async def close(self) -> None:
        for bus in self._open:
            await bus.close()

    # RabbitMQ is shared with the tests that run beside this one.
    channel = f"private-{uuid.uuid4()}"

    def frame(self, data: str, key: str = "") -> Frame:
        return Frame(self.channel, "E", data, key)


@pytest_asyncio.fixture
async def buses(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Buses]:
    if request.param == "rabbitmq":
        monkeypatch.setattr(settings, "RABBITMQ_HOST", "127.0.0.1")
    buses = Buses()
    yield buses
    await buses.close()


def dropped(reason: str) -> float:
    return float(live.FRAMES_DROPPED.labels(reason)._value.get())


@pytest.mark.parametrize("buses", KINDS, indirect=True)
async def test_every_process_gets_every_frame_in_order(buses: Buses) -> None:
    one, seen_by_one = await buses.start()
    _, seen_by_two = await buses.start()
    frames = [buses.frame(f'{{"n":{n},"text":"ä \\u0000"}}', "k") for n in range(3000)]
    await one.publish(frames[:10])
    await one.publish(frames[10:])
    await until(lambda: len(seen_by_one) == len(seen_by_two) == 3000)
    assert seen_by_one == seen_by_two == frames


@pytest.mark.parametrize("buses", KINDS, indirect=True)
async def test_a_process_may_only_publish(buses: Buses) -> None:
    _, seen = await buses.start()
    silent, nothing = await buses.start(listen=False)
    await silent.publish([buses.frame("1")])
    await until(lambda: seen)
    assert nothing == []


@pytest.mark.parametrize("buses", KINDS, indirect=True)
async def test_a_big_frame_arrives_whole(buses: Buses) -> None:
    bus, seen = await buses.start()
    big = buses.frame("ä€" * 100_000)
    await bus.publish([big, buses.frame("1"), buses.frame("1")])
    await until(lambda: len(seen) == 3)
    assert seen[0] == big


@pytest.mark.parametrize("buses", KINDS, indirect=True)
async def test_closing_sends_what_is_pending(buses: Buses) -> None:
    _, seen = await buses.start()
    bus, _ = await buses.start(listen=False)
    await bus.publish([buses.frame("1")])
    await bus.close()
    await until(lambda: seen)


@pytest.mark.parametrize("buses", KINDS, indirect=True)
async def test_a_failing_receiver_does_not_end_the_bus(buses: Buses) -> None:
    bus = live_bus_from_settings()
    calls = 0

    def receive(frames: Sequence[Frame]) -> None:
        nonlocal calls
        calls += 1
        raise RuntimeError("a fault")

    await bus.start(receive)
    with capture_logs():
        for expected in (1, 2):
            await bus.publish([buses.frame("1")])
            await until(lambda expected=expected: calls >= expected)  # type: ignore[misc]
    await bus.close()


async def kill_listeners(pg: "asyncpg.Connection[asyncpg.Record]") -> None:
    await pg.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'powerdash live' AND datname = current_database()"
    )


@pytest.mark.parametrize("buses", ["postgresql"], indirect=True)
async def test_it_comes_back_to_postgresql_by_itself(
    buses: Buses, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    bus, seen = await buses.start()
    with capture_logs() as logs:
        await kill_listeners(pg)
        await until(lambda: len(logs) == 2)
    assert [entry["action"] for entry in logs] == ["live_bus.away", "live_bus.back"]
    await bus.publish([buses.frame("1")])
    await until(lambda: seen)


@pytest.mark.parametrize("buses", ["rabbitmq"], indirect=True)
async def test_it_says_once_that_rabbitmq_is_away_and_drops(
    buses: Buses, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Relay("127.0.0.1", 5672) as relay:
        monkeypatch.setattr(settings, "RABBITMQ_PORT", relay.port)
        bus, seen = await buses.start()
        before = dropped("away")
        with capture_logs() as logs:
            await relay.cut()
            await until(lambda: logs)
            while dropped("away") < before + 3:
                await bus.publish([buses.frame("0")])
            await relay.open()
            await until(lambda: len(logs) == 2)
        assert [entry["action"] for entry in logs] == ["live_bus.away", "live_bus.back"]
        await bus.publish([buses.frame("1")])
        await until(lambda: seen)
        assert seen == [buses.frame("1")]
        await bus.close()


@pytest.mark.parametrize("buses", ["postgresql"], indirect=True)
async def test_it_starts_while_the_server_is_away(
    buses: Buses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CONNECT_TIMEOUT_S", 0.2)
    with monkeypatch.context() as away, capture_logs() as logs:
        away.setattr(settings, "DB_SERVER", "/nowhere")
        bus, seen = await buses.start()
        before = dropped("away")
        await bus.publish([buses.frame("0")])
        assert dropped("away") == before + 1
    await until(lambda: len(logs) >= 1)
    await until(lambda: bus._connected.is_set())  # type: ignore[attr-defined]
    await bus.publish([buses.frame("1")])
    await until(lambda: seen)


@pytest.mark.parametrize("buses", ["postgresql"], indirect=True)
async def test_the_buffer_is_bounded(
    buses: Buses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PENDING_MAX", 10)
    bus, seen = await buses.start()
    before = dropped("full")
    await bus.publish([buses.frame(str(n)) for n in range(15)])
    assert dropped("full") == before + 5
    await until(lambda: len(seen) == 10)
    assert seen[-1].data == "9"


@pytest.mark.parametrize("buses", ["postgresql"], indirect=True)
async def test_what_others_notify_is_dropped(
    buses: Buses, pg: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    bus, seen = await buses.start()
    before = dropped("malformed")
    for payload in ("", "nonsense", "a 0 1 {}", "a 0 1 [[1]]"):
        await pg.execute("SELECT pg_notify('live', $1)", payload)
    await bus.publish([buses.frame("1")])
    await until(lambda: seen)
    assert dropped("malformed") == before + 4
