"""`POST /api/ingest` and `POST /api/heartbeat` as a raw ASGI application."""

import functools
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import structlog
from prometheus_client import Counter

from powerdash import settings
from powerdash.events.types import EventType
from powerdash.ingest import decode, keeper
from powerdash.ingest.auth import Device, Devices, Unauthorized, usual_name
from powerdash.ingest.patience import Patience
from powerdash.ingest.request import (
    Busy,
    DeviceDecommissioned,
    Request,
    Stored,
    Unavailable,
)
from powerdash.ingest.writer import Writer
from powerdash.lib import clock, postgres
from powerdash.lib.broker import LiveBus
from powerdash.telemetry.limits import limits_at
from powerdash.telemetry.reading import Limits, Reading
from powerdash.telemetry.rejection import PAYLOAD_MAX

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

READINGS = Counter("powerdash_ingest_readings", "Readings by outcome.", ["outcome"])
REQUESTS = Counter("powerdash_ingest_requests", "Requests by status.", ["status"])
_accepted = READINGS.labels("accepted")
_duplicates = READINGS.labels("duplicate")
_refused = READINGS.labels("refused")

LIMITS_EVERY_S = 1.0  # how old the accepted time window may be
_NDJSON = (b"application/x-ndjson", b"application/jsonl", b"application/ndjson")
_JSON_HEADER = (b"content-type", b"application/json")
# Refusals that say nothing of single readings, recorded with their code as the reason.
_RECORDED = {
    403: EventType.INGEST_REJECTED_AUTH,
    413: EventType.INGEST_REJECTED_SCHEMA,
    415: EventType.INGEST_REJECTED_SCHEMA,
}
_CREATED_ONE = b'{"accepted":1,"duplicates":0}'


