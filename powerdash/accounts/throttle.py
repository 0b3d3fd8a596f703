"""Slows the guessing of passwords without locking anybody out.

Failures fill buckets: one for each account and one for each address. A browser that
signed in to an account before has a bucket of its own instead, so that strangers who
guess at an account, or share its address, do not keep its owner out.
"""

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from powerdash.lib.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures at once, then one each `each_s` seconds."""

    burst: int
    each_s: int


BY_ADDRESS = Limit(burst=30, each_s=5)
BY_ACCOUNT = Limit(burst=10, each_s=10)
BY_BROWSER = Limit(burst=20, each_s=5)


class LoginThrottled(Exception):
    """Too many sign-ins failed; this one was not looked at.

    Attributes:
        retry_after_s: When to try again, seconds.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"Too many sign-ins failed: wait {retry_after_s} seconds and try again."
        )
        self.retry_after_s = retry_after_s


def buckets(
    *, email: str, address: str, browser: str | None
) -> list[tuple[str, Limit]]:
    """Return the buckets that a failure fills.

    Args:
        browser: What names a browser that signed in to this account before.
    """
    if browser is not None:
        return [(f"browser:{browser}", BY_BROWSER)]
    return [
        (f"address:{network_of(address)}", BY_ADDRESS),
        (f"account:{email}", BY_ACCOUNT),
    ]


def network_of(address: str) -> str:
    """Return the address, or the network that one IPv6 customer has for themselves."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


@transaction.atomic
def take(chosen: Sequence[tuple[str, Limit]], *, at: datetime) -> None:
    """Count a failure ahead of the attempt, so that attempts at once are counted too.

    Raises:
        LoginThrottled: A bucket is full; nothing was counted.
    """
    with connection.cursor() as cursor:
        for key, limit in chosen:
            arguments: dict[str, str | float | datetime] = {
                "key": key,
                "at": at,
                "capacity": limit.burst,
                "drain": 1 / limit.each_s,
            }
            cursor.execute(QUERIES["bucket_take"], arguments)
            if cursor.fetchone() is None:
                raise LoginThrottled(math.ceil(limit.each_s))


@transaction.atomic
def refund(chosen: Sequence[tuple[str, Limit]], *, at: datetime) -> None:
    """Take the failure back, for the attempt succeeded; forget what is long ago."""
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["bucket_refund"], {"keys": [key for key, _ in chosen]})
        cursor.execute(QUERIES["bucket_prune"], {"at": at})
