"""Test that bodies of every kind become readings or named errors."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerdash.ingest.decode import (
    INFLATED_MAX,
    READINGS_MAX,
    BodyInvalid,
    BodyTooLarge,
    Decoded,
    Sender,
    decode,
    inflate,
)
from powerdash.telemetry.reading import Limits

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LIMITS = Limits(
    100_000, 1_000_000, NOW - timedelta(days=365), NOW + timedelta(minutes=5)
)
GOOD = b'{"ts":"2026-01-31T12:00:00Z","current":5.2,"voltage":230}'


SENDER = Sender(7, frozenset({"L1"}), LIMITS)


def read(body: bytes, *, ndjson: bool = False) -> Decoded:
    return decode(body, ndjson=ndjson, sender=SENDER)


@pytest.mark.parametrize(
    ("body", "ndjson", "count"),
    [
        (GOOD, False, 1),
        (b" \n" + GOOD, False, 1),
        (b"[" + GOOD + b"," + GOOD + b"]", False, 2),
        (b" [" + GOOD + b"]", False, 1),
        (GOOD + b"\n" + GOOD + b"\n\n", True, 2),
        (GOOD + b"\r\n" + GOOD, True, 2),
    ],
)
def test_one_many_and_ndjson_are_read(body: bytes, ndjson: bool, count: int) -> None:
    decoded = read(body, ndjson=ndjson)
    assert len(decoded.readings) == count
    assert decoded.refused == 0
    assert decoded.readings[0].power == 5.2 * 230


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (b'{"current":1,"voltage":1}', {"ts"}),
        (b"{}", {"ts", "current", "voltage"}),
        (GOOD.replace(b"5.2", b'"5.2"'), {"current"}),
        (GOOD.replace(b"5.2", b"true"), {"current"}),
        (GOOD.replace(b"5.2", b"NaN"), {"current"}),
        (GOOD.replace(b"5.2", b"-Infinity"), {"current"}),
        (GOOD.replace(b"5.2", b"1e999"), {"current"}),
        (GOOD.replace(b"5.2", b"1" + b"0" * 400), {"current"}),
        (GOOD.replace(b"230", b"-1"), {"voltage"}),
        (GOOD.replace(b"Z", b""), {"ts"}),
        (GOOD.replace(b"2026-01-31T12:00:00Z", b"yesterday"), {"ts"}),
        (GOOD.replace(b'"2026-01-31T12:00:00Z"', b"1769860800"), {"ts"}),
        (GOOD.replace(b'"voltage"', b'"attributes":[],"voltage"'), {"attributes"}),
        (b"3", {"body"}),
    ],
)
def test_mistakes_are_named_by_field(body: bytes, errors: set[str]) -> None:
    decoded = read(body)
    assert set(decoded.errors) == errors
    assert decoded.refused == 1
    assert decoded.readings == []


def test_in_an_array_the_index_stands_in_front_and_the_good_ones_stay() -> None:
    bad = GOOD.replace(b"5.2", b"-5.2")
    decoded = read(b"[" + b",".join([GOOD, bad, GOOD, b"3"]) + b"]")
    assert len(decoded.readings) == 2
    assert decoded.refused == 2
    assert decoded.errors["1.current"] == ["must not be negative"]
    assert "3.body" in decoded.errors


def test_in_ndjson_a_broken_line_harms_only_itself() -> None:
    decoded = read(GOOD + b"\n{oops\n" + GOOD, ndjson=True)
    assert len(decoded.readings) == 2
    assert list(decoded.errors) == ["1.body"]


def test_an_array_of_one_bad_reading_still_has_its_index() -> None:
    assert "0.current" in read(b"[" + GOOD.replace(b"5.2", b"-1") + b"]").errors


def test_fields_we_do_not_know_join_the_attributes() -> None:
    (reading,) = read(GOOD[:-1] + b',"phase":"L2","rssi":-61}').readings
    assert reading.phase == "L2"
    assert reading.flags == '{"rssi":-61}'


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[", b"[]", b"nope", b"\xff\xfe", b"[" * 99_999]
)
def test_a_body_without_readings_is_invalid(body: bytes) -> None:
    with pytest.raises(BodyInvalid):
        read(body)


def test_the_number_of_readings_is_bounded() -> None:
    many = [GOOD] * (READINGS_MAX + 1)
    with pytest.raises(BodyTooLarge):
        read(b"[" + b",".join(many) + b"]")
    with pytest.raises(BodyTooLarge):
        read(b"\n".join(many), ndjson=True)


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_whatever_are_anything_but_read_or_refused(
    body: bytes, ndjson: bool
) -> None:
    try:
        decoded = read(body, ndjson=ndjson)
    except (BodyInvalid, BodyTooLarge):
        return
    assert decoded.refused == len({name.split(".")[0] for name in decoded.errors}) or (
        decoded.refused == 1
    )


def test_gzip_is_read() -> None:
    assert inflate(gzip.compress(GOOD)) == GOOD


def test_a_gzip_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * (INFLATED_MAX + 1))
    assert len(bomb) < 20_000
    with pytest.raises(BodyTooLarge):
        inflate(bomb)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not gzip",
        gzip.compress(GOOD, mtime=0)[:-1],
        gzip.compress(GOOD, mtime=0) + b"x",
    ],
)
def test_broken_gzip_is_invalid(body: bytes) -> None:
    with pytest.raises(BodyInvalid):
        inflate(body)


@pytest.mark.parametrize(
    ("body", "ndjson"),
    [(b"[" + b"{}," * 1_000_000 + b"{}]", False), (b"\n" * 1_000_000, True)],
)
def test_a_flood_of_nothing_is_refused_before_it_is_unfolded(
    body: bytes, ndjson: bool
) -> None:
    with pytest.raises(BodyTooLarge):
        read(body, ndjson=ndjson)


def test_gzip_may_have_several_members() -> None:
    assert inflate(gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"
    with pytest.raises(BodyInvalid):
        inflate(gzip.compress(b"one ") + b"rest")
    with pytest.raises(BodyTooLarge):
        inflate(gzip.compress(b"x" * INFLATED_MAX) + gzip.compress(b"y"))


def test_phases_beyond_what_a_device_may_have_are_refused_by_name() -> None:
    phases = [f'"attributes":{{"phase":"P{n}"}}' for n in range(40)]
    body = b"[" + b",".join(GOOD[:-1] + b"," + p.encode() + b"}" for p in phases) + b"]"
    decoded = read(body)
    assert (len(decoded.readings), decoded.refused) == (31, 9)
    assert set(decoded.errors) == {f"{n}.attributes.phase" for n in range(31, 40)}
    known = Sender(7, frozenset(f"P{n}" for n in range(32)), LIMITS)
    assert len(decode(body, ndjson=False, sender=known).readings) == 32
