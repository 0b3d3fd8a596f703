"""The demo as `up` sees it: made by a command of its own, then kept posting."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from powerdash import settings

CREDENTIALS = settings.DATA_DIR / "demo-devices.jsonl"
BACKLOG_FILE = settings.DATA_DIR / "demo-backlog.sqlite3"
# A new demo begins with this much past, so that its charts are not empty.
PAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Demo:
    """Who may sign in to the demo.

    Attributes:
        made_at: ISO 8601, when it was made just now; else empty.
    """

    emails: list[str]
    password: str
    made_at: str

    def as_dict(self) -> dict[str, object]:
        """Return the fields, to be sent from process to process."""
        return asdict(self)


def make(finish: Callable[..., str]) -> Demo:
    """Make the demo, or find the one made before.

    Args:
        finish: Runs a `powerdash` command and returns what it printed.
    """
    last = finish("demo").strip().splitlines()[-1]
    return Demo(**json.loads(last))


def simulator_arguments(demo: Demo, url: str) -> list[str]:
    """Return the command that keeps the demo's devices posting."""
    arguments = ["simulate", "--url", url]
    arguments += ["--credentials", str(CREDENTIALS), "--buffer-file", str(BACKLOG_FILE)]
    if demo.made_at:
        start = datetime.fromisoformat(demo.made_at) - PAST
        arguments += ["--start", start.strftime("%Y-%m-%dT%H:%M:%S%z")]
    return arguments
