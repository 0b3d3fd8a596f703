"""Child processes: those that die with their parent, those of a lesser user."""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class OsUser:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int


def os_user(uid: int) -> OsUser | None:
    """Return the account of `uid`, or None when the system has no name for it."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return OsUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def unprivileged_user() -> OsUser | None:
    """Return the account to run a server as that refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return os_user(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    return None


def barrier(path: Path, user: OsUser) -> Path | None:
    """Return the outermost folder on the way to `path` that `user` may not enter."""
    for folder in reversed([path, *path.parents]):
        status = folder.stat()
        if status.st_uid == user.uid:
            allowed = status.st_mode & 0o100
        elif status.st_gid == user.gid:
            allowed = status.st_mode & 0o010
        else:
            allowed = status.st_mode & 0o001
        if not allowed:
            return folder
    return None


def die_with_parent(sent: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` that has the kernel send `sent` when the parent dies.

    The kernel watches the thread that forked, so start such children from the main
    thread only. Elsewhere than on Linux it does nothing.
    """
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(sent))
        if os.getppid() != parent:  # it died before the kernel was told
            os._exit(1)

    return prepare
