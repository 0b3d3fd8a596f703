"""`powerdash up`: the database, the web and the worker of one machine, supervised."""

import http.client
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from powerdash import settings
from powerdash.cli import demo_start, serve
from powerdash.cli.database import cluster
from powerdash.cli.errors import Refused
from powerdash.cli.supervisor import (
    POLL_S,
    Program,
    Supervisor,
    powerdash_process,
)
from powerdash.lib.embedded import Cluster
from powerdash.lib.locks import FileLock

USERS_TIMEOUT_S = 60.0  # for other commands to be done with the database
READY_TIMEOUT_S = 60.0
# What is stopped first has the highest.
DATABASE, WORKER, WEB, DEMO = range(4)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for."""

    host: str
    port: int
    workers: int
    demo: bool

    @property
    def url(self) -> str:
        """The address to open on this machine."""
        anywhere = {"0.0.0.0", "::", ""}  # noqa: S104 - compared, not bound
        host = "127.0.0.1" if self.host in anywhere else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


class Stopped(Exception):
    """Somebody asked us to stop before everything ran."""


def command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8000,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Web processes; by default 1 or 2.")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="With a fleet of simulated devices.")
    ] = False,
    _data_dir: Annotated[
        str | None,
        typer.Option("--data-dir", metavar="DIR", help="The installation's folder."),
    ] = None,
) -> None:
    """Run everything on this machine: database, web and worker. Ctrl-C stops it."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    up_lock = cluster().up_lock
    _lock(up_lock)
    try:
        with serve.listen(host, port) as listener:
            number = int(listener.getsockname()[1])
            plan = Plan(host, number, workers or serve.default_workers(), demo)
            run(plan, listener)
    finally:
        up_lock.release()


def _lock(lock: FileLock) -> None:
    """Be the only `up` of this folder.

    Raises:
        Refused: Another one runs.
    """
    with cluster().mutex:  # other commands try the lock too, for an instant, under this
        if not lock.acquire(wait=False):
            raise Refused(
                f"powerdash already runs on {settings.DATA_DIR}: open its address, stop"
                " it with Ctrl-C where it runs, or choose another --data-dir."
            )


def run(plan: Plan, listener: socket.socket) -> None:
    """Start everything, keep it running until told to stop, then stop it in order.

    Raises:
        Refused, PostgresUnavailable: A part cannot be started.
    """
    supervisor = Supervisor(
        log_dir=settings.DATA_DIR / "logs",
        say=lambda line: tell(line, typer.colors.YELLOW),
    )
    supervisor.hear_signals()
    try:
        start(plan, listener, supervisor)
        supervisor.run()
    except Stopped:
        pass
    finally:
        tell("Stopping.")
        supervisor.stop()
        tell("Stopped.")


def start(plan: Plan, listener: socket.socket, supervisor: Supervisor) -> None:
    """Start the parts one after the other and say where to look.

    Raises:
        Refused, PostgresUnavailable: A part cannot be started.
        Stopped: We were told to stop meanwhile.
    """
    if settings.DB_EMBEDDED:
        tell(f"Starting PostgreSQL in {settings.DATA_DIR}.")
        start_database(cluster(), supervisor)
    finish(supervisor, "migrate")
    for program in serve.web_programs(listener, plan.workers, stage=WEB):
        supervisor.add(program)
    supervisor.add(_keep("worker", "worker", stage=WORKER))
    demo = demo_start.make(partial(finish, supervisor)) if plan.demo else None
    wait_ready(plan, supervisor)
    if demo is not None:
        post_readings(demo, plan, supervisor)
    greet(plan, demo)


def post_readings(demo: demo_start.Demo, plan: Plan, supervisor: Supervisor) -> None:
    """Give the demo its past, and keep its devices posting.

    Raises:
        Refused: The past is not taken.
        Stopped: We were told to stop meanwhile.
    """
    if demo.made_at:
        finish(supervisor, *demo_start.hour_arguments(demo, plan.url))
    arguments = demo_start.simulator_arguments(demo, plan.url)
    supervisor.add(_keep("simulator", *arguments, stage=DEMO))
    if weeks := demo_start.weeks_arguments(plan.url):
        program = _keep("history", *weeks, stage=DEMO)
        program.on_end = demo_start.weeks_done
        supervisor.add(program)


