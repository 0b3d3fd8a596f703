"""What the supervisor does with programs that end."""

import subprocess
import sys

import pytest

from powerdash.cli.supervisor import Program, Supervisor
from tests.installation import until


def ending(status: int) -> Program:
    code = f"raise SystemExit({status})"
    return Program(
        "job",
        lambda _: subprocess.Popen([sys.executable, "-c", code]),  # noqa: S603
        stage=0,
    )


def tended(supervisor: Supervisor, *, is_so: bool) -> bool:
    supervisor.tend()
    return is_so


@pytest.mark.parametrize("status", [0, 3])
def test_a_job_that_ended_is_not_started_again(status: int) -> None:
    said: list[str] = []
    ends: list[int] = []
    supervisor = Supervisor(log_dir=None, say=said.append)
    job = ending(status)
    job.on_end = ends.append
    supervisor.add(job)
    until(lambda: tended(supervisor, is_so=bool(ends)), what="the job ended")
    first = job.process
    for _ in range(3):
        supervisor.tend()
    assert ends == [status]
    assert job.process is first
    assert said == ([f"job ended with status {status}."] if status else [])
    supervisor.stop()


def test_a_program_that_ended_is_started_again() -> None:
    said: list[str] = []
    supervisor = Supervisor(log_dir=None, say=said.append)
    program = ending(0)
    supervisor.add(program)
    first = program.process
    until(
        lambda: tended(supervisor, is_so=program.process not in {first, None}),
        what="another process",
    )
    assert said[0] == "job ended with status 0; starting it again."
    supervisor.stop()
