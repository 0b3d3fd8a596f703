"""The live bus: what browsers see at this moment, carried to every process.

At most once, best effort, never waited for: a frame is a view, the record is in the
database. Here are the bus's contract, what every bus does, and the one that needs
nothing but PostgreSQL; `lib.broker` has the one through RabbitMQ and the choice.
"""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Protocol

import asyncpg
import msgspec
import structlog
from prometheus_client import Counter

from powerdash import settings

log = structlog.get_logger(__name__)

LIVE = "live"  # the fanout exchange, and the NOTIFY channel
PENDING_MAX = 20_000  # frames waiting to be sent to the server
NOTIFY_MAX = 7_900  # bytes in one payload; PostgreSQL takes less than 8,000
BURST_FRAMES = 5_000  # sent to the server at once
BURST_MAX = 64 * 1024 * 1024  # characters of a burst put together again
CONNECT_TIMEOUT_S = 5.0
SEND_TIMEOUT_S = 5.0
CHECK_EVERY_S = 15.0  # an idle connection is asked whether it lives
BACKOFF_FIRST_S, BACKOFF_LAST_S = 0.1, 5.0

FRAMES_PUBLISHED = Counter(
    "powerdash_live_frames_published", "Live frames handed to the bus's server."
)
FRAMES_DROPPED = Counter(
    "powerdash_live_frames_dropped", "Live frames not sent, by reason.", ["reason"]
)


class Frame(msgspec.Struct, array_like=True, frozen=True):
    """One event for the subscribers of one channel.

    Attributes:
        data: JSON text, exactly what subscribers get.
        key: Names the live value that this frame is the newest state of (a device's
            UUID): in the queue of a slow browser it replaces an older frame of the
            same channel, event and key. Empty: every frame counts.
        except_socket: The connection that must not get it, by socket id.
    """

    channel: str
    event: str
    data: str
    key: str = ""
    except_socket: str = ""


Receiver = Callable[[Sequence[Frame]], None]


class LiveBus(Protocol):
    """Carries frames to every process that listens, our own included."""

    async def start(self, receive: Receiver | None) -> None:
        """Connect; a process that only publishes gives no receiver.

        Returns after at most `CONNECT_TIMEOUT_S`, connected or not: the bus goes on
        trying by itself.
        """

    async def publish(self, frames: Sequence[Frame]) -> None:
        """Send frames soon: at most once, in order, dropped while the server is away.

        Does not wait for the server.
        """

    async def close(self) -> None:
        """Send what is pending, within `SEND_TIMEOUT_S`, and disconnect."""


class Session(Protocol):
    """One connection to the server."""

    async def send(self, frames: Sequence[Frame]) -> None:
        """Send one burst."""

    async def check(self) -> None:
        """Raise one of the bus's failures if the server does not answer."""


