"""Who is sending: devices by UUID, cached until NOTIFY tells of a change."""

import asyncio
import contextlib
import hashlib
import hmac
import re
import uuid
from collections import OrderedDict
from dataclasses import dataclass

import asyncpg
import structlog

from powerdash.ingest.sql import QUERIES
from powerdash.lib import postgres

log = structlog.get_logger(__name__)

CHANNEL = "device_changed"  # NOTIFY payload: the device's UUID
KNOWN_MAX = 1_000_000  # devices kept in memory
UNKNOWN_MAX = 10_000  # names that belong to none, kept apart: anybody may make them
RECONNECT_S = 0.25
_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CHECK_S = 10.0  # how often the listening connection is tried


@dataclass(frozen=True, slots=True)
class Device:
    """What the door knows of a device."""

    id: int
    uuid: str
    organization_id: int
    name: str
    secret_hash: bytes
    decommissioned: bool
    heartbeat_interval_s: int
    phases: frozenset[str]  # that it has sent; another one is announced as a change


class Unauthorized(Exception):
    """The credentials are missing or wrong; which of it is not for the sender to know.

    Attributes:
        device: The device whose secret was wrong, when there is such a device.
        reason: For the record: `missing`, `unknown_device` or `wrong_secret`.
    """

    def __init__(self, reason: str, device: Device | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.device = device


class Devices:
    """Finds and checks devices; `get` answers from memory when it can."""

    def __init__(self, *, pepper: str) -> None:
        self._pepper = pepper.encode()
        self._known: OrderedDict[bytes, Device] = OrderedDict()
        self._unknown: OrderedDict[bytes, None] = OrderedDict()
        # While we cannot hear of changes, nothing may be remembered.
        self.hearing = False
        self._lost = asyncio.Event()
        self._epoch = 0
        self._connection: postgres.Connection | None = None
        self._lookup = asyncio.Lock()
        self._listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and listen; goes on by itself when the server comes later."""
        try:
            await self._listen()
        except postgres.AWAY as error:
            log.warning("PostgreSQL is away", action="ingest.deaf", error=str(error))
        self._listener = asyncio.create_task(
            self._keep_listening(), name="device cache"
        )

    async def stop(self) -> None:
        """Stop listening and close the connection."""
        if self._listener:
            self._listener.cancel()
        if self._connection:
            await self._connection.close(timeout=1)

    async def authenticate(self, uuid_text: bytes, secret: bytes) -> Device:
        """Return the device that these credentials belong to.

        Raises:
            Unauthorized: They belong to none.
            OSError, asyncpg.PostgresError: The device must be looked up and cannot be.
        """
        if not uuid_text or not secret:
            raise Unauthorized("missing")
        name = usual_name(uuid_text)
        device = self._known.get(name)
        if device is None and name and name not in self._unknown:
            device = await self._find(name)
        # The hash is made for unknown devices too, so that both take the same time.
        given = hmac.digest(self._pepper, secret, hashlib.sha256).hex().encode()
        if device is None:
            raise Unauthorized("unknown_device")
        if not hmac.compare_digest(given, device.secret_hash):
            raise Unauthorized("wrong_secret", device)
        return device

    async def _find(self, name: bytes) -> Device | None:
        async with self._lookup:  # one connection, one question at a time
            if name in self._known:
                return self._known[name]
            epoch = self._epoch
            connection = self._connection
            if connection is None or connection.is_closed():
                raise ConnectionError("The database is away.")
            row = await connection.fetchrow(
                QUERIES["device_by_uuid"], uuid.UUID(name.decode()), timeout=5
            )
        device = None if row is None else _device(row)
        # Remember it only if no change was announced while we asked.
        if self.hearing and epoch == self._epoch:
            self._remember(name, device)
        return device

    def _remember(self, name: bytes, device: Device | None) -> None:
        if device is None:
            self._unknown[name] = None
            if len(self._unknown) > UNKNOWN_MAX:
                self._unknown.popitem(last=False)
        else:
            self._known[name] = device
            if len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)

    def _forget(self) -> None:
        self._known.clear()
        self._unknown.clear()

    def _on_change(self, _c: object, _pid: int, _channel: str, payload: object) -> None:
        self._epoch += 1
        name = str(payload).encode()
        self._known.pop(name, None)
        self._unknown.pop(name, None)

    def _on_loss(self, connection: object) -> None:
        if connection is not self._connection:
            return  # an old one, told of late
        self.hearing = False
        self._forget()
        self._lost.set()

    async def _listen(self) -> None:
        connection = await postgres.connect("ingest devices")
        connection.add_termination_listener(self._on_loss)
        await connection.add_listener(CHANNEL, self._on_change)
        self._forget()
        self._connection = connection
        self._lost.clear()
        self.hearing = True

    async def _keep_listening(self) -> None:
        while True:
            try:
                if self._connection is None or self._connection.is_closed():
                    await self._listen()
                    log.info("PostgreSQL is back", action="ingest.hearing")
                else:
                    async with self._lookup:
                        await self._connection.fetchval("SELECT 1", timeout=5)
            except (*postgres.AWAY, asyncpg.PostgresError):
                self._on_loss(self._connection)
                if self._connection is not None:
                    self._connection.terminate()
                    self._connection = None
            if self.hearing:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CHECK_S):
                        await self._lost.wait()
            else:
                await asyncio.sleep(RECONNECT_S)


def usual_name(uuid_text: bytes) -> bytes:
    """Return a UUID in its usual spelling (36 characters, lower case), else nothing.

    One device has one name, under which it is cached and under which guesses count.
    """
    name = uuid_text.lower()
    return name if _UUID.fullmatch(name) else b""


def _device(row: asyncpg.Record) -> Device:
    return Device(
        id=row["id"],
        uuid=row["uuid"],
        organization_id=row["organization_id"],
        name=row["name"],
        secret_hash=row["secret_hash"].encode(),
        decommissioned=row["status"] == "decommissioned",
        heartbeat_interval_s=row["heartbeat_interval_s"],
        phases=frozenset(row["phases"]),
    )
