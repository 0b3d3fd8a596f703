"""The one place where an expected error becomes a sentence on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from powerdash.lib.embedded import PostgresUnavailable
from powerdash.lib.env import SettingInvalid
from powerdash.lib.fields import FieldsInvalid


class Refused(Exception):
    """A command cannot do what was asked; the message says why and what to do."""


# Their message is already what a person should read.
_SENTENCES = (Refused, PostgresUnavailable, SettingInvalid, FieldsInvalid)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Leave with one sentence and status 1 after an error that was to be expected.

    An unexpected one keeps its traceback: it is ours to mend.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        said = sentence(error)
        if said is None:
            raise
        sys.stderr.write(f"powerdash: {said}\n")
        raise SystemExit(1) from None


def sentence(error: BaseException) -> str | None:
    """Return what to tell a person about `error`, or None if it is unexpected."""
    if isinstance(error, _SENTENCES):
        return str(error)
    if isinstance(error, PermissionError) and error.filename:
        return (
            f"No permission for {error.filename}: run as its owner, or choose another"
            " folder with --data-dir."
        )
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    if _is_refusal_of_database(error):
        return _database_sentence(error)
    return None


def _is_refusal_of_database(error: BaseException) -> bool:
    """Tell it by class name, so that no driver is loaded only to ask.

    Django wraps the driver's error, and tells of a schema that it may not fill by an
    error of its own: what caused an error counts too.
    """
    return any(_kinds(cause) & _REFUSALS for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _kinds(error: BaseException) -> set[str]:
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}


_PRIVILEGE = "psycopg.errors.InsufficientPrivilege"
_REFUSALS = {
    _PRIVILEGE,
    "psycopg.errors.ReadOnlySqlTransaction",
    "psycopg.OperationalError",
    "django.db.utils.OperationalError",
    "asyncpg.exceptions.PostgresConnectionError",
    "asyncpg.exceptions.InvalidCatalogNameError",
    "asyncpg.exceptions.InvalidAuthorizationSpecificationError",
    "asyncpg.exceptions.CannotConnectNowError",
    "asyncpg.exceptions.AdminShutdownError",
    "asyncpg.exceptions.TooManyConnectionsError",
}


def _database_sentence(error: BaseException) -> str:
    from powerdash import settings

    *_, error = _causes(error)  # the driver's own words
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = (lines or [type(error).__name__])[0]
    for mark in ("FATAL:", "failed:"):
        reason = reason.rpartition(mark)[2].strip()
    if settings.DB_EMBEDDED:
        return f"The database in {settings.DATA_DIR} does not answer: {reason}."
    if _PRIVILEGE in _kinds(error):
        return (
            f"{settings.DB_USERNAME} may not do this in the database"
            f" {settings.DB_DATABASE} at {settings.DB_HOST}: {reason}. Let the owner of"
            " the database grant it, or set DB_USERNAME."
        )
    return (
        f"The database at {settings.DB_HOST}:{settings.DB_PORT} refuses: "
        f"{reason.rstrip('.')}. Check DB_HOST, DB_PORT, DB_DATABASE, DB_USERNAME and"
        " DB_PASSWORD."
    )
