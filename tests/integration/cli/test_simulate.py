"""`powerdash simulate` against a real server that goes away and comes back."""

import re
import signal
from pathlib import Path

import pytest

from tests.installation import until
from tests.integration.cli.web import Command, Web, stored

LAST = re.compile(
    r"Measured ([\d,]+) readings: ([\d,]+) accepted, ([\d,]+) duplicates, "
    r"([\d,]+) refused, ([\d,]+) waiting, ([\d,]+) dropped"
)


def last(said: str) -> list[int]:
    found = LAST.search(said)
    assert found is not None, said
    return [int(group.replace(",", "")) for group in found.groups()]


def test_every_reading_is_posted(web: Web, tmp_path: Path) -> None:
    known = web.credentials("library", "kettle", "solar")
    simulation = Command(
        tmp_path / "out", "simulate", "--url", web.url, "--credentials", known,
        "--rate", 20, "--duration", 3, "--report", 1, "--no-faults",
    )  # fmt: skip
    assert simulation.wait() == 0, simulation.said()
    assert last(simulation.said()) == [420, 420, 0, 0, 0, 0]
    assert stored(known) == 420
    assert "3 devices, " in simulation.said()


def test_the_past_is_caught_up_with(web: Web, tmp_path: Path) -> None:
    known = web.credentials("office")
    simulation = Command(
        tmp_path / "out", "simulate", "--url", web.url, "--credentials", known,
        "--start", "2026-01-31T12:00:00+01:00", "--duration", 3600, "--no-faults",
        "--buffer", 100,
    )  # fmt: skip
    assert simulation.wait() == 0, simulation.said()
    assert last(simulation.said()) == [10_800, 10_800, 0, 0, 0, 0]
    again = Command(
        tmp_path / "out", "simulate", "--url", web.url, "--credentials", known,
        "--start", "2026-01-31T12:00:00+01:00", "--duration", 60, "--no-faults",
    )  # fmt: skip
    assert again.wait() == 0
    assert last(again.said()) == [180, 0, 180, 0, 0, 0], "same seed, same times"
    assert stored(known) == 10_800


def test_nothing_is_lost_when_the_server_is_away(web: Web, tmp_path: Path) -> None:
    known = web.credentials("library", "fridge")
    simulation = Command(
        tmp_path / "out", "simulate", "--url", web.url, "--credentials", known,
        "--rate", 10, "--report", 1,
    )  # fmt: skip
    until(lambda: stored(known) > 40, what="readings are stored")
    web.kill()
    simulation.until_it_says("Server away (no connection)")
    web.start()
    simulation.until_it_says("Server back after")
    assert simulation.stop() == 0
    measured, accepted, duplicates, refused, waiting, dropped = last(simulation.said())
    assert accepted + duplicates == measured
    assert (refused, waiting, dropped) == (0, 0, 0)
    assert stored(known) == measured
    assert simulation.said().count("Server away") == 1


def test_what_waits_survives_in_the_buffer_file(web: Web, tmp_path: Path) -> None:
    known = web.credentials("library")
    arguments = (
        "simulate", "--credentials", known, "--rate", 10, "--no-faults",
        "--buffer-file", tmp_path / "buffer",
    )  # fmt: skip
    away = Command(tmp_path / "out", *arguments, "--url", "http://127.0.0.1:9")
    away.until_it_says("Server away")
    assert away.stop(signal.SIGINT) == 0
    measured = last(away.said())[0]
    assert last(away.said())[4] == measured > 0
    assert f"{measured:,} readings are kept in" in away.said()

    back = Command(tmp_path / "out", *arguments, "--url", web.url, "--duration", 1)
    assert back.wait() == 0, back.said()
    assert stored(known) == measured + last(back.said())[0]


def test_a_full_buffer_drops_the_oldest_and_says_so(tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text('{"uuid": "00000000-0000-0000-0000-000000000000", "secret": "x"}')
    away = Command(
        tmp_path / "out", "simulate", "--url", "http://127.0.0.1:9", "--buffer", 30,
        "--credentials", known, "--rate", 50, "--duration", 1, "--no-faults",
    )  # fmt: skip
    assert away.wait() == 1
    measured, *_, waiting, dropped = last(away.said())
    assert waiting == 30
    assert dropped == measured - 30
    assert "30 readings are lost" in away.said()


def test_a_device_that_is_refused_stops(web: Web, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text(
        '{"uuid": "00000000-0000-0000-0000-000000000000", "secret": "x", "name": "A"}'
    )
    simulation = Command(
        tmp_path / "out", "simulate", "--url", web.url, "--credentials", known
    )
    assert simulation.wait() == 1
    assert "A stops: the server knows no such device" in simulation.said()
    assert "readings of none of the devices" in simulation.said()


def test_an_organization_registers_the_fleet(web: Web, tmp_path: Path) -> None:
    known = tmp_path / "known"
    arguments = (
        "simulate", "--url", web.url, "--organization", "campus", "--devices", 4,
        "--credentials", known, "--duration", 1, "--no-faults",
    )  # fmt: skip
    first = Command(tmp_path / "out", *arguments)
    assert first.wait() == 0, first.said()
    assert known.stat().st_mode & 0o777 == 0o600
    assert "Library main feeder" in known.read_text()
    assert stored(known) == last(first.said())[1] == 12
    written = known.read_text()
    assert Command(tmp_path / "out", *arguments).wait() == 0
    assert known.read_text() == written


def test_without_credentials_it_registers_in_the_only_organization(
    web: Web, tmp_path: Path
) -> None:
    simulation = Command(
        tmp_path / "out", "simulate", "--url", web.url, "--devices", 2, "--duration", 2,
        "--no-faults",
    )  # fmt: skip
    assert simulation.wait() == 0, simulation.said()
    assert last(simulation.said())[1] > 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--organization", "nobody"], "There is no organization nobody"),
        (["--credentials", "/nowhere"], "--credentials /nowhere cannot be read"),
        (["--credentials", "/dev/null"], "is empty"),
        (["--credentials", "KNOWN", "--devices", "9"], "has 1 devices"),
        (["--credentials", "KNOWN", "--rate", "0"], "--rate must be above 0"),
        (["--credentials", "KNOWN", "--timezone", "Mars"], "--timezone Mars"),
        (["--credentials", "KNOWN", "--url", "example.org"], "must look like http://"),
        (["--credentials", "KNOWN", "--buffer-file", "KNOWN"], "--buffer-file"),
        (["--credentials", "README.md"], "each line must be"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    known = tmp_path / "known"
    known.write_text('{"uuid": "u", "secret": "a secret that is long enough"}')
    given = [str(known) if each == "KNOWN" else each for each in arguments]
    simulation = Command(tmp_path / "out", "simulate", *given)
    assert simulation.wait() == 1
    assert sentence in simulation.said()
    assert simulation.said().count("\n") == 1
