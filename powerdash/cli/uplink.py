"""The way to the server: while it is away, one request asks and all others wait."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence

from powerdash.cli.posting import (
    Answer,
    Credential,
    PostingFailed,
    Reading,
    ServerAway,
    post,
)
from powerdash.cli.wire import Client

PAUSE_FIRST_S = 0.5
PAUSE_MAX_S = 30.0
_random = secrets.SystemRandom()


class ServerGone(PostingFailed):
    """The server has been away for longer than anybody wants to wait."""


def pause_s(attempt: int, *, wish_s: float = 0.0) -> float:
    """Return how long to wait before asking again, s: doubling, with jitter, ≤ 30.

    Args:
        attempt: 0 for the first pause.
        wish_s: The server's `Retry-After`, s; waited for at least, up to 30.
    """
    longest = min(PAUSE_MAX_S, PAUSE_FIRST_S * 2.0 ** min(attempt, 16))
    return max(longest * _random.uniform(0.5, 1.0), min(wish_s, PAUSE_MAX_S))


class Uplink:
    """Sends readings, and sends them again until the server has them.

    Args:
        connections: The most requests at once.
        tell: Takes a line for people when the server goes away and comes back.
        waiting: Returns how many readings wait for the server.
        give_up_s: How long the server may be away, s; None for ever.
    """

    def __init__(
        self,
        client: Client,
        *,
        connections: int,
        tell: Callable[[str], None],
        waiting: Callable[[], int],
        give_up_s: float | None = None,
    ) -> None:
        self._client = client
        self._slots = asyncio.Semaphore(connections)
        self._probing = asyncio.Lock()
        self._tell = tell
        self._waiting = waiting
        self._away_since: float | None = None
        self._attempt = 0
        self._wish_s = 0.0
        self._why = ""
        self._give_up_s = give_up_s

    @property
    def is_away(self) -> bool:
        """Tell whether the server did not answer when last asked."""
        return self._away_since is not None

    async def send(self, credential: Credential, readings: Sequence[Reading]) -> Answer:
        """Send `readings`; return when the server has answered for them.

        Raises:
            DeviceRefused: The server refuses this device.
            AnswerUnexpected: No ingest door answers at this address.
            ServerGone: The server was away for longer than `give_up_s`.
        """
        while True:
            if not self.is_away:
                answer = await self._post(credential, readings)
                if answer is not None:
                    return answer
            async with self._probing:
                if self.is_away:
                    await self._pause()
                    answer = await self._post(credential, readings, probing=True)
                    if answer is not None:
                        return answer

    async def _post(
        self,
        credential: Credential,
        readings: Sequence[Reading],
        *,
        probing: bool = False,
    ) -> Answer | None:
        try:
            async with self._slots:
                if self.is_away and not probing:
                    return None  # it went away while this one waited for its turn
                answer = await post(self._client, credential, readings)
        except ServerAway as error:
            self._went_away(error)
            return None
        self._came_back()
        return answer

    async def _pause(self) -> None:
        if self._give_up_s is not None and self._away_since is not None:
            away_s = time.monotonic() - self._away_since
            if away_s > self._give_up_s:
                raise ServerGone(f"The server has been away for {away_s:,.0f} s.")
        if self._attempt == 1:  # once may be a hiccup: not worth a line
            self._tell(
                f"Server away ({self._why}): keeping the readings, trying again."
            )
        await asyncio.sleep(pause_s(self._attempt, wish_s=self._wish_s))
        self._attempt += 1

    def _went_away(self, error: ServerAway) -> None:
        self._wish_s, self._why = error.retry_after_s, str(error)
        if self._away_since is None:
            self._away_since = time.monotonic()

    def _came_back(self) -> None:
        if self._away_since is None:
            return
        away_s = time.monotonic() - self._away_since
        if self._attempt > 1:
            self._tell(
                f"Server back after {away_s:,.1f} s: "
                f"sending {self._waiting():,} kept readings."
            )
        self._away_since, self._attempt = None, 0
