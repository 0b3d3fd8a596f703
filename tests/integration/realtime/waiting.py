"""Wait for a fact, with a deadline, by asking again."""

import asyncio
from collections.abc import Callable


async def until(fact: Callable[[], object], seconds: float = 10) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not fact():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.005)
