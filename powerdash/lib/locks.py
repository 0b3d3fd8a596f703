"""Advisory file locks between processes; the kernel frees them when a process dies."""

import fcntl
import os
from pathlib import Path


class FileLock:
    """A `flock` on a file, shared or exclusive.

    Args:
        path: The lock file, made on first use; its folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Take the lock, or change its kind when already held.

        Returns:
            False when `wait` is false and another process is in the way.

        Raises:
            OSError: The lock file cannot be opened.
        """
        if self._descriptor is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o600)
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._descriptor, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Let go; harmless when not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def held_elsewhere(self) -> bool:
        """Tell whether another open file holds it exclusively."""
        probe = FileLock(self.path)
        free = probe.acquire(shared=True, wait=False)
        probe.release()
        return not free

    def __enter__(self) -> "FileLock":
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