class Bus:
    """What both buses share: a bounded buffer, one task that sends, reconnecting.

    Attributes:
        failures: What a session raises when the server is away.
    """

    failures: tuple[type[Exception], ...] = (OSError,)  # TimeoutError is one

    def __init__(self) -> None:
        self.receiver: Receiver | None = None
        self._pending: list[Frame] = []
        self._wake = asyncio.Event()
        self._connected = asyncio.Event()
        self._lost = False
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def start(self, receive: Receiver | None) -> None:
        """Connect, as `LiveBus.start`."""
        self.receiver = receive
        self._task = asyncio.create_task(self._run(), name="live bus")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._connected.wait()

    async def publish(self, frames: Sequence[Frame]) -> None:
        """Send frames soon, as `LiveBus.publish`."""
        if not self._connected.is_set():
            FRAMES_DROPPED.labels("away").inc(len(frames))
            return
        room = PENDING_MAX - len(self._pending)
        if room < len(frames):
            FRAMES_DROPPED.labels("full").inc(len(frames) - max(room, 0))
        self._pending.extend(frames[: max(room, 0)])
        self._wake.set()

    async def close(self) -> None:
        """Send what is pending and disconnect, as `LiveBus.close`."""
        self._closing = True
        self._wake.set()
        if self._task is None:
            return
        if not self._connected.is_set():
            self._task.cancel()
        await asyncio.wait({self._task}, timeout=SEND_TIMEOUT_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def open_session(self) -> contextlib.AbstractAsyncContextManager[Session]:
        """Connect, and listen if there is a receiver."""
        raise NotImplementedError

    def on_lost(self, *_: object) -> None:
        """Note that the server has ended the session."""
        self._lost = True
        self._wake.set()

    async def _run(self) -> None:
        backoff_s = BACKOFF_FIRST_S
        told = False
        while not self._closing:
            try:
                self._lost = False
                async with self.open_session() as session:
                    self._connected.set()
                    if told:
                        log.info("live bus is back", action="live_bus.back")
                    told, backoff_s = False, BACKOFF_FIRST_S
                    await self._pump(session)
            except self.failures as error:
                if not told:
                    reason = str(error) or type(error).__name__
                    log.warning("live bus away", action="live_bus.away", error=reason)
                told = True
            except Exception:  # a fault of ours must not end the bus
                log.exception("live bus failed", action="live_bus.failed")
            self._disconnected()
            if not self._closing:
                # Jitter, so that not every process knocks at the same moment.
                await asyncio.sleep(backoff_s * random.uniform(0.5, 1))  # noqa: S311
                backoff_s = min(backoff_s * 2, BACKOFF_LAST_S)

    def _disconnected(self) -> None:
        self._connected.clear()
        if self._pending:
            FRAMES_DROPPED.labels("away").inc(len(self._pending))
            self._pending = []

    async def _pump(self, session: Session) -> None:
        while True:
            if self._lost:
                raise ConnectionError("The server closed the connection.")
            if self._pending:
                frames = self._pending[:BURST_FRAMES]
                del self._pending[:BURST_FRAMES]
                await self._send(session, frames)
            elif self._closing:
                return
            else:
                await self._idle(session)

    async def _send(self, session: Session, frames: list[Frame]) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await session.send(frames)
        except self.failures:
            FRAMES_DROPPED.labels("away").inc(len(frames))
            raise
        FRAMES_PUBLISHED.inc(len(frames))

    async def _idle(self, session: Session) -> None:
        try:
            async with asyncio.timeout(CHECK_EVERY_S):
                await self._wake.wait()
        except TimeoutError:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await session.check()
        self._wake.clear()

    def deliver(self, decode: Callable[[], list[Frame] | None]) -> None:
        """Give the receiver one burst, unless it is malformed or not yet complete."""
        try:
            frames = decode()
        except ValueError:  # msgspec's errors too: anybody may send to the server
            FRAMES_DROPPED.labels("malformed").inc()
            return
        if frames is None or self.receiver is None:
            return
        try:
            self.receiver(frames)
        except Exception:  # a receiver's fault must not end the bus
            FRAMES_DROPPED.labels("receiver").inc(len(frames))
            log.exception("live frames not taken", action="live_bus.receiver_failed")


def notify_payloads(burst: str, body: bytes) -> list[str]:
    """Cut a burst's JSON into payloads `burst index count piece`, each under the limit.

    The number in front makes equal payloads differ: PostgreSQL would deliver equal
    ones of one transaction once.
    """
    room = NOTIFY_MAX - len(burst) - 22
    pieces = list(_pieces(body, room))
    return [f"{burst} {i} {len(pieces)} {piece}" for i, piece in enumerate(pieces)]


def _pieces(body: bytes, size: int) -> Iterator[str]:
    start = 0
    while start < len(body):
        end = min(start + size, len(body))
        while end < len(body) and body[end] & 0xC0 == 0x80:  # never inside a character
            end -= 1
        yield body[start:end].decode()
        start = end


class Joiner:
    """Puts the payloads of one burst together again.

    One transaction's payloads arrive together and in order, so one open burst is
    enough; another one, or a missing piece, means that the open one is incomplete.
    """

    def __init__(self) -> None:
        self._burst = ""
        self._pieces: list[str] = []
        self._size = 0

    def add(self, payload: str) -> bytes | None:
        """Take one payload; return the burst's JSON when it is complete.

        Raises:
            ValueError: It is no payload of ours, or one before it is missing.
        """
        burst, index, count, piece = payload.split(" ", 3)
        if index == "0":
            self._burst, self._pieces, self._size = burst, [], 0
        self._size += len(piece)
        if (burst, int(index)) != (self._burst, len(self._pieces)):
            raise ValueError("A payload of the burst is missing.")
        if self._size > BURST_MAX:
            raise ValueError("The burst is too big.")
        self._pieces.append(piece)
        if len(self._pieces) < int(count):
            return None
        body = "".join(self._pieces).encode()
        self._pieces = []
        return body


class PostgresBus(Bus):
    """Frames by NOTIFY: JSON, one statement a burst."""

    failures = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
    # Live frames are no record: their commit need not wait for the disk.
    _SETTINGS = {"application_name": "powerdash live", "synchronous_commit": "off"}

    def __init__(self) -> None:
        super().__init__()
        self._joiner = Joiner()
        self._decoder = msgspec.json.Decoder(list[Frame])

    @contextlib.asynccontextmanager
    async def open_session(self) -> AsyncIterator[Session]:
        """Connect, and LISTEN if there is a receiver."""
        connection = await asyncpg.connect(
            host=settings.DB_SERVER,
            port=settings.DB_PORT,
            user=settings.DB_USERNAME,
            password=settings.DB_PASSWORD or None,
            database=settings.DB_DATABASE,
            timeout=CONNECT_TIMEOUT_S,
            server_settings=self._SETTINGS,
        )
        try:
            connection.add_termination_listener(self.on_lost)
            if self.receiver is not None:
                await connection.add_listener(LIVE, self._on_notify)
            yield _PostgresSession(connection)
        finally:
            connection.terminate()

    def _on_notify(self, _c: object, _pid: int, _channel: str, payload: object) -> None:
        self.deliver(lambda: self._join(str(payload)))

    def _join(self, payload: str) -> list[Frame] | None:
        body = self._joiner.add(payload)
        return None if body is None else self._decoder.decode(body)


class _PostgresSession:
    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self._origin = f"{random.getrandbits(64):x}"  # a name, no secret
        self._bursts = itertools.count()
        self._encode = msgspec.json.Encoder().encode

    async def send(self, frames: Sequence[Frame]) -> None:
        burst = f"{self._origin}-{next(self._bursts):x}"
        payloads = notify_payloads(burst, self._encode(frames))
        await self._connection.execute(
            "SELECT pg_notify($1, x) FROM unnest($2::text[]) x", LIVE, payloads
        )

    async def check(self) -> None:
        await self._connection.execute("SELECT 1")
