"""Keeps processes running: starts them again when they die, stops them in order."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from powerdash.cli.errors import Refused
from powerdash.cli.output import Output
from powerdash.lib.embedded import PostgresUnavailable
from powerdash.lib.processes import die_with_parent

POLL_S = 0.1
LIVED_S = 5.0  # who lived this long has started well
BACKOFF_MAX_S = 30.0
ATTEMPTS = 5


def powerdash_process(
    *arguments: str, output: int | None = None, descriptors: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a `powerdash` command that is asked to stop when this process dies.

    Its session is its own, so a terminal's Ctrl-C reaches only the supervisor.

    Args:
        descriptors: Open files that it inherits, under the same numbers.
    """
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "powerdash", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGTERM),
        pass_fds=descriptors,
    )


@dataclass
class Program:
    """A process to keep running.

    Attributes:
        start: Starts it, given the descriptor for its output.
        stage: Programs of a higher stage are stopped first, those of one together.
        on_end: For a job with an end: called with its status, and not started again.
    """

    name: str
    start: Callable[[int | None], subprocess.Popen[bytes]]
    stage: int
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 20.0
    on_end: Callable[[int], None] | None = None
    output: Output | None = None
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    lived: bool = False
    started_at: float = 0.0
    due_at: float = field(default=0.0)

    def launch(self) -> None:
        """Start the process.

        Raises:
            OSError, PostgresUnavailable: It cannot even be started.
        """
        self.started_at = time.monotonic()
        descriptor = self.output.open() if self.output else None
        try:
            self.process = self.start(descriptor)
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def failed(self, at: float) -> None:
        """Note a death; say when to start again (monotonic seconds)."""
        self.process = None
        if at - self.started_at >= LIVED_S:
            self.lived = True
            self.failures = 0
        self.failures += 1
        pause = 0.0 if self.failures == 1 else 0.5 * 2 ** (self.failures - 2)
        self.due_at = at + min(pause, BACKOFF_MAX_S)


class Supervisor:
    """Runs programs until told to stop.

    Args:
        log_dir: Where each program's output goes; None leaves it on ours.
        say: Called with each line a person should see.
    """

    def __init__(self, *, log_dir: Path | None, say: Callable[[str], None]) -> None:
        self.stopping = threading.Event()
        self._log_dir = log_dir
        self._say = say
        self._programs: list[Program] = []
        self._hurry = False

    def hear_signals(self) -> None:
        """Let SIGINT, SIGTERM and SIGHUP stop the programs; a second one hurries."""

        def heard(*_: object) -> None:
            self._hurry = self.stopping.is_set()
            self.stopping.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, heard)

    def add(self, program: Program) -> None:
        """Start a program and keep it running from now on."""
        if self._log_dir is not None:
            self._log_dir.mkdir(exist_ok=True)
            program.output = Output(
                program.name,
                self._log_dir / f"{program.name}.log",
                lambda line: self._say(f"{program.name}: {line}"),
            )
        self._programs.append(program)
        program.launch()

    def tend(self) -> None:
        """Start again what died and is due.

        Raises:
            Refused: A program died time and again without ever having run.
        """
        at = time.monotonic()
        for program in list(self._programs):
            if program.process is None:
                if at >= program.due_at:
                    self._relaunch(program)
            elif (status := program.process.poll()) is not None:
                self._note_death(program, status, at)

    def _note_death(self, program: Program, status: int, at: float) -> None:
        if program.on_end is not None:
            self._programs.remove(program)
            if status:
                self._say(f"{program.name} {_manner(status)}.")
            program.on_end(status)
            return
        program.failed(at)
        if not program.lived and program.failures >= ATTEMPTS:
            raise Refused(self._epitaph(program))
        self._say(f"{program.name} {_manner(status)}; starting it again.")

    def _relaunch(self, program: Program) -> None:
        try:
            program.launch()
        except (OSError, PostgresUnavailable) as error:
            program.failed(time.monotonic())
            self._say(f"{program.name} does not start: {error}")

    def _epitaph(self, program: Program) -> str:
        output = program.output
        if output is None or not output.last_line:
            return f"{program.name} does not start."
        reason = output.last_line.removeprefix("powerdash: ").rstrip(".")
        return f"{program.name} does not start: {reason}. See {output.file}."

    def run(self) -> None:
        """Tend the programs until told to stop.

        Raises:
            Refused: As `tend`.
        """
        while not self.stopping.wait(POLL_S):
            self.tend()

    def stop(self) -> None:
        """Stop every program, stage by stage; what does not end in time is killed."""
        self.stopping.set()
        for stage in sorted({program.stage for program in self._programs})[::-1]:
            programs = [p for p in self._programs if p.stage == stage and p.process]
            for program in programs:
                _signal(program, program.stop_signal)
            for program in programs:
                self._await_end(program)
        self._programs.clear()

    def _await_end(self, program: Program) -> None:
        process = program.process
        until = time.monotonic() + program.stop_timeout_s
        while process is not None and process.poll() is None:
            if time.monotonic() > until or self._hurry:
                self._hurry = False  # the next one gets its own chance
                self._say(f"{program.name} does not stop in time; killing it.")
                process.kill()
                process.wait()
            time.sleep(0.02)


def _signal(program: Program, number: signal.Signals) -> None:
    if program.process is not None and program.process.poll() is None:
        program.process.send_signal(number)


def _manner(status: int) -> str:
    """Say how a process ended."""
    if status < 0:
        return f"was killed ({signal.Signals(-status).name})"
    return f"ended with status {status}"
