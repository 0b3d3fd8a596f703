"""The progress bar of a replay; nothing at all when nobody watches."""

import sys
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from powerdash.cli.replaying.checkpoint import Tally


class Bar:
    """Shows how much of the file is read and what became of it, on a terminal.

    Args:
        size: The file's, bytes.
        position: Returns how many bytes have been read.
    """

    def __init__(self, size: int, position: Callable[[], int]) -> None:
        self._position = position
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            console=self._console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task("0 readings", total=size or None)

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, tally: Tally) -> None:
        """Show how far it has come."""
        self._progress.update(
            self._task,
            completed=self._position(),
            description=f"{tally.sent:,} readings",
        )

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
