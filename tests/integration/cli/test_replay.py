"""`powerdash replay` against a real server."""

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from powerdash import settings
from tests import database
from tests.installation import until
from tests.integration.cli.web import Command, Web, stored

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
DATA = Path(__file__).parents[4] / "shared" / "data"


def written(file: Path, rows: Iterable[str], header: str = "ts,V,I") -> Path:
    file.write_bytes(gzip.compress("\n".join([header, *rows, ""]).encode()))
    return file


def seconds(count: int, volts: str = "230.5") -> list[str]:
    times = (START + timedelta(seconds=n) for n in range(count))
    return [f"{at.isoformat()},{volts},1.25" for at in times]


class Replays:
    """Replays files as one new device."""

    def __init__(self, web: Web, folder: Path) -> None:
        self.web = web
        self.device = web.devices("replay")[0]
        self._folder = folder
        self._secret = folder / "secret"
        self._secret.write_text(self.device.secret + "\n")

    def begin(self, file: Path, *arguments: object) -> Command:
        return Command(
            self._folder / "out", "replay", file, "--url", self.web.url,
            "--device", self.device.uuid, "--secret-file", self._secret,
            "--state-dir", self._folder / "state", *arguments,
        )  # fmt: skip

    def result(
        self, file: Path, *arguments: object, status: int = 0
    ) -> dict[str, object]:
        command = self.begin(file, "--json", *arguments)
        assert command.wait() == status, command.said()
        lines = command.said().splitlines()
        found = json.loads(next(line for line in lines if line.startswith("{")))
        assert isinstance(found, dict)
        return found


@pytest.fixture
def replays(web: Web, tmp_path: Path) -> Replays:
    return Replays(web, tmp_path)


