"""`powerdash up`: one command starts it all, and stops it all."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from os import kill
from pathlib import Path

import psycopg
import pytest

from powerdash import settings
from powerdash.cli.errors import sentence
from powerdash.lib.embedded import Cluster
from tests.database import connect
from tests.installation import Up, command_line, environment, powerdash, until


@pytest.fixture
def up(data_dir: Path) -> Iterator[Up]:
    running = Up(data_dir, "--workers", "2")
    yield running
    if not running.ended():
        running.stop()


def gone(pids: dict[int, str]) -> bool:
    return not any(command_line(pid) for pid in pids)


def test_it_runs_everything_and_leaves_nothing_behind(up: Up) -> None:
    assert (up.status("/up"), up.status("/ready")) == (200, 200)
    parts = [line for line in up.children().values() if line]
    assert sum(" serve " in line for line in parts) == 2
    assert sum(" worker" in line for line in parts) == 1
    assert sum("/postgres " in line for line in parts) == 1

    second = powerdash(up.data_dir, "up")
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "already runs" in second.stderr
    # Another command uses the same database meanwhile, and leaves it running.
    assert powerdash(up.data_dir, "migrate").returncode == 0
    assert up.status("/ready") == 200

    pids = up.children()
    assert up.stop(signal.SIGINT) == 0
    assert gone(pids)
    assert not up.cluster.answers()
    assert "Traceback" not in up.said()


def test_it_keeps_its_data_and_its_key(data_dir: Path) -> None:
    first = Up(data_dir, "--demo", "--workers", "1", DEMO_WEEKS="0")
    logins = [line for line in first.said().splitlines() if "sign in" in line]
    devices = first.ask("SELECT uuid FROM devices ORDER BY id")
    readings = "SELECT count(*) FROM power_records"
    until(lambda: first.ask(readings)[0][0] > 0, what="readings of the simulator")
    assert first.stop() == 0

    second = Up(data_dir, "--demo", "--workers", "1", DEMO_WEEKS="0")
    assert len(logins) == 4
    assert logins == [line for line in second.said().splitlines() if "sign in" in line]
    assert devices == second.ask("SELECT uuid FROM devices ORDER BY id")
    assert second.ask(readings)[0][0] > 0
    assert second.stop() == 0


def test_a_new_demo_has_weeks_behind_it(data_dir: Path) -> None:
    first = Up(data_dir, "--demo", "--workers", "1", DEMO_WEEKS="1")
    assert first.child("--duration")
    assert first.stop() == 0  # before it is done
    due = data_dir / "demo-weeks-due"
    made_at = due.read_text()
    second = Up(data_dir, "--demo", "--workers", "1", DEMO_WEEKS="1")
    until(lambda: not due.exists(), what="the week was posted")
    hours = "SELECT count(DISTINCT bucket_start_ts) >= 168 FROM telemetry_rollups_1h"
    until(lambda: second.ask(hours)[0][0], what="rollups of the week")
    around = (
        "SELECT count(*), count(*) FILTER (WHERE since > greatest(interval '2 minutes',"  # noqa: S608
        " sampling_ms * interval '2 ms')) FROM (SELECT ts, sampling_ms, ts - lag(ts)"
        " OVER (PARTITION BY device_id, phase ORDER BY ts) AS since FROM power_records"
        f" WHERE ts > '{made_at}'::timestamptz - interval '90 minutes'"
        f" AND ts < '{made_at}'::timestamptz - interval '50 minutes') seam"
    )
    count, silent = second.ask(around)[0]
    assert count > 66 * 30
    assert silent <= 66 // 4  # the week and the hour meet, but for readings lost
    assert second.stop() == 0
    third = Up(data_dir, "--demo", "--workers", "1", DEMO_WEEKS="1")
    assert not any("--duration" in line for line in third.children().values())
    assert third.stop() == 0


def test_what_is_killed_comes_back(up: Up) -> None:
    before = up.child(" serve ")
    kill(before, signal.SIGKILL)
    until(lambda: before not in up.children(), what="the dead web process was seen")
    until(
        lambda: sum(" serve " in line for line in up.children().values()) == 2,
        what="a new web process",
    )
    postgres = up.child("/postgres ")
    kill(postgres, signal.SIGKILL)
    until(lambda: postgres not in up.children(), what="the dead server was seen")
    until(lambda: up.status("/ready") == 200, what="ready again")
    assert "was killed (SIGKILL); starting it again" in up.said()
    assert up.stop() == 0


def test_killed_itself_it_takes_all_with_it(up: Up) -> None:
    pids = up.children()
    up.process.kill()
    up.process.wait()
    until(lambda: gone(pids), what="the children ended")
    again = Up(up.data_dir, "--workers", "1")
    assert again.status("/ready") == 200
    assert again.stop() == 0


def test_a_port_in_use_is_told_in_a_sentence(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for command in ("up", "serve"):
            refused = powerdash(data_dir, command, "--port", port)
            assert refused.returncode == 1
            assert refused.stderr == (
                f"powerdash: Port {port} is in use: stop what uses it, or choose"
                " another --port.\n"
            )
    assert not Cluster(data_dir).answers()


def test_a_command_starts_the_database_for_itself(data_dir: Path) -> None:
    made = powerdash(data_dir, "migrate")
    assert (made.returncode, made.stderr) == (0, "")
    assert not Cluster(data_dir).answers()


def test_a_database_that_refuses_is_told_in_a_sentence(data_dir: Path) -> None:
    refused = powerdash(data_dir, "migrate", DB_HOST="127.0.0.1", DB_PORT="1")
    assert refused.returncode == 1
    assert refused.stderr.startswith("powerdash: The database at 127.0.0.1:1 refuses:")
    assert refused.stderr.count("\n") == 1


def test_two_at_once_never_share_a_port(data_dir: Path, up: Up) -> None:
    second = powerdash(data_dir / "second", "up", "--port", str(up.port))
    assert second.returncode == 1
    assert f"Port {up.port} is in use" in second.stderr
    # While nothing serves, callers wait for the next web process: nobody is refused.
    for pid, line in up.children().items():
        if " serve " in line:
            kill(pid, signal.SIGKILL)
    assert up.status("/up") == 200


def test_a_simulation_does_not_hold_the_database(
    data_dir: Path, tmp_path: Path
) -> None:
    first = Up(data_dir, "--workers", "1")
    powerdash(data_dir, "organizations", "create", "campus", "--name", "Campus")
    url = f"http://127.0.0.1:{first.port}"
    with (tmp_path / "out").open("wb") as output:
        simulation = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "powerdash", "simulate", "--url", url,
             "--organization", "campus", "--devices", "3", "--report", "1"],
            env=environment(data_dir), cwd=data_dir, stdout=output, stderr=output,
        )  # fmt: skip
    readings = "SELECT count(*) FROM power_records"
    until(lambda: first.ask(readings)[0][0] > 3, what="readings of the simulation")
    assert first.stop() == 0
    second = Up(data_dir, "--workers", "1", "--port", str(first.port))
    stored = second.ask(readings)[0][0]
    until(lambda: second.ask(readings)[0][0] > stored + 3, what="the rest of them")
    simulation.send_signal(signal.SIGINT)
    simulation.wait(30)
    assert second.stop() == 0
    assert "are lost" not in (tmp_path / "out").read_text()


# --- a server whose owner did not let us ----------------------------------------------
@pytest.fixture
def stranger(database: None) -> Iterator[str]:
    """A role that may sign in to the test's database, and nothing else."""
    name = f"{settings.DB_DATABASE}_stranger"
    with connect(settings.DB_DATABASE) as admin:
        admin.execute(f'CREATE ROLE "{name}" LOGIN')
        yield name
        admin.execute(f'DROP ROLE "{name}"')


def test_a_missing_permission_is_told_in_a_sentence(
    data_dir: Path, stranger: str
) -> None:
    if settings.DB_EMBEDDED:
        # Its way in is the operating system's account: try as a role that may do less.
        with (
            connect(settings.DB_DATABASE) as admin,
            pytest.raises(psycopg.errors.InsufficientPrivilege) as refused,
        ):
            admin.execute(f'SET ROLE "{stranger}"; TABLE django_migrations')
        said = sentence(refused.value)
        assert said is not None
        assert "permission denied for table django_migrations" in said
        return
    for command in (["up", "--port", "0"], ["migrate"], ["telemetry", "count"]):
        ended = powerdash(
            data_dir, *command, DB_HOST=settings.DB_HOST, DB_USERNAME=stranger,
            DB_DATABASE=settings.DB_DATABASE, DB_PORT=str(settings.DB_PORT),
            DB_PASSWORD=settings.DB_PASSWORD,
        )  # fmt: skip
        assert ended.returncode == 1
        assert ended.stderr.count("\n") == 1, ended.stderr
        assert "permission denied" in ended.stderr
        assert "grant" in ended.stderr
