"""asyncpg connections by the settings, for the data plane and the worker's loops."""

import asyncio
from typing import Any, TypeAlias

import asyncpg

from powerdash import settings

# What tells that the server is away rather than that the statement is wrong.
AWAY = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # cut off in the middle of an answer
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidCatalogNameError,
)


Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def connect(name: str, **options: str) -> Connection:
    """Open a connection.

    Args:
        name: Shown as `application_name` in `pg_stat_activity`.
        options: Server settings for this session, such as `plan_cache_mode`.

    Raises:
        OSError, asyncpg.PostgresError: There is no server, or it refuses us.
    """
    given: dict[str, Any] = {}
    if settings.DB_PASSWORD:
        given["password"] = settings.DB_PASSWORD
    return await asyncpg.connect(
        host=settings.DB_SERVER,
        port=settings.DB_PORT,
        user=settings.DB_USERNAME,
        database=settings.DB_DATABASE,
        timeout=5,
        server_settings={"application_name": f"powerdash {name}", **options},
        **given,
    )
