"""`powerdash serve`: the web process, or several of them on one port."""

import errno
import os
import resource
import signal
import socket
import subprocess
import sys
from typing import Annotated

import typer
import uvicorn

from powerdash import settings
from powerdash.cli.errors import Refused
from powerdash.cli.supervisor import Program, Supervisor, powerdash_process
from powerdash.lib import logs

BACKLOG = 2048
KEEP_ALIVE_S = 75  # longer than the usual balancer's 60
WS_MESSAGE_MAX = 65_536  # bytes; the realtime door takes less
DRAIN_S = 10  # for requests under way when told to stop


def default_workers() -> int:
    """Return how many web processes suit this machine."""
    return min(2, os.cpu_count() or 1)


def listen(host: str, port: int) -> socket.socket:
    """Listen on a TCP port; from now on it is nobody else's.

    Args:
        port: 0 takes a free one.

    Raises:
        Refused: The address is in use, unknown or forbidden.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        raise Refused(_reason(error, host, port)) from error
    return listener


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use: stop what uses it, or choose another --port."
    if error.errno == errno.EACCES:
        return f"Port {port} is for root only: choose a --port above 1023."
    return f"Cannot listen on {host}: {error.strerror}; choose another --host."


def web_programs(listener: socket.socket, workers: int, *, stage: int) -> list[Program]:
    """Return the web processes that take connections from one listening socket.

    Who is free takes the next one; while a process is replaced, connections wait in the
    queue of the socket instead of being refused.
    """
    descriptor = listener.fileno()

    def start(output: int | None) -> subprocess.Popen[bytes]:
        arguments = ("serve", "--listener", str(descriptor))
        return powerdash_process(*arguments, output=output, descriptors=[descriptor])

    return [
        Program(
            name="web" if workers == 1 else f"web-{number}",
            start=start,
            stage=stage,
            stop_timeout_s=DRAIN_S + 10,
        )
        for number in range(1, workers + 1)
    ]


def command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    listener: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the web process: pages, API, ingest and live updates."""
    if listener is not None:
        serve(socket.socket(fileno=listener))
    elif workers == 1:
        serve(listen(host, port))
    else:
        supervise(listen(host, port), workers)


def supervise(listener: socket.socket, workers: int) -> None:
    """Keep several web processes running until told to stop."""
    supervisor = Supervisor(log_dir=None, say=lambda line: typer.echo(line, err=True))
    supervisor.hear_signals()
    try:
        for program in web_programs(listener, workers, stage=1):
            supervisor.add(program)
        supervisor.run()
    finally:
        supervisor.stop()


def serve(listener: socket.socket) -> None:
    """Serve on a listening socket until told to stop; then finish what is under way.

    Raises:
        Refused: The application did not start; its log says why.
    """
    logs.configure("web", settings.LOG_LEVEL)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a file a browser
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn takes over from here and hands the signal back when it is done.
        signal.signal(number, lambda *_: sys.exit(0))
    server = uvicorn.Server(
        uvicorn.Config(
            "powerdash.asgi:application",
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_ping_interval=None,  # the Pusher protocol has its own
            ws_max_size=WS_MESSAGE_MAX,
            ws_per_message_deflate=False,  # it would compress each frame per browser
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=DRAIN_S,
            proxy_headers=bool(settings.TRUSTED_PROXIES),
            forwarded_allow_ips=settings.TRUSTED_PROXIES,
        )
    )
    server.run(sockets=[listener])
    if not server.started:
        raise Refused("The web process did not start: its log says why.")