def test_it_posts_a_file_once(replays: Replays, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv.gz", [*seconds(5_000), f"{START},,1"])
    first = replays.begin(file)
    assert first.wait() == 0, first.said()
    assert "columns by their names; times without an offset are UTC" in first.said()
    assert "5,000 accepted, 0 duplicates, 0 refused, 1 missing (5,001 rows, " in (
        first.said()
    )
    again = replays.begin(file)
    assert again.wait() == 0
    assert "0 accepted, 5,000 duplicates, 0 refused, 1 missing" in again.said()
    assert stored(replays.device.uuid) == 5_000


def test_what_is_refused_is_told_and_the_rest_is_stored(
    replays: Replays, tmp_path: Path
) -> None:
    rows = seconds(20)
    rows[3] = rows[3].replace("230.5", "-1")
    rows[7] = rows[7].replace("230.5", "-1")
    rows[9] = "yesterday,230,1"
    file = written(tmp_path / "a.csv", rows)
    result = replays.result(file, "--batch", 5, status=1)
    counts = {name: result[name] for name in ("accepted", "refused", "unreadable")}
    assert counts == {"accepted": 17, "refused": 2, "unreadable": 1}
    assert result["reasons"] == [
        "row 4: voltage must not be negative (2 times)",
        "row 10: the time 'yesterday' fits no format",
    ]
    assert stored(replays.device.uuid) == 17


def test_an_interrupted_replay_goes_on_where_it_was(
    replays: Replays, tmp_path: Path
) -> None:
    file = written(tmp_path / "a.csv", seconds(300))
    begun = replays.begin(file, "--speed", "60x")
    until(lambda: stored(replays.device.uuid) >= 60, what="a minute is replayed")
    assert begun.stop() == 1
    assert "go on with the same command and --resume" in begun.said()
    before = stored(replays.device.uuid)
    assert 60 <= before < 300
    result = replays.result(file, "--resume")
    assert result["resumed_after_row"] == before
    assert result["accepted"] == 300
    assert result["duplicates"] == 0
    assert stored(replays.device.uuid) == 300
    whole = replays.result(file, "--resume")
    assert (whole["resumed_after_row"], whole["accepted"]) == (300, 300)


def test_a_server_that_is_away_is_waited_for(replays: Replays, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", seconds(300))
    begun = replays.begin(file, "--speed", "60x")
    until(lambda: stored(replays.device.uuid) > 0, what="it is begun")
    replays.web.kill()
    begun.until_it_says("Server away")
    replays.web.start()
    assert begun.wait() == 0, begun.said()
    assert "Server back" in begun.said()
    assert stored(replays.device.uuid) == 300


def test_it_gives_up_on_a_server_that_stays_away(
    replays: Replays, tmp_path: Path
) -> None:
    file = written(tmp_path / "a.csv", seconds(10))
    result = replays.result(
        file, "--url", "http://127.0.0.1:9", "--give-up", 0.5, status=1
    )
    assert result["complete"] is False
    assert result["accepted"] == 0


def test_it_can_be_live(replays: Replays, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", seconds(30))
    began = datetime.now(UTC)
    assert replays.result(file, "--shift-to-now", "--speed", "10x")["accepted"] == 30
    oldest, newest = times(replays.device.uuid)
    assert began < oldest < newest < datetime.now(UTC)
    assert (newest - oldest).total_seconds() == pytest.approx(2.9)
    other = Replays(replays.web, tmp_path)
    assert other.result(file, "--shift-to-now", "--speed", "max")["accepted"] == 30
    oldest, newest = times(other.device.uuid)
    assert (newest - oldest).total_seconds() == pytest.approx(29)
    assert abs((newest - datetime.now(UTC)).total_seconds()) < 60


def times(uuid: str) -> tuple[datetime, datetime]:
    question = """
        SELECT min(ts), max(ts) FROM power_records
        JOIN devices ON devices.id = device_id WHERE uuid = %s
    """
    with database.connect(settings.DB_DATABASE) as connection:
        row = connection.execute(question, [uuid]).fetchone()
    assert row is not None
    return row[0], row[1]


def test_an_organization_gives_the_file_its_device(web: Web, tmp_path: Path) -> None:
    file = written(tmp_path / "meter.csv", seconds(10))
    arguments = (
        "replay", file, "--url", web.url, "--state-dir", tmp_path / "state", "--json"
    )  # fmt: skip
    first = Command(tmp_path / "out", *arguments, "--organization", "campus")
    assert first.wait() == 0, first.said()
    again = Command(tmp_path / "again", *arguments, "--organization", "campus")
    assert again.wait() == 0
    results = [json.loads(c.said().splitlines()[-1]) for c in (first, again)]
    assert [r["accepted"] for r in results] == [10, 0]
    assert results[0]["device"] == results[1]["device"]
    # There is but one organization: it need not be named.
    alone = Command(tmp_path / "alone", *arguments, "--name", "Bench meter")
    assert alone.wait() == 0, alone.said()
    unknown = Command(tmp_path / "unknown", *arguments, "--organization", "nobody")
    assert unknown.wait() == 1
    assert "There is no organization nobody" in unknown.said()


def test_a_wrong_secret_is_one_sentence(replays: Replays, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("wrong")
    refused = replays.begin(written(tmp_path / "a.csv", seconds(3)))
    assert refused.wait() == 1
    assert "the server knows no such device with this secret (401)" in refused.said()
    assert "Traceback" not in refused.said()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["/nowhere.csv"], "/nowhere.csv cannot be read: No such file"),
        (
            ["FILE", "--current", "X", "--voltage", "V"],
            "no column 'X'; it has ts, V, I",
        ),
        (["FILE", "--preset", "x"], "neither a file nor one of appliance-1hz"),
        (["FILE", "--timezone", "Mars"], "--timezone Mars is neither"),
        (["FILE", "--speed", "fast"], "--speed fast must be like 1x"),
        (["FILE", "--device", "u"], "needs --secret-file FILE"),
        (["FILE", "--device", "u", "--secret-file", "/no"], "/no cannot be read"),
        (["FILE", "--secret-file", "FILE"], "needs --device UUID"),
        (["FILE", "--preset", "steel-plant"], "no voltage and no current"),
    ],
)
def test_a_wrong_option_is_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("ts,V,I\n2026-01-01T00:00:00,230,1\n")
    given = [str(file) if each == "FILE" else each for each in arguments]
    replay = Command(tmp_path / "out", "replay", *given)
    assert replay.wait() == 1
    assert sentence in replay.said()
    assert "Traceback" not in replay.said()


def check_uci_household(replays: Replays) -> None:
    file = DATA / "uci_household_1min_2007-01-01_2007-03-01.csv.gz"
    first, again = replays.result(file), replays.result(file)
    names = ("accepted", "duplicates", "refused", "missing", "rows")
    assert [first[name] for name in names] == [86_396, 0, 0, 4, 86_400]
    assert [again[name] for name in names] == [0, 86_396, 0, 4, 86_400]
    assert stored(replays.device.uuid) == 86_396


def check_transformer(replays: Replays) -> None:
    result = replays.result(DATA / "transformer_3phase_electrical_2019.csv.gz")
    assert (result["accepted"], result["duplicates"]) == (3 * 12_927, 3 * 435)


# The series are not part of the repository: where they are absent, there is no test.
if DATA.is_dir():
    test_sixty_days_of_a_household_are_stored_once = check_uci_household
    test_repeated_minutes_of_a_transformer_are_duplicates = check_transformer
