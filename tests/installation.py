"""An installation that a test starts by itself, as a person would."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from powerdash.lib.embedded import USER, Cluster

DEADLINE_S = 120.0  # a loaded machine starts several Pythons one after the other


def until(true: Callable[[], bool], *, what: str, seconds: float = DEADLINE_S) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a machine where nothing is set but the folder."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "POWERDASH_DATA_DIR": str(data_dir), **settings}


def powerdash(
    data_dir: Path, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "powerdash", *arguments],
        env=environment(data_dir, **settings),
        cwd=data_dir.parent,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


class Up:
    """A running `powerdash up` on a free port."""

    def __init__(self, data_dir: Path, *arguments: str, **settings: str) -> None:
        self.data_dir = data_dir
        self.cluster = Cluster(data_dir)
        self.output = data_dir / "up.out"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "powerdash", "up", "--port", "0", *arguments],
                env=environment(data_dir, **settings),
                cwd=data_dir,
                stdout=output,
                stderr=output,
            )
        until(lambda: "stops it" in self.said() or self.ended(), what="started")
        assert not self.ended(), self.said()
        address = self.said().partition("http://127.0.0.1:")[2].split()[0]
        self.port = int(address)

    def said(self) -> str:
        """Return what it printed so far."""
        return self.output.read_text()

    def ended(self) -> bool:
        """Tell whether it ended."""
        return self.process.poll() is not None

    def status(self, path: str) -> int:
        """Return the status of `GET path`, 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        """Ask its database."""
        with psycopg.connect(
            host=str(self.cluster.socket_dir), user=USER, dbname="power_dashboard"
        ) as connection:
            return connection.execute(question.encode()).fetchall()

    def children(self) -> dict[int, str]:
        """Return the command lines of its children, by process id."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid): command_line(int(pid)) for pid in listed.read_text().split()}

    def child(self, part: str) -> int:
        """Return the process id of the first child whose command line has `part`."""
        found = [pid for pid, line in self.children().items() if part in line]
        assert found, f"no child is {part}: {self.children()}"
        return found[0]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it as `kill` or Ctrl-C does; return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)


def command_line(pid: int) -> str:
    """Return a process's command line, empty when it is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
