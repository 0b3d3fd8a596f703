"""Test what `/api/devices/{…}/series` takes and gives."""

import csv
import gzip
import io
import json
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pyarrow
import pytest
from django.test import Client

from powerdash.lib import clock
from tests.cast import Cast
from tests.readings import reading


@pytest.fixture
def client(cast: Cast) -> Client:
    return cast.client("viewer")


@pytest.fixture
def path(cast: Cast) -> str:
    """The series of a device with two readings, five minutes ago."""
    device, at = cast.device.device, clock.now() - timedelta(minutes=5)
    reading(device, at, phase="L1")
    reading(device, at + timedelta(seconds=10), phase="L1")
    return f"/api/devices/{device.uuid}/series"


def test_it_gives_a_series_by_column(client: Client, path: str) -> None:
    assert client.get(f"{path}?step_s=90").json()["step_s"] == 90
    body = client.get(f"{path}?max_points=60").json()
    assert (body["tier"], body["step_s"], body["agg"]) == ("raw", 60, "envelope")
    assert body["columns"] == ["power_w", "current_a", "voltage_v"]
    assert body["units"] == {"power_w": "W", "current_a": "A", "voltage_v": "V"}
    assert body["timezone"] == "UTC"
    (phase,) = body["phases"]
    assert phase["phase"] == "L1"
    # Of the five minutes since, or of the whole steps, while that is not rolled up.
    assert 11 / 361 < phase["completeness"] < 11 / 299
    assert len(phase["ts"]) in (1, 2)
    assert phase["current_a"]["max"][0] == 2


def test_it_gives_the_fields_asked_for(client: Client, path: str) -> None:
    body = client.get(f"{path}?fields=energy_wh,power_factor&agg=mean").json()
    assert body["columns"] == ["energy_wh", "power_factor"]
    assert set(body["phases"][0]["power_factor"]) == {"avg"}


def test_it_gives_csv_with_units_and_zone(client: Client, path: str) -> None:
    answer = client.get(
        f"{path}?fields=power_w&tz=Asia/Tokyo", headers={"Accept": "text/csv"}
    )
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(answer.content.decode()))
    assert header == [
        "time (Asia/Tokyo)", "phase", "avg power_w (W)", "min power_w (W)",
        "max power_w (W)",
    ]  # fmt: skip
    assert rows[0][0].endswith("+09:00")
    assert rows[0][1] == "L1"
    assert (answer["X-Series-Tier"], answer["X-Series-Step-S"]) == ("raw", "2")
    assert json.loads(answer["X-Series-Completeness"]).keys() == {"L1"}
    again = client.get(path, headers={"Accept": "text/csv;charset=utf-8"})
    assert again["Content-Type"] == "text/csv; charset=utf-8"


def test_it_gives_an_arrow_stream(client: Client, path: str) -> None:
    accept = "application/vnd.apache.arrow.stream"
    answer = client.get(f"{path}?fields=voltage_v", headers={"Accept": accept})
    assert answer["Content-Type"] == accept
    table = pyarrow.ipc.open_stream(answer.content).read_all()
    assert table.column_names == [
        "ts", "phase", "avg_voltage_v", "min_voltage_v", "max_voltage_v",
    ]  # fmt: skip
    metadata = table.schema.metadata
    assert metadata[b"voltage_v"] == b"V"
    assert metadata[b"tier"] == b"raw"
    assert set(json.loads(metadata[b"completeness"])) == {"L1"}
    assert datetime.fromisoformat(metadata[b"watermark"].decode()) < clock.now()
    assert table.num_rows >= 1
    empty = client.get(
        f"{path}?fields=voltage_v&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z",
        headers={"Accept": accept},
    )
    assert pyarrow.ipc.open_stream(empty.content).schema.types == table.schema.types