class Refused(Exception):
    """The request is answered with an error."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        errors: decode.Errors | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers
        body: dict[str, Any] = {"error": code, "message": message}
        if errors is not None:
            body["errors"] = errors
        self.body = msgspec.json.encode(body)


class Ingest:
    """The door for readings of one process.

    Args:
        bus: Where live frames go.
    """

    def __init__(self, bus: LiveBus) -> None:
        self._devices = Devices(pepper=settings.DEVICE_SECRET_PEPPER)
        self._keeper = keeper.Keeper(bus)
        self._patience = Patience()
        self._writer = Writer(
            queue_max=settings.INGEST_QUEUE_READINGS,
            event_each=settings.INGEST_EVENTS == "request",
            committed=self._on_committed,
        )
        self._limits: Limits | None = None
        self._limits_until_s = 0.0

    async def start(self) -> None:
        """Connect; the database may also come later."""
        await self._devices.start()
        await self._writer.start()
        self._keeper.start()

    async def stop(self) -> None:
        """Write what waits, tell what is left to tell, close."""
        await self._writer.stop()
        await self._keeper.stop()
        await self._devices.stop()

    async def ready(self) -> bool:
        """Tell whether a reading could be stored now."""
        heard = self._devices.hearing and self._writer.up
        return heard and await self._keeper.ready()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            status, body = await self._handle(scope, receive)
            extra: tuple[tuple[bytes, bytes], ...] = ()
        except Refused as refusal:
            status, body, extra = refusal.status, refusal.body, refusal.headers
        _counted(status).inc()
        headers = (_JSON_HEADER, (b"content-length", b"%d" % len(body)), *extra)
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await send({"type": "http.response.body", "body": body})

    async def _handle(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            raise Refused(
                405, "method_not_allowed", "Use POST.", headers=((b"allow", b"POST"),)
            )
        headers: dict[bytes, bytes] = dict(scope["headers"])
        device = await self._authenticate(headers)
        try:
            if device.decommissioned:
                raise _decommissioned()
            body = await _read(headers, receive)
            if scope["path"].endswith("heartbeat"):
                return await self._heartbeat(device)
            return await self._take(device, headers, body)
        except Refused as refusal:
            if kind := _RECORDED.get(refusal.status):
                self._note(kind, device, refusal.code, requests=1)
            raise

    async def _heartbeat(self, device: Device) -> tuple[int, bytes]:
        await self._store(device, [])
        return 200, msgspec.json.encode(
            {"status": "ok", "heartbeat_interval_s": device.heartbeat_interval_s}
        )

    async def _take(
        self, device: Device, headers: dict[bytes, bytes], body: bytes
    ) -> tuple[int, bytes]:
        decoded = self._decode(device, headers, body)
        if not decoded.readings:
            self._note_refused(device, headers, decoded)
            raise Refused(
                422, "invalid", "The reading cannot be stored.", errors=decoded.errors
            )
        stored = await self._store(device, decoded.readings)
        if decoded.refused:
            self._note_refused(device, headers, decoded)
        return _answer(stored, decoded)

    def _note(
        self, kind: EventType, device: Device, reason: str, **counts: int
    ) -> None:
        key = (kind, device.organization_id, device.id, reason)
        self._keeper.ledger.add(key, **counts)

    async def _authenticate(self, headers: dict[bytes, bytes]) -> Device:
        began_s = time.monotonic()
        name = headers.get(b"x-device-id", b"")
        try:
            return await self._devices.authenticate(
                name, headers.get(b"x-device-secret", b"")
            )
        except Unauthorized as failure:
            self._note_failure(failure)
            await self._patience.wait(usual_name(name), began_s)
            raise Refused(
                401, "unauthorized", "The device credentials are missing or wrong."
            ) from None
        except (*postgres.AWAY, asyncpg.PostgresError):
            raise _unavailable() from None

    def _note_failure(self, failure: Unauthorized) -> None:
        device = failure.device
        whose = (device.organization_id, device.id) if device else (None, None)
        ledger = self._keeper.ledger
        ledger.add((EventType.INGEST_REJECTED_AUTH, *whose, failure.reason), requests=1)
        if failure.reason == "wrong_secret":
            ledger.add(
                (EventType.AUTH_FAILED_DEVICE, *whose, failure.reason), requests=1
            )

    def _decode(
        self, device: Device, headers: dict[bytes, bytes], body: bytes
    ) -> decode.Decoded:
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        try:
            if b"content-encoding" in headers:
                body = _decompressed(headers[b"content-encoding"], body)
            sender = decode.Sender(
                device.id, self._keeper.latest.phases_of(device), self._limits_now()
            )
            decoded = decode.decode(body, ndjson=kind in _NDJSON, sender=sender)
        except decode.BodyTooLarge as error:
            raise Refused(413, "too_large", str(error)) from None
        except decode.BodyInvalid as error:
            decoded = _unreadable(body, str(error))
        return decoded

    def _note_refused(
        self, device: Device, headers: dict[bytes, bytes], decoded: decode.Decoded
    ) -> None:
        _refused.inc(decoded.refused)
        self._keeper.arrivals.refuse(
            device,
            decoded.refused,
            decoded.rejected,
            clock.now(),
            secret=headers.get(b"x-device-secret", b"").decode(errors="replace"),
        )
        self._note(
            EventType.INGEST_REJECTED_SCHEMA,
            device,
            "",
            requests=1,
            refused=decoded.refused,
        )

    def _limits_now(self) -> Limits:
        now_s = time.monotonic()
        if self._limits is None or now_s >= self._limits_until_s:
            self._limits = limits_at(clock.now())
            self._limits_until_s = now_s + LIMITS_EVERY_S
        return self._limits

    async def _store(self, device: Device, readings: list[Any]) -> Stored:
        try:
            return await self._writer.submit(device, readings)
        except (Unavailable, Busy):
            raise _unavailable() from None
        except DeviceDecommissioned:
            raise _decommissioned() from None

    def _on_committed(self, request: Request, new: list[Reading], at: datetime) -> None:
        device = request.device
        duplicates = len(request.readings) - len(new)
        self._keeper.latest.record(device, request.readings, at)
        if request.readings:
            self._keeper.arrivals.record(device, new, duplicates, at)
            _accepted.inc(len(new))
            if duplicates:
                _duplicates.inc(duplicates)
            if settings.INGEST_EVENTS == "minute":
                self._keeper.ledger.add(
                    (EventType.INGEST_ACCEPTED, device.organization_id, device.id, ""),
                    requests=1,
                    accepted=len(new),
                    duplicates=duplicates,
                )


@functools.cache
def _counted(status: int) -> Counter:
    return REQUESTS.labels(status)


def _unreadable(body: bytes, reason: str) -> decode.Decoded:
    errors = {"body": [reason]}
    # More than is kept: what is cut off must not hide that a secret stands at the end.
    sent = body[: 2 * PAYLOAD_MAX].decode(errors="replace")
    return decode.Decoded(errors=errors, refused=1, rejected=[(sent, errors)])


def _answer(stored: Stored, decoded: decode.Decoded) -> tuple[int, bytes]:
    counts: dict[str, Any] = {
        "accepted": stored.accepted,
        "duplicates": stored.duplicates,
    }
    if decoded.refused:
        counts |= {"refused": decoded.refused, "errors": decoded.errors}
        return 207, msgspec.json.encode(counts)
    if stored.accepted == 1 and not stored.duplicates:
        return 201, _CREATED_ONE
    return 201, msgspec.json.encode(counts)


def _decommissioned() -> Refused:
    return Refused(
        403, "decommissioned", "The device is decommissioned; it may not send readings."
    )


def _unavailable() -> Refused:
    return Refused(
        503,
        "unavailable",
        "Readings cannot be stored at the moment; send them again.",
        headers=((b"retry-after", b"1"),),
    )


def _too_large() -> Refused:
    return Refused(
        413, "too_large", f"The body is larger than {decode.BODY_MAX} bytes."
    )


def _decompressed(encoding: bytes, body: bytes) -> bytes:
    encoding = encoding.strip().lower()
    if encoding in (b"", b"identity"):
        return body
    if encoding not in (b"gzip", b"x-gzip"):
        raise Refused(
            415, "unsupported_encoding", "Content-Encoding must be gzip or absent."
        )
    return decode.inflate(body)


async def _read(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    declared = headers.get(b"content-length")
    if declared is not None and int(declared) > decode.BODY_MAX:
        raise _too_large()
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "disconnected", "The body ended early.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > decode.BODY_MAX:
            raise _too_large()
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)
