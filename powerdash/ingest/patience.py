"""Slows those who guess secrets, and lets every refusal take the same time.

Only wrong credentials ever wait; the real device, whose secret is right, never does.
What is counted is the device named, whether or not there is one, so the wait tells a
guesser nothing.
"""

import asyncio
import time
from collections import OrderedDict

FLOOR_S = 0.05  # every refusal takes at least this: longer than a look-up
FREE_FAILURES = 5  # before waits grow
LONGEST_S = 3.0
FORGET_S = 60.0  # without a failure
REMEMBERED_MAX = 10_000  # names
SLEEPERS_MAX = 2_000  # refusals that wait at once; beyond it only the floor


class Patience:
    """Counts failures by name and waits accordingly."""

    def __init__(self) -> None:
        self._failures: OrderedDict[bytes, tuple[int, float]] = OrderedDict()
        self._sleepers = 0

    def wait_s(self, name: bytes, now_s: float) -> float:
        """Count a failure and return how long its answer takes, seconds."""
        if not name:  # nobody's: all who send none share it, so it tells nothing
            return FLOOR_S
        count, last_s = self._failures.pop(name, (0, now_s))
        count = 1 if now_s - last_s > FORGET_S else count + 1
        self._failures[name] = (count, now_s)
        if len(self._failures) > REMEMBERED_MAX:
            self._failures.popitem(last=False)
        if count <= FREE_FAILURES or self._sleepers >= SLEEPERS_MAX:
            return FLOOR_S
        return min(LONGEST_S, FLOOR_S * 2.0 ** min(count - FREE_FAILURES, 16))

    async def wait(self, name: bytes, began_s: float) -> None:
        """Wait until the refusal of a request that began then may be sent."""
        wait_s = self.wait_s(name, time.monotonic())
        self._sleepers += 1
        try:
            await asyncio.sleep(max(0.0, began_s + wait_s - time.monotonic()))
        finally:
            self._sleepers -= 1
