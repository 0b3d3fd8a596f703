"""The control plane as an ASGI application."""

from collections.abc import Awaitable, Callable

from django.core.asgi import get_asgi_application

from powerdash import settings

# Connections of one process. Under ASGI each request has a thread of its own, so a
# connection kept by thread would never be used twice: they are kept in a pool.
POOL = {"min_size": 1, "max_size": 8, "timeout": 5}


def django_application() -> Callable[..., Awaitable[None]]:
    """Return Django, with a pool of connections to the database."""
    database = settings.DATABASES["default"]
    database["CONN_MAX_AGE"] = 0
    # The few statements that ask to be prepared are: see `telemetry.series`.
    database["OPTIONS"] = {"pool": dict(POOL), "prepare_threshold": 5}
    return get_asgi_application()