def _keep(name: str, *arguments: str, stage: int) -> Program:
    return Program(
        name, lambda output: powerdash_process(*arguments, output=output), stage=stage
    )


def start_database(server: Cluster, supervisor: Supervisor) -> None:
    """Start PostgreSQL as our child, once no other command uses its own.

    Raises:
        PostgresUnavailable: It does not start.
        Refused: Another command does not get done.
        Stopped: We were told to stop meanwhile.
    """
    _wait_for_users(server, supervisor)
    try:
        with server.mutex:
            server.stop()  # one that an interrupted command left behind
            server.prepare()
            program = Program(
                "postgres",
                lambda output: server.spawn(supervised=True, output=output),
                stage=DATABASE,
                stop_signal=signal.SIGINT,  # PostgreSQL's "fast shutdown"
                stop_timeout_s=60,
            )
            supervisor.add(program)
    finally:
        server.users_lock.release()
    while not server.takes_connections():
        _check(supervisor)
        supervisor.tend()  # starts it again, or gives up
        time.sleep(POLL_S)


def _wait_for_users(server: Cluster, supervisor: Supervisor) -> None:
    begun = time.monotonic()
    told = False
    while True:
        with server.mutex:
            if server.users_lock.acquire(wait=False):
                return
        waited = time.monotonic() - begun
        if waited > USERS_TIMEOUT_S:
            raise Refused(
                f"Another powerdash command still uses the database in"
                f" {settings.DATA_DIR}: let it finish or stop it, and try again."
            )
        if waited > 1 and not told:
            tell("Waiting for another powerdash command to finish.")
            told = True
        supervisor.stopping.wait(POLL_S)
        _check(supervisor)


def finish(supervisor: Supervisor, *arguments: str) -> str:
    """Run a `powerdash` command to its end and return what it printed.

    Raises:
        Refused: It failed; its last line says why.
        Stopped: We were told to stop meanwhile.
    """
    with tempfile.TemporaryFile() as output:
        process = powerdash_process(*arguments, output=output.fileno())
        while process.poll() is None:
            if supervisor.stopping.wait(POLL_S / 4):
                process.terminate()
                process.wait()
                raise Stopped
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        last = (text.strip().splitlines() or ["it gave no reason"])[-1]
        raise Refused(last.removeprefix("powerdash: "))
    return text


def wait_ready(plan: Plan, supervisor: Supervisor) -> None:
    """Wait until the web can store a reading.

    Raises:
        Refused: It cannot within a minute.
        Stopped: We were told to stop meanwhile.
    """
    until = time.monotonic() + READY_TIMEOUT_S
    while not answers_ready(plan):
        supervisor.stopping.wait(POLL_S)
        _check(supervisor)
        supervisor.tend()
        if time.monotonic() > until:
            raise Refused(
                f"The web process does not get ready; see {settings.DATA_DIR / 'logs'}."
            )


def answers_ready(plan: Plan) -> bool:
    """Tell whether `GET /ready` answers 200."""
    address = plan.url.removeprefix("http://").rpartition(":")[0].strip("[]")
    connection = http.client.HTTPConnection(address, plan.port, timeout=2)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _check(supervisor: Supervisor) -> None:
    if supervisor.stopping.is_set():
        raise Stopped


def greet(plan: Plan, demo: demo_start.Demo | None) -> None:
    """Say where to look, how to sign in and how to stop."""
    tell("")
    tell(f"powerdash runs at {typer.style(plan.url, bold=True, underline=True)}")
    if demo is not None:
        for email in demo.emails:
            tell(f"  sign in as {email:<18}  password {demo.password}")
    tell("Ctrl-C stops it; the data stays.")


def tell(line: str, color: str | None = None) -> None:
    """Print a line; a reader who went away must not keep us from stopping well."""
    with suppress(BrokenPipeError):
        typer.secho(line, fg=color)
        sys.stdout.flush()
