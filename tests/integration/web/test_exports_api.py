"""Test the files that the API gives, as the server sends them."""

import csv
import io
import zlib
from datetime import timedelta

import pytest
from django.test import AsyncClient, Client

from powerdash.lib import clock
from tests.cast import Cast
from tests.readings import reading


@pytest.fixture
def client(cast: Cast) -> Client:
    """A browser of the viewer; the device has three readings."""
    at = clock.now() - timedelta(minutes=5)
    for seconds in range(3):
        reading(cast.device.device, at + timedelta(seconds=seconds), phase="L1")
    return cast.client("viewer")


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


def test_a_device_comes_as_a_file(client: Client, cast: Cast) -> None:
    answer = client.get(f"/api/devices/{cast.device.device.uuid}/export")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="chiller-raw-' in answer["Content-Disposition"]
    header, *lines = rows(answer.getvalue())
    assert header[:4] == ["device", "device_name", "phase", "ts"]
    assert len(lines) == 3
    cursor = f"{lines[1][0]},{lines[1][2]},{lines[1][3]}"
    rest = client.get("/api/export", {"cursor": cursor})
    assert rows(rest.getvalue()) == lines[2:]


def test_an_organization_comes_without_others(client: Client, cast: Cast) -> None:
    reading(cast.strange_device.device, clock.now() - timedelta(minutes=1))
    assert len(rows(client.get("/api/export").getvalue())) == 4
    assert len(rows(client.get("/api/export?tags=cooling").getvalue())) == 4
    assert len(rows(client.get("/api/export?tags=heating").getvalue())) == 1
    strange = cast.strange_device.device.uuid
    assert client.get(f"/api/export?devices={strange}").status_code == 404


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_it_comes_in_other_forms(client: Client, form: str) -> None:
    data = client.get(f"/api/export?format={form}&tz=Asia/Tokyo").getvalue()
    assert data[:4] == {"parquet": b"PAR1", "xlsx": b"PK\x03\x04"}[form]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=nonsense", "cursor"),
        ("cursor=x&format=xlsx", "cursor"),
        ("format=doc", "format"),
        ("tier=1y", "tier"),
        ("tz=Mars", "tz"),
        ("from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z", "to"),
    ],
)
def test_a_bad_question_is_told_by_its_field(
    client: Client, query: str, field: str
) -> None:
    answer = client.get(f"/api/export?{query}")
    assert answer.status_code == 422
    assert field in answer.json()["errors"]


async def test_the_server_sends_it_piece_by_piece(database: None) -> None:
    from asgiref.sync import sync_to_async

    from tests.cast import assemble

    cast = await sync_to_async(assemble)()
    await sync_to_async(reading)(cast.device.device, clock.now() - timedelta(minutes=1))
    client = AsyncClient()
    await sync_to_async(client.force_login)(cast.users["viewer"])
    answer = await client.get("/api/export")
    pieces = [piece async for piece in answer]  # type: ignore[attr-defined]
    assert len(pieces) == 2  # the header and the rows
    assert len(rows(b"".join(pieces))) == 2
    answer = await client.get("/api/export", headers={"Accept-Encoding": "br, gzip"})
    assert answer["Content-Encoding"] == "gzip"
    whole = zlib.decompressobj(16 + zlib.MAX_WBITS)
    pieces = [whole.decompress(piece) async for piece in answer]  # type: ignore[attr-defined]
    assert whole.eof
    assert not whole.unused_data  # a browser reads one file of gzip, not those after it
    assert len(rows(b"".join(pieces))) == 2


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_what_is_packed_is_not_packed_again(client: Client, form: str) -> None:
    never = {"Accept-Encoding": "gzip;q=0"}
    plain = client.get(f"/api/export?format={form}", headers=never)
    assert "Content-Encoding" not in plain
    answer = client.get(
        f"/api/export?format={form}", headers={"Accept-Encoding": "gzip"}
    )
    assert "Accept-Encoding" in answer["Vary"]
    assert ("Content-Encoding" in answer) is (form == "csv")
