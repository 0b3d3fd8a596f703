"""`powerdash simulate`: a fleet of plausible meters, through the public API."""

import asyncio
import signal
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from powerdash.cli.errors import Refused
from powerdash.cli.posting import Credential
from powerdash.cli.simulator import options
from powerdash.cli.simulator.credentials import credentials_get
from powerdash.cli.simulator.faults import NONE, Faults
from powerdash.cli.simulator.fleet import kind_of
from powerdash.cli.simulator.meter import meter_make
from powerdash.cli.simulator.run import Fleet, Pace, Station
from powerdash.cli.simulator.store import Journal, Store
from powerdash.cli.uplink import Uplink
from powerdash.cli.wire import Client
from powerdash.lib import clock

RATE_MAX = 100.0
CONNECTIONS = 32


class SimulationInvalid(Refused):
    """The options do not make a simulation; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class _Plan:
    url: str
    pace: Pace
    faults: Faults
    buffer: int
    buffer_file: Path | None
    report_s: float
    seed: int
    utc_offset_s: float


def command(  # noqa: PLR0913, PLR0917 — one argument per option
    devices: options.Devices = None,
    rate: options.Rate = 1.0,
    url: options.Url = "http://127.0.0.1:8000",
    credentials: options.Credentials = None,
    organization: options.Organization = None,
    seed: options.Seed = 1,
    start: options.Start = None,
    duration: options.Duration = None,
    batch: options.Batch = 1,
    buffer: options.Buffer = 20_000,
    buffer_file: options.BufferFile = None,
    faults: options.Faulty = True,
    timezone: options.Timezone = "UTC",
    report: options.Report = 10.0,
) -> None:
    """Post readings of a simulated fleet through the public API until stopped.

    Readings that the server does not take are kept and sent when it is back.
    """
    if not 0.0 < rate <= RATE_MAX:
        raise SimulationInvalid(
            f"--rate must be above 0 and at most {RATE_MAX:g}, not {rate:g}."
        )
    begin = start or clock.now()
    plan = _Plan(
        url=url,
        pace=Pace(begin.timestamp(), rate, duration, batch),
        faults=Faults() if faults else NONE,
        buffer=buffer,
        buffer_file=buffer_file,
        report_s=report,
        seed=seed,
        utc_offset_s=_utc_offset_s(timezone, begin),
    )
    known = credentials_get(devices, credentials, organization)
    asyncio.run(_simulate(plan, known))


def _utc_offset_s(name: str, at: datetime) -> float:
    try:
        offset = at.astimezone(ZoneInfo(name)).utcoffset()
    except (KeyError, ValueError, OSError) as error:
        raise SimulationInvalid(
            f"--timezone {name} is not a zone such as Europe/Paris or UTC."
        ) from error
    return (offset or timedelta()).total_seconds()


def _stations(
    plan: _Plan, known: list[Credential], journal: Journal | None
) -> list[Station]:
    stations = []
    for number, credential in enumerate(known):
        try:
            kind = kind_of(number, credential.kind)
        except ValueError as error:
            raise SimulationInvalid(str(error)) from error
        meter = meter_make(
            kind, seed=plan.seed, number=number, utc_offset_s=plan.utc_offset_s
        )
        meter.registers_start(plan.pace.start)
        store = Store(plan.buffer)
        if journal is not None:
            journal.load(credential.uuid, store)
            meter.registers.update(journal.registers(credential.uuid))
        stations.append(Station(credential, meter, store))
    return stations


async def _simulate(plan: _Plan, known: list[Credential]) -> None:
    with ExitStack() as stack:
        journal = None
        if plan.buffer_file is not None:
            journal = _journal(plan.buffer_file)
            stack.callback(journal.close)
        stations = _stations(plan, known, journal)
        async with Client(plan.url) as client:
            fleet = Fleet(
                stations,
                lambda fleet: Uplink(
                    client,
                    connections=CONNECTIONS,
                    tell=_tell,
                    waiting=lambda: fleet.waiting,
                ),
                plan.pace,
                plan.faults,
                clock=lambda: clock.now().timestamp(),
                tell=_tell,
            )
            is_stopped = _stop_on_signals(fleet)
            await _work(fleet, plan, journal)
    _conclude(fleet, plan, is_stopped=is_stopped())


def _journal(file: Path) -> Journal:
    try:
        return Journal(file)
    except sqlite3.Error as error:
        raise SimulationInvalid(
            f"--buffer-file {file} cannot be used: {error}."
        ) from error


def _stop_on_signals(fleet: Fleet) -> Callable[[], bool]:
    """Let SIGINT and SIGTERM stop the fleet; return what tells whether they did."""
    came = asyncio.Event()

    def stop() -> None:
        came.set()
        fleet.stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return came.is_set


async def _work(fleet: Fleet, plan: _Plan, journal: Journal | None) -> None:
    """Run the fleet with its reports and, when there is one, its journal."""
    beside = [asyncio.create_task(_report(fleet, plan.report_s))]
    if journal is not None:
        beside.append(asyncio.create_task(fleet.keep(journal)))
    try:
        await fleet.run()
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        if journal is not None:
            fleet.save(journal)


async def _report(fleet: Fleet, every_s: float) -> None:
    before = 0
    while True:
        await asyncio.sleep(every_s)
        taken = fleet.total.accepted + fleet.total.duplicates
        speed = (taken - before) / every_s
        before = taken
        _tell(f"{len(fleet.stations)} devices, {speed:,.1f} readings/s: {_sums(fleet)}")


def _sums(fleet: Fleet) -> str:
    total = fleet.total
    return (
        f"{total.accepted:,} accepted, {total.duplicates:,} duplicates, "
        f"{total.refused:,} refused, {fleet.waiting:,} waiting, "
        f"{fleet.dropped:,} dropped"
    )


def _tell(line: str) -> None:
    typer.echo(f"{clock.now():%H:%M:%S} {line}")


def _conclude(fleet: Fleet, plan: _Plan, *, is_stopped: bool) -> None:
    """Say what became of everything measured, and exit not 0 unless all is well."""
    if fleet.failure is not None:
        raise SimulationInvalid(str(fleet.failure))
    _tell(f"Measured {fleet.measured:,} readings: {_sums(fleet)}.")
    if fleet.waiting:
        where = f"kept in {plan.buffer_file}" if plan.buffer_file else "lost: not sent"
        _tell(f"{fleet.waiting:,} readings are {where}.")
    if all(station.is_refused for station in fleet.stations):
        raise SimulationInvalid(
            "The server takes readings of none of the devices; check --credentials."
        )
    is_short = fleet.waiting and plan.buffer_file is None
    if not is_stopped and (is_short or fleet.dropped or fleet.total.refused):
        raise typer.Exit(1)
