"""What is made of a server's answers, whatever server it is."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from powerdash.cli.posting import (
    Answer,
    AnswerUnexpected,
    Credential,
    DeviceRefused,
    Reading,
    ServerAway,
    post,
)
from powerdash.cli.uplink import PAUSE_MAX_S, ServerGone, Uplink, pause_s
from powerdash.cli.wire import AddressInvalid, Client

CREDENTIAL = Credential("u", "s")
READING = Reading(datetime(2026, 1, 1, tzinfo=UTC), 1.0, 230.0, {"phase": "L1"})


@dataclass
class Peer:
    """A server that answers as it is told, and remembers what it was sent."""

    port: int = 0
    answers: list[bytes] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0

    def will(self, status: int, body: str = "{}", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
        self.answers.append("\r\n".join([*lines, "", body]).encode())

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        try:
            while self.answers:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                headers = dict(
                    line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2]
                )
                body = await reader.readexactly(int(headers["content-length"]))
                self.requests.append((headers, body))
                writer.write(self.answers.pop(0))
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    made = Peer()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def posted(peer: Peer, count: int = 1) -> Answer:
    async with Client(peer.url) as client:
        return await post(client, CREDENTIAL, [READING] * count)


async def test_one_reading_is_an_object_and_several_an_array(peer: Peer) -> None:
    peer.will(201, '{"accepted": 1, "duplicates": 0}')
    peer.will(201, '{"accepted": 1, "duplicates": 1}')
    assert await posted(peer) == Answer(accepted=1)
    assert await posted(peer, 2) == Answer(accepted=1, duplicates=1)
    (headers, body), (_, array) = peer.requests
    assert (headers["x-device-id"], headers["x-device-secret"]) == ("u", "s")
    assert json.loads(body) == {
        "ts": "2026-01-01T00:00:00Z", "current": 1.0, "voltage": 230.0,
        "attributes": {"phase": "L1"},
    }  # fmt: skip
    assert len(json.loads(array)) == 2


async def test_a_large_body_is_packed(peer: Peer) -> None:
    peer.will(201, '{"accepted": 9000}')
    await posted(peer, 9000)
    headers, body = peer.requests[0]
    assert headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(body))) == 9000


async def test_what_is_refused_keeps_its_place(peer: Peer) -> None:
    peer.will(207, '{"accepted":2,"refused":1,"errors":{"2.current":["a","b"]}}')
    peer.will(422, '{"errors": {"attributes.phase": ["c"]}}')
    peer.will(422, '{"message": "d"}')
    assert await posted(peer, 3) == Answer(2, 0, 1, [(2, "current", "a b")])
    assert await posted(peer) == Answer(0, 0, 1, [(0, "attributes.phase", "c")])
    assert await posted(peer, 3) == Answer(0, 0, 3, [(0, "body", "d")])


async def test_a_body_too_large_is_sent_in_halves(peer: Peer) -> None:
    peer.will(413)
    peer.will(201, '{"accepted": 2}')
    peer.will(207, '{"accepted": 2, "refused": 1, "errors": {"1.ts": ["old"]}}')
    assert await posted(peer, 5) == Answer(4, 0, 1, [(3, "ts", "old")])
    assert [len(json.loads(body)) for _, body in peer.requests] == [5, 2, 3]
    peer.will(413)
    assert (await posted(peer)).refused == 1


@pytest.mark.parametrize(
    ("status", "failure", "says"),
    [
        (401, DeviceRefused, "no such device"),
        (403, DeviceRefused, "takes no readings"),
        (429, ServerAway, "429"),
        (500, ServerAway, "500"),
        (503, ServerAway, "503"),
        (404, AnswerUnexpected, "answered 404"),
        (301, AnswerUnexpected, "points to https://there"),
        (200, AnswerUnexpected, "no ingest door"),
    ],
)
async def test_each_status_has_its_meaning(
    peer: Peer, status: int, failure: type[Exception], says: str
) -> None:
    peer.will(status, "<p>", "Location: https://there", "Retry-After: 7")
    with pytest.raises(failure, match=says) as raised:
        await posted(peer)
    if isinstance(raised.value, ServerAway):
        assert raised.value.retry_after_s == 7.0


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
async def test_a_broken_answer_may_be_tried_again(peer: Peer, answer: bytes) -> None:
    peer.answers.append(answer)
    with pytest.raises(ServerAway, match="the connection broke"):
        await posted(peer)


async def test_connections_are_kept_and_replaced_when_closed(peer: Peer) -> None:
    for _ in range(3):
        peer.will(201, '{"accepted": 1}')
    async with Client(peer.url) as client:
        for _ in range(3):
            await post(client, CREDENTIAL, [READING])
        assert peer.connections == 1
        # It has nothing more to say and closes; the client finds out when it posts.
        peer.will(201, '{"accepted": 1}', "Connection: close")
        peer.will(201, '{"accepted": 1}')
        for _ in range(2):
            assert (await post(client, CREDENTIAL, [READING])).accepted == 1
        assert peer.connections == 3


async def test_a_chunked_answer_is_read(peer: Peer) -> None:
    peer.answers.append(
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'd\r\n{"accepted": \r\n2\r\n1}\r\n0\r\n\r\n'
    )
    assert await posted(peer) == Answer(accepted=1)


@pytest.mark.parametrize(
    "url", ["localhost:80", "ftp://x", "http://", "http://x:99999"]
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(AddressInvalid, match="--url"):
        Client(url)


def uplink(client: Client, told: list[str], **given: float) -> Uplink:
    return Uplink(
        client, connections=2, tell=told.append, waiting=lambda: 1234, **given
    )


async def test_an_uplink_sends_until_it_is_answered(peer: Peer) -> None:
    told: list[str] = []
    for _ in range(3):
        peer.will(503)
    for _ in range(3):
        peer.will(201, '{"accepted": 1}')
    async with Client(peer.url) as client:
        way = uplink(client, told)
        sent = [way.send(CREDENTIAL, [READING]) for _ in range(3)]
        answers = await asyncio.gather(*sent)
    assert answers == [Answer(accepted=1)] * 3
    assert len(told) in {0, 2}, told  # nothing is said of a hiccup
    if told:
        assert told[0].startswith("Server away (it answered 503)")
        assert "sending 1,234 kept readings" in told[1]


async def test_while_it_is_away_only_one_asks(peer: Peer) -> None:
    told: list[str] = []
    for _ in range(12):
        peer.will(503)
    async with Client(peer.url) as client:
        way = uplink(client, told, give_up_s=2.0)
        sent = [way.send(CREDENTIAL, [READING]) for _ in range(40)]
        results = await asyncio.gather(*sent, return_exceptions=True)
    assert all(isinstance(result, ServerGone) for result in results)
    assert len(peer.requests) <= 12
    assert told == [
        "Server away (it answered 503): keeping the readings, trying again."
    ]


def test_pauses_grow_with_jitter_and_have_an_end() -> None:
    first = [pause_s(0) for _ in range(100)]
    assert min(first) >= 0.25
    assert max(first) <= 0.5
    assert len(set(first)) > 1
    assert max(pause_s(attempt) for attempt in range(99)) <= PAUSE_MAX_S
    assert pause_s(0, wish_s=7.0) == 7.0
    assert pause_s(0, wish_s=1e9) == PAUSE_MAX_S
