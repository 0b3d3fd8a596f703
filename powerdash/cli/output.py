"""What supervised processes say: all of it to a file, what matters to the terminal."""

import json
import logging
import logging.handlers
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

FILE_BYTES = 10 * 2**20
FILES_KEPT = 5
REPEAT_AFTER_S = 30.0
_LEVELS = {"warning", "error", "critical"}


class Output:
    """A pipe for one process's output, read by a thread until the process ends.

    Args:
        name: The process.
        file: Where every line goes; rotated.
        say: Called with each line a person should see.
    """

    def __init__(self, name: str, file: Path, say: Callable[[str], None]) -> None:
        self.name = name
        self.file = file
        self.last_line = ""
        self._say = say
        self._said: dict[str, float] = {}
        self._log = logging.handlers.RotatingFileHandler(
            file, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8"
        )

    def open(self) -> int:
        """Return the pipe's end for the process; close it once that has started."""
        ours, theirs = os.pipe()
        threading.Thread(target=self._read, args=(ours,), daemon=True).start()
        return theirs

    def close(self) -> None:
        """Close the file."""
        self._log.close()

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as pipe:
            for line in pipe:
                self._take(line.rstrip())

    def _take(self, line: str) -> None:
        if not line:
            return
        self._log.emit(logging.LogRecord(self.name, 20, "", 0, line, None, None))
        self.last_line = line
        told = worth_telling(line)
        at = time.monotonic()
        if told and at - self._said.get(told, -REPEAT_AFTER_S) >= REPEAT_AFTER_S:
            self._said = {
                k: v for k, v in self._said.items() if at - v < REPEAT_AFTER_S
            }
            self._said[told] = at
            self._say(told)


def worth_telling(line: str) -> str | None:
    """Return what a person should see of a line of a log, if anything."""
    if line.startswith("powerdash: "):
        return line.removeprefix("powerdash: ")
    if " PANIC: " in line:  # PostgreSQL; anything less is for its log
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or entry.get("level") not in _LEVELS:
        return None
    reason = entry.get("error") or entry.get("exception") or ""
    if isinstance(reason, list) and reason:  # structlog's traceback as data
        reason = f"{reason[-1].get('exc_type')}: {reason[-1].get('exc_value')}"
    first = str(reason).partition("\n")[0]
    return f"{entry['level']}: {entry.get('event')}" + (f" ({first})" if first else "")
