"""Readings sent to a server through its public API, for `simulate` and `replay`."""

import asyncio
import gzip
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

import msgspec

from powerdash.cli.wire import Client, ConnectionBroken, Response

INGEST = "/api/ingest"
ARRAY_MAX = 5_000  # readings the ingest door takes in one request
GZIP_FROM = 512 * 1024  # bytes; below it, packing costs more than it saves
TIMEOUT_S = 10.0
_SERVER_ERROR = 500


class Reading(msgspec.Struct, frozen=True):
    """One reading as the ingest door takes it.

    Attributes:
        ts: Aware.
        current: A.
        voltage: V.
    """

    ts: datetime
    current: float
    voltage: float
    attributes: dict[str, object]


class Credential(msgspec.Struct, frozen=True):
    """Who a device is; one line of `powerdash devices register --json`.

    Attributes:
        kind: What the simulator has it measure; empty lets it choose.
    """

    uuid: str
    secret: str
    name: str = ""
    kind: str = ""


@dataclass(slots=True)
class Answer:
    """What the server did with one request.

    Attributes:
        errors: (index in the request, field, reason) of refused readings; not always
            all of them.
    """

    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    errors: list[tuple[int, str, str]] = field(default_factory=list)


class PostingFailed(Exception):
    """The readings were not stored; the message is a sentence for people."""


class ServerAway(PostingFailed):
    """Nobody answered, or not now; the same request may be sent again later.

    Attributes:
        retry_after_s: The server's own wish, seconds; 0 when it has none.
    """

    def __init__(self, message: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DeviceRefused(PostingFailed):
    """The server does not take this device's readings (401, 403)."""


class AnswerUnexpected(PostingFailed):
    """Something answered that is not an ingest door."""


class _Body(msgspec.Struct):
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    message: str = ""
    errors: dict[str, list[str]] = {}


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Body).decode


async def post(
    client: Client, credential: Credential, readings: Sequence[Reading]
) -> Answer:
    """Post `readings` of one device and return what became of them.

    A body the server finds too large is sent again in halves.

    Raises:
        ServerAway: Try the same again later.
        DeviceRefused: The server refuses this device.
        AnswerUnexpected: No ingest door answers at this address.
    """
    body = _encode(readings if len(readings) > 1 else readings[0])
    headers = {
        "X-Device-ID": credential.uuid,
        "X-Device-Secret": credential.secret,
        "Content-Type": "application/json",
    }
    if len(body) >= GZIP_FROM:
        body = gzip.compress(body, compresslevel=1)
        headers["Content-Encoding"] = "gzip"
    response = await _exchange(client, body, headers)
    if response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return await _post_halves(client, credential, readings)
    return _answer(client, response, len(readings))


async def _exchange(client: Client, body: bytes, headers: dict[str, str]) -> Response:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await client.post(INGEST, body, headers)
    except TimeoutError as error:
        raise ServerAway("no answer in time") from error
    except ssl.SSLCertVerificationError as error:
        raise AnswerUnexpected(
            f"The certificate of {client.url} is not trusted: {error.verify_message}."
        ) from error
    except OSError as error:
        raise ServerAway("no connection") from error
    except ConnectionBroken as error:
        raise ServerAway("the connection broke") from error


async def _post_halves(
    client: Client, credential: Credential, readings: Sequence[Reading]
) -> Answer:
    half = len(readings) // 2
    if half == 0:
        return Answer(refused=1, errors=[(0, "body", "Too large.")])
    first = await post(client, credential, readings[:half])
    second = await post(client, credential, readings[half:])
    return Answer(
        first.accepted + second.accepted,
        first.duplicates + second.duplicates,
        first.refused + second.refused,
        first.errors + [(half + i, name, text) for i, name, text in second.errors],
    )


def _answer(client: Client, response: Response, sent: int) -> Answer:
    status = response.status
    if status in {200, 201, 207}:
        body = _body(client, response)
        errors = _errors(body.errors)
        return Answer(body.accepted, body.duplicates, body.refused, errors)
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        body = _body(client, response)
        errors = _errors(body.errors) or [(0, "body", body.message)]
        return Answer(refused=sent, errors=errors)
    raise _failure(client, response)


def _failure(client: Client, response: Response) -> PostingFailed:
    status = response.status
    if status == HTTPStatus.UNAUTHORIZED:
        return DeviceRefused("the server knows no such device with this secret (401)")
    if status == HTTPStatus.FORBIDDEN:
        return DeviceRefused("the server takes no readings of this device (403)")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= _SERVER_ERROR:
        return ServerAway(f"it answered {status}", retry_after_s=_retry_after(response))
    where = response.headers.get("location")
    hint = f" and points to {where}" if where else ""
    return AnswerUnexpected(
        f"{client.url}{INGEST} answered {status}{hint};"
        " give the server's address as --url."
    )


def _retry_after(response: Response) -> float:
    try:
        return max(0.0, float(response.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0  # a date: our own back-off serves as well


def _body(client: Client, response: Response) -> _Body:
    try:
        return _decode(response.content)
    except msgspec.DecodeError as error:
        raise AnswerUnexpected(
            f"{client.url} has no ingest door; give the server's address as --url."
        ) from error


def _errors(errors: dict[str, list[str]]) -> list[tuple[int, str, str]]:
    found = []
    for key, texts in errors.items():
        index, dot, name = key.partition(".")
        if dot and index.isdigit():
            found.append((int(index), name, " ".join(texts)))
        elif key.isdigit():
            found.append((int(key), "reading", " ".join(texts)))
        else:
            found.append((0, key, " ".join(texts)))
    return found
