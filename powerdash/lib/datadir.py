"""Where one installation keeps its files: database, sockets, secret key."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

import platformdirs

# The kernel's limit for a socket path is 108 bytes; PostgreSQL adds "/.s.PGSQL.5432".
SOCKET_DIR_MAX = 90  # bytes


def default() -> Path:
    """Return the user's data folder, or the system's when run as root."""
    if os.geteuid() == 0:
        return Path("/var/lib/powerdash")
    return Path(platformdirs.user_data_dir("powerdash", appauthor=False))


def socket_dir(data_dir: Path) -> Path:
    """Return the folder of the embedded PostgreSQL's socket.

    It lies in `data_dir` unless its path would be too long for a socket; then in the
    temporary folder, under a name that follows from `data_dir`.
    """
    wanted = data_dir / "run"
    if len(os.fsencode(wanted)) <= SOCKET_DIR_MAX:
        return wanted
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"powerdash-{os.geteuid()}-{digest}"


def secret_key_file(data_dir: Path) -> Path:
    """Return the file of the installation's secret key."""
    return data_dir / "secret_key"


def secret_key(data_dir: Path) -> str:
    """Return the installation's secret key, made on first use (mode 0600).

    Raises:
        OSError: The folder or the file cannot be read or made.
    """
    file = secret_key_file(data_dir)
    if not file.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=".secret_key.", dir=data_dir)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, file)  # unlike rename, never replaces another process's key
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)
    return file.read_text(encoding="utf-8").strip()