def test_the_same_again_is_not_sent_again(client: Client, path: str) -> None:
    at = clock.now()
    span = {"from": (at - timedelta(hours=1)).isoformat(), "to": at.isoformat()}
    first = client.get(f"{path}?{urlencode(span)}")
    assert first["ETag"]
    assert first["Cache-Control"] == "private, no-cache"
    again = client.get(
        f"{path}?{urlencode(span)}", headers={"If-None-Match": first["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_a_long_answer_is_compressed(client: Client, path: str, cast: Cast) -> None:
    for n in range(60):
        at = clock.now() - timedelta(minutes=20, seconds=n)
        reading(cast.device.device, at, phase="L1")
    span = {"from": (clock.now() - timedelta(hours=1)).isoformat(), "tier": "raw"}
    asked = f"{path}?{urlencode(span)}"
    plain = client.get(asked)
    packed = client.get(asked, headers={"Accept-Encoding": "br, gzip"})
    assert (plain.get("Content-Encoding"), packed["Content-Encoding"]) == (None, "gzip")
    assert "Accept-Encoding" in plain["Vary"]
    never = client.get(asked, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in never
    found = json.loads(gzip.decompress(packed.content))
    assert found["phases"][0]["ts"] == plain.json()["phases"][0]["ts"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("fields=watts", "fields"),
        ("tier=2h", "tier"),
        ("agg=median", "agg"),
        ("tz=Mars/Olympus", "tz"),
        ("max_points=0", "max_points"),
        ("max_points=10001", "max_points"),
        ("from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z", "to"),
        ("from=yesterday", "from"),
        ("step_s=0", "step_s"),
        ("step_s=60&agg=lttb", "step_s"),
        ("step_s=1&from=2026-01-01T00:00:00Z&to=2026-01-01T03:00:00Z", "step_s"),
    ],
)
def test_a_bad_question_is_told_by_its_field(
    client: Client, path: str, query: str, field: str
) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert field in answer.json()["errors"]


# --- several devices ------------------------------------------------------------------
def test_it_gives_totals_of_the_organization(client: Client, path: str) -> None:
    body = client.get("/api/series").json()
    assert (body["tier"], body["step_s"]) == ("5m", 300)
    assert body["columns"] == [
        "power_w", "apparent_power_va", "energy_wh", "voltage_v",
    ]  # fmt: skip
    assert body["ts"] == []  # nothing is rolled up yet
    assert client.get("/api/series?step_s=1000").json()["step_s"] == 1200
    week = client.get("/api/series?from=2026-01-01T00:00:00Z&step_s=604800").json()
    assert (week["tier"], week["step_s"]) == ("1h", 604_800)
    some = client.get("/api/series?fields=voltage_v,power_w").json()
    assert some["columns"] == ["voltage_v", "power_w"]
    assert "energy_wh" not in some
    band = client.get("/api/series?agg=envelope&fields=power_w,energy_wh").json()
    assert (band["agg"], band["power_w"]) == (
        "envelope",
        {"avg": [], "min": [], "max": []},
    )
    assert client.get("/api/series?agg=lttb").json()["power_w"] == []
    assert client.get("/api/series?agg=sum").status_code == 422
    table = client.get("/api/series?agg=envelope", headers={"Accept": "text/csv"})
    assert b"avg power_w (W),min power_w (W),max power_w (W)" in table.content
    assert client.get("/api/series?fields=current_a").status_code == 422
    answer = client.get("/api/series", headers={"Accept": "text/csv"})
    assert answer.content.startswith(b"time (UTC),power_w (W)")
    arrow = client.get(
        "/api/series", headers={"Accept": "application/vnd.apache.arrow.stream"}
    )
    table = pyarrow.ipc.open_stream(arrow.content).read_all()
    assert table.column_names == ["ts", *body["columns"]]


def test_totals_are_of_devices_or_tags(client: Client, cast: Cast, path: str) -> None:
    uuid = cast.device.device.uuid
    assert client.get(f"/api/series?devices={uuid}").status_code == 200
    assert client.get("/api/series?tags=cooling,cellar").status_code == 200
    strange = cast.strange_device.device.uuid
    for other in (strange, cast.strange_device.device.pk, "nobody", 2**40):
        assert client.get(f"/api/series?devices={uuid},{other}").status_code == 404
    many = client.get(f"/api/series?devices={','.join(['1'] * 101)}")
    assert many.json()["errors"] == {"devices": ["Name at most 100."]}
    refused = client.get("/api/series?tier=raw")
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"tier"})
