"""The embedded PostgreSQL: started once, shared, stopped by the last."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from powerdash.lib import postgres_files
from powerdash.lib.embedded import USER, Cluster, PostgresUnavailable
from tests.installation import until

OPTIONS = {"shared_buffers": "32MB"}


def cluster(data_dir: Path) -> Cluster:
    return Cluster(data_dir, options=OPTIONS)


def ask(server: Cluster, question: str) -> str:
    with psycopg.connect(
        host=str(server.socket_dir), user=USER, dbname="postgres"
    ) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def test_it_is_postgresql_18_in_utf8_by_socket_only(data_dir: Path) -> None:
    server = cluster(data_dir)
    with server.joined():
        assert ask(server, "SHOW server_version").startswith("18")
        assert ask(server, "SHOW server_encoding") == "UTF8"
        assert ask(server, "SHOW data_checksums") == "on"
        assert ask(server, "SHOW listen_addresses") == ""
        assert ask(server, "SHOW fsync") == "on"
        assert ask(server, "SELECT rolsuper FROM pg_roles WHERE rolname = user") == (
            "True"
        )
    assert server.socket_dir.stat().st_mode & 0o777 == 0o700


def test_the_last_one_out_stops_it(data_dir: Path) -> None:
    first, second = cluster(data_dir), cluster(data_dir)
    with second.joined():
        with first.joined():
            pid = first.postmaster_pid()
        assert first.answers()
        assert second.postmaster_pid() == pid
    assert not second.answers()


def test_one_left_by_a_killed_command_is_used_then_stopped(data_dir: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path;"
        "from powerdash.lib.embedded import Cluster;"
        "joined = Cluster(Path(sys.argv[1])).joined(); joined.__enter__();"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(data_dir)], check=False)  # noqa: S603
    server = cluster(data_dir)
    assert server.answers()
    left = server.postmaster_pid()
    with server.joined():
        assert server.postmaster_pid() == left
    assert not server.answers()


def test_a_killed_server_recovers_what_was_committed(data_dir: Path) -> None:
    server = cluster(data_dir)
    with server.joined():
        with psycopg.connect(
            host=str(server.socket_dir), user=USER, dbname="postgres"
        ) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        pid = server.postmaster_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: not server.answers(), what="the server is gone")
    assert (server.folder / "postmaster.pid").exists()
    with server.joined():
        assert ask(server, "SELECT n FROM kept") == "7"


def test_a_lock_file_with_another_programs_number_is_no_server(data_dir: Path) -> None:
    server = cluster(data_dir)
    with server.joined():
        pass
    (server.folder / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with server.joined():
        assert server.answers()


def test_an_interrupted_first_start_is_begun_again(data_dir: Path) -> None:
    server = cluster(data_dir)
    (data_dir / "postgres.new").mkdir()
    (data_dir / "postgres.new" / "PG_VERSION").write_text("18\n")
    with server.joined():
        assert server.answers()


def test_another_version_is_told_in_a_sentence(data_dir: Path) -> None:
    server = cluster(data_dir)
    with server.joined():
        pass
    (server.folder / "PG_VERSION").write_text("17\n")
    with (
        pytest.raises(PostgresUnavailable, match=r"is of PostgreSQL 17, this is 18"),
        server.joined(),
    ):
        pass
    assert server.users_lock.acquire(wait=False)  # nothing is left held
    server.users_lock.release()


def test_a_socket_folder_laid_by_another_is_told_in_a_sentence(data_dir: Path) -> None:
    server = cluster(data_dir)
    server.socket_dir.symlink_to(data_dir.parent)
    with (
        pytest.raises(PostgresUnavailable, match=r"run belongs to somebody else"),
        server.joined(),
    ):
        pass


def test_binaries_out_of_reach_are_copied(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = data_dir / "root"
    private.mkdir(mode=0o700)
    installed_at = postgres_files.package()
    for part in (installed_at, installed_at.with_suffix(".libs")):
        shutil.copytree(part, private / part.name, symlinks=True)
    monkeypatch.setattr(postgres_files, "package", lambda: private / installed_at.name)
    installed = data_dir / "installed"
    installed.mkdir()
    server = cluster(installed)
    with server.joined():
        assert server.answers()
