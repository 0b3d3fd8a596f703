"""A lean HTTP/1.1 client: posts over connections that stay open.

The simulator runs all day beside everything else. A general client costs 2 to 3 ms of
processor time per request here (httpx 0.28, measured), this one a tenth of that.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools

from powerdash.cli.errors import Refused

CONNECT_S = 5.0
_PORTS = {"http": 80, "https": 443}


class AddressInvalid(Refused):
    """The server's address cannot be used; the message is a sentence for people."""


class ConnectionBroken(Exception):
    """The connection ended before the answer did."""


@dataclass(slots=True)
class Response:
    """An answer.

    Attributes:
        headers: Names in lower case.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""


class _Connection(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Response] | None = None
        self._response = Response()
        self.is_open = True
        self.is_reused = False

    async def exchange(self, request: bytes) -> Response:
        """Send a request and return its answer.

        Raises:
            ConnectionBroken: The connection ended first.
        """
        if self._transport is None or not self.is_open:
            raise ConnectionBroken
        self._response = Response()
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiter
        except BaseException:
            self.close()  # an answer that nobody awaits must not meet the next request
            raise
        finally:
            self._waiter = None
            self.is_reused = True

    def close(self) -> None:
        """Close it."""
        self.is_open = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail()
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._fail()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._response.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._response.content += body

    def on_message_complete(self) -> None:
        self._response.status = self._parser.get_status_code()
        if not self._parser.should_keep_alive():
            self.close()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(self._response)

    def _fail(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionBroken())


class Client:
    """Posts to one server; opens a connection when none is idle.

    The caller bounds how many posts, and so connections, there are at once.

    Raises:
        AddressInvalid: `url` is not an http or https address.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise AddressInvalid(f"--url {url} is not an address: {error}.") from error
        if parts.scheme not in _PORTS or not parts.hostname:
            raise AddressInvalid(
                f"--url {url} must look like http://127.0.0.1:8000"
                " or https://example.org."
            )
        self.url = url.rstrip("/")
        self._host, self._port = parts.hostname, port or _PORTS[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._prefix = parts.path.rstrip("/")
        self._netloc = parts.netloc.rpartition("@")[2]
        self._idle: list[_Connection] = []

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        # TLS says good-bye on the next turn of the loop.
        await asyncio.sleep(0)

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> Response:
        """Post `body` and return the answer.

        A connection that the server closed while it was idle is replaced, once.

        Raises:
            OSError: No connection.
            ConnectionBroken: It ended before the answer.
        """
        request = self._request(path, body, headers)
        connection = await self._connection()
        try:
            response = await connection.exchange(request)
        except ConnectionBroken:
            if not connection.is_reused:
                raise
            connection = await self._open()
            response = await connection.exchange(request)
        if connection.is_open:
            self._idle.append(connection)
        return response

    def _request(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        lines = [
            f"POST {self._prefix}{path} HTTP/1.1",
            f"Host: {self._netloc}",
            "User-Agent: powerdash",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return await self._open()

    async def _open(self) -> _Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S):
            _, connection = await loop.create_connection(
                _Connection, self._host, self._port, ssl=self._tls
            )
        return connection
