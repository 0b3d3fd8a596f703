"""A fleet at work: each device measures on its beat and sends when it can."""

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from powerdash.cli.posting import (
    Answer,
    AnswerUnexpected,
    Credential,
    DeviceRefused,
)
from powerdash.cli.simulator import noise
from powerdash.cli.simulator.faults import Faults, Link
from powerdash.cli.simulator.meter import Meter
from powerdash.cli.simulator.store import Journal, Store
from powerdash.cli.uplink import Uplink

BACKLOG_BATCH = 1_000  # readings in one request when catching up
FLUSH_S = 5.0  # how long a stopped fleet may go on sending
FLUSH_AWAY_S = 1.0  # the same when the server was away already
SPREAD_MAX_S = 60.0  # over which the beats of a period are spread
SKIP_S = 60.0  # the machine slept: what it missed by more than this is not made up
SAVE_S = 2.0
_BEAT = 400
_TOLD_MAX = 5


@dataclass(slots=True)
class Station:
    """One device: what it measures with, what it keeps, whether it can send."""

    credential: Credential
    meter: Meter
    store: Store
    tick: int = 0
    is_silent: bool = False
    is_refused: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Pace:
    """When the fleet measures.

    Attributes:
        start: Epoch time of the first beat, s; in the past it is caught up with.
        rate: Beats per second and device.
        duration_s: How long to measure, s of simulated time; None for ever.
        batch: Readings to gather before sending.
    """

    start: float
    rate: float
    duration_s: float | None = None
    batch: int = 1


class Fleet:
    """Runs the stations until told to stop.

    Args:
        clock: Returns the epoch time, s.
        tell: Takes a line for people.
    """

    def __init__(
        self,
        stations: list[Station],
        uplink: Callable[["Fleet"], Uplink],
        pace: Pace,
        faults: Faults,
        *,
        clock: Callable[[], float],
        tell: Callable[[str], None],
    ) -> None:
        self.stations = stations
        self.total = Answer()
        self.measured = 0
        self.stop = asyncio.Event()
        self.failure: AnswerUnexpected | None = None
        self._uplink = uplink(self)
        self._pace = pace
        self._faults = faults
        self._clock = clock
        self._tell = tell
        self._told: Counter[str] = Counter()
        self._is_flushing = False
        self._is_live = False  # what lay in the past when it started is caught up with

    @property
    def waiting(self) -> int:
        """Return how many readings wait for the server."""
        return sum(len(station.store) for station in self.stations)

    @property
    def dropped(self) -> int:
        """Return how many readings the full stores lost."""
        return sum(station.store.dropped for station in self.stations)

    async def run(self) -> None:
        """Measure and send until `stop` is set or the time is over, then flush."""
        senders = [asyncio.create_task(self._send(s)) for s in self.stations]
        try:
            await self._measure()
            self._is_flushing = True
            for station in self.stations:
                station.wake.set()
            patience_s = FLUSH_AWAY_S if self._uplink.is_away else FLUSH_S
            await asyncio.wait(senders, timeout=patience_s)
        finally:
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)

    async def keep(self, journal: Journal) -> None:
        """Save stores and registers to `journal` every two seconds until stopped."""
        while not self.stop.is_set():
            self.save(journal)
            await self._sleep(SAVE_S)

    def save(self, journal: Journal) -> None:
        """Save stores and registers to `journal`, durably."""
        for station in self.stations:
            journal.save(
                station.credential.uuid, station.store, station.meter.registers
            )
        journal.commit()

    async def _measure(self) -> None:
        """Let each station measure on its beat.

        The beats are spread over a period, or the first minute of it, as of meters
        that tell every quarter of an hour.
        """
        beats = [(self._due(number, 0), number) for number in range(len(self.stations))]
        heapq.heapify(beats)
        end = self._pace.start + (self._pace.duration_s or float("inf"))
        done = 0
        while not self.stop.is_set() and beats[0][0] < end:
            due, number = beats[0]
            behind = self._clock() - due
            if behind < 0.0:
                self._go_live()
                await self._sleep(-behind)
                continue
            station = self.stations[number]
            if self._is_live and behind > SKIP_S:
                station.tick += int((behind - SKIP_S) * self._pace.rate)
            elif not self._is_live:
                await self._room(station)
            self._beat(station, due)
            station.tick += 1
            heapq.heapreplace(beats, (self._due(number, station.tick), number))
            done += 1
            if done % 100 == 0:
                await asyncio.sleep(0)

    def _go_live(self) -> None:
        if not self._is_live:
            self._is_live = True
            for station in self.stations:
                station.wake.set()

    def _due(self, number: int, tick: int) -> float:
        offset = noise.unit(self.stations[number].meter.seed, _BEAT)
        period_s = 1.0 / self._pace.rate
        return self._pace.start + tick * period_s + offset * min(period_s, SPREAD_MAX_S)

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return

    async def _room(self, station: Station) -> None:
        """Wait, when catching up, until the store has room: nothing need be lost."""
        needed = len(station.meter.kind.phases)
        while len(station.store) and station.store.room < needed:
            if station.is_refused or self.stop.is_set():
                return
            station.is_silent = False
            station.wake.set()
            await self._sleep(0.02)

    def _beat(self, station: Station, due: float) -> None:
        seed = station.meter.seed
        link = self._faults.link(seed, due)
        station.is_silent = link is Link.SILENT
        if station.is_refused or link is Link.DARK:
            return
        if not self._faults.is_lost(seed, station.tick):
            self._take(station, due)
        enough = self._pace.batch if self._is_live else BACKLOG_BATCH
        if not station.is_silent and len(station.store) >= enough:
            station.wake.set()

    def _take(self, station: Station, due: float) -> None:
        period_s = 1.0 / self._pace.rate
        error_s = self._faults.clock_error_s(station.meter.seed, station.tick, due)
        # A clock may wander, but never past its neighbor beats.
        error_s = max(-0.2 * period_s, min(0.2 * period_s, error_s))
        readings = station.meter.readings(due, period_s, clock_error_s=error_s)
        for reading in readings:
            station.store.put(reading)
        self.measured += len(readings)

    async def _send(self, station: Station) -> None:
        while not station.is_refused:
            if not self._is_flushing:
                await station.wake.wait()
                station.wake.clear()
            while len(station.store) and (not station.is_silent or self._is_flushing):
                if not await self._send_some(station):
                    return
            if self._is_flushing:
                return

    async def _send_some(self, station: Station) -> bool:
        readings = station.store.take(BACKLOG_BATCH)
        try:
            answer = await self._uplink.send(station.credential, readings)
        except DeviceRefused as error:
            self._refuse(station, error)
            return False
        except AnswerUnexpected as error:
            self.failure = error
            self.stop.set()
            return False
        station.store.done()
        self._count(station, answer)
        return True

    def _refuse(self, station: Station, error: DeviceRefused) -> None:
        station.is_refused = True
        name = station.credential.name or station.credential.uuid
        self._tell_once(f"{name} stops: {error}.")
        if all(other.is_refused for other in self.stations):
            self.stop.set()

    def _count(self, station: Station, answer: Answer) -> None:
        self.total.accepted += answer.accepted
        self.total.duplicates += answer.duplicates
        self.total.refused += answer.refused
        name = station.credential.name or station.credential.uuid
        for _, key, reason in answer.errors:
            self._tell_once(f"{name}: {key} refused: {reason}")

    def _tell_once(self, line: str) -> None:
        self._told[line] += 1
        if self._told[line] == 1 and len(self._told) <= _TOLD_MAX:
            self._tell(line)
