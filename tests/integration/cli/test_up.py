"""`powerdash up`: one command starts it all, and stops it all."""

import signal
import socket
from collections.abc import Iterator
from os import kill
from pathlib import Path

import pytest

from powerdash.lib.embedded import Cluster
from tests.installation import Up, command_line, powerdash, until


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
    first = Up(data_dir, "--demo", "--workers", "1")
    logins = [line for line in first.said().splitlines() if "sign in" in line]
    devices = first.ask("SELECT uuid FROM devices ORDER BY id")
    readings = "SELECT count(*) FROM power_records"
    until(lambda: first.ask(readings)[0][0] > 0, what="readings of the simulator")
    assert first.stop() == 0

    second = Up(data_dir, "--demo", "--workers", "1")
    assert len(logins) == 4
    assert logins == [line for line in second.said().splitlines() if "sign in" in line]
    assert devices == second.ask("SELECT uuid FROM devices ORDER BY id")
    assert second.ask(readings)[0][0] > 0
    assert second.stop() == 0


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
