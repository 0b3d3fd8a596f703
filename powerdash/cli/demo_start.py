"""The demo as `up` sees it: made by a command of its own, then kept posting.

A new demo has a past, so that its weeks can be compared: an hour in steps of ten
seconds, posted before it is shown, and weeks (`DEMO_WEEKS`) in steps of five minutes,
posted beside the simulator that goes on.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from powerdash import settings

CREDENTIALS = settings.DATA_DIR / "demo-devices.jsonl"
BACKLOG_FILE = settings.DATA_DIR / "demo-backlog.sqlite3"
# When the demo was made, ISO 8601; there until its weeks are stored.
WEEKS_FILE = settings.DATA_DIR / "demo-weeks-due"
HOUR = timedelta(hours=1)
HOUR_STEP = timedelta(seconds=10)
WEEKS = timedelta(weeks=settings.DEMO_WEEKS)
WEEKS_STEP = timedelta(minutes=5)
# From where the weeks' last beat begins until the hour: all devices have told
# by then, and the hour's first reading comes before they count as silent.
SEAM = timedelta(seconds=100)


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
    arguments = [*_simulate(url), "--buffer-file", str(BACKLOG_FILE)]
    if demo.made_at:
        arguments += _start(datetime.fromisoformat(demo.made_at))
    return arguments


def hour_arguments(demo: Demo, url: str) -> list[str]:
    """Return the command that posts the hour before a new demo."""
    made_at = datetime.fromisoformat(demo.made_at)
    return [*_simulate(url), *_past(made_at - HOUR, HOUR, HOUR_STEP)]


def weeks_arguments(url: str) -> list[str] | None:
    """Return the command that posts the weeks before, or None when they are stored.

    What a command before it has posted is found stored, so it may be cut short.
    """
    if not WEEKS or not WEEKS_FILE.exists():
        return None
    made_at = datetime.fromisoformat(WEEKS_FILE.read_text())
    start = made_at - HOUR - SEAM - WEEKS
    return [*_simulate(url), *_past(start, WEEKS + WEEKS_STEP, WEEKS_STEP)]


def weeks_note(made_at: datetime) -> None:
    """Note that the weeks before a demo made at `made_at` are to be posted."""
    WEEKS_FILE.write_text(made_at.isoformat(timespec="seconds"))


def weeks_done(status: int) -> None:
    """Forget the note when the command ended well; else the next `up` tries again."""
    if status == 0:
        WEEKS_FILE.unlink(missing_ok=True)


def _simulate(url: str) -> list[str]:
    return ["simulate", "--url", url, "--credentials", str(CREDENTIALS)]


def _past(start: datetime, lasts: timedelta, step: timedelta) -> list[str]:
    duration, rate = lasts.total_seconds(), 1.0 / step.total_seconds()
    return [*_start(start), "--duration", repr(duration), "--rate", repr(rate)]


def _start(at: datetime) -> list[str]:
    return ["--start", at.strftime("%Y-%m-%dT%H:%M:%S%z")]
