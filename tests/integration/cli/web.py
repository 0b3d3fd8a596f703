"""A web process on the worker's database, and commands that post to it."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from powerdash import settings
from powerdash.cli import registering
from powerdash.cli.posting import Credential
from powerdash.cli.simulator.fleet import FleetDevice
from tests import database
from tests.installation import DEADLINE_S, until

ROOT = Path(__file__).parents[3]


class Web:
    """`powerdash serve` on a port of its own, which it keeps when started again."""

    def __init__(self, folder: Path, slug: str) -> None:
        self.slug = slug
        self.folder = folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start it and wait until it can store a reading."""
        with (self.folder / "web.out").open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "powerdash", "serve",
                 "--port", str(self.port), "--workers", "1"],
                cwd=ROOT, stdout=output, stderr=output,
            )  # fmt: skip
        until(self.is_ready, what="the web process is ready")

    def is_ready(self) -> bool:
        """Tell whether it can store a reading."""
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(DEADLINE_S)

    def devices(self, *kinds: str) -> list[Credential]:
        """Register a device for each kind."""
        fleet = [FleetDevice(f"The {kind}", kind) for kind in kinds]
        return registering.register(self.slug, fleet)

    def credentials(self, *kinds: str) -> Path:
        """Register devices and write their credentials to a new file."""
        known = self.devices(*kinds)
        file = self.folder / f"{known[0].uuid}.jsonl"
        lines = [{"uuid": k.uuid, "secret": k.secret, "kind": k.kind} for k in known]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return file


def stored(file_or_uuid: Path | str) -> int:
    """Return how many readings are stored of a device, or of those in a file."""
    uuids = [str(file_or_uuid)]
    if isinstance(file_or_uuid, Path):
        lines = file_or_uuid.read_text().splitlines()
        uuids = [json.loads(line)["uuid"] for line in lines]
    question = """
        SELECT count(*) FROM power_records JOIN devices ON devices.id = device_id
        WHERE uuid = ANY(%s::uuid[])
    """
    with database.connect(settings.DB_DATABASE) as connection:
        row = connection.execute(question, [uuids]).fetchone()
    assert row is not None
    return int(row[0])


class Command:
    """A `powerdash` command under way, with what it says."""

    def __init__(self, output: Path, *arguments: object) -> None:
        self._output = output
        with output.open("wb") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "powerdash", *map(str, arguments)],
                cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip

    def said(self) -> str:
        """Return what it said so far."""
        return self._output.read_text()

    def until_it_says(self, text: str) -> None:
        """Wait for a text."""
        until(lambda: text in self.said() or self._ended(), what=f"it says {text}")
        assert text in self.said()

    def _ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it; return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)

    def wait(self) -> int:
        """Wait for its end; return the exit status."""
        return self.process.wait(DEADLINE_S)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
