"""Wait for a fact, with a deadline, by asking again."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(
    fact: Callable[[], Awaitable[object]], seconds: float = 10
) -> None:
    """Return as soon as the fact holds; fail when it does not within `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await fact():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.01)
