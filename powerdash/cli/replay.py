"""`powerdash replay`: the readings of a CSV file, posted as a device."""

import asyncio
import json
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import typer

from powerdash.cli.errors import Refused
from powerdash.cli.posting import Credential
from powerdash.cli.replaying import options
from powerdash.cli.replaying.bar import Bar
from powerdash.cli.replaying.batches import Timeline, batches
from powerdash.cli.replaying.checkpoint import Checkpoint, Tally, state_dir
from powerdash.cli.replaying.columns import Columns, preset_with
from powerdash.cli.replaying.mapping import Mapping
from powerdash.cli.replaying.preset import Preset, preset_find, preset_for
from powerdash.cli.replaying.run import IN_FLIGHT, Replay
from powerdash.cli.replaying.table import Table, at_rest, file_digest
from powerdash.cli.replaying.who import credential_given, credential_registered
from powerdash.cli.uplink import Uplink
from powerdash.cli.wire import Client
from powerdash.lib import clock

NAME_MAX = 120  # characters of a device's name
_MAX = "max"


class ReplayFailed(Refused):
    """Not everything was sent; the message is a sentence for people."""


@dataclass(slots=True)
class _Job:
    """One replay as asked for."""

    file: Path
    digest: str
    preset: Preset
    url: str
    credential: Credential
    timeline: Timeline
    batch: int
    resume: bool
    as_json: bool
    give_up_s: float
    folder: Path
    start: Tally = field(default_factory=Tally)


def command(  # noqa: PLR0913, PLR0917 — one argument per option
    file: options.File,
    url: options.Url = "http://127.0.0.1:8000",
    device: options.Device = "",
    secret_file: options.SecretFile = None,
    organization: options.Organization = None,
    name: options.Name = "",
    preset: options.PresetName = "",
    time_column: options.Time = None,
    time_format: options.TimeFormat = None,
    timezone: options.Timezone = "",
    current: options.Current = "",
    voltage: options.Voltage = "",
    phase: options.PhaseName = "",
    attribute: options.Attribute = None,
    delimiter: options.Delimiter = "",
    encoding: options.Encoding = "",
    skip_lines: options.SkipLines = 0,
    header: options.Header = True,
    decimal: options.Decimal = "",
    missing: options.Missing = None,
    shift_to_now: options.ShiftToNow = False,
    speed: options.Speed = "",
    batch: options.Batch = 1000,
    resume: options.Resume = False,
    as_json: options.AsJson = False,
    give_up: options.GiveUp = 120.0,
    state_folder: options.StateDir = None,
) -> None:
    """Post the readings of a file as a device.

    Missing values are counted, not sent. The exit status is 0 when every reading was
    accepted or was there already.
    """
    given = Columns(
        time_column or (), time_format or (), timezone, current, voltage, phase,
        attribute or (), delimiter, decimal, missing or (),
        encoding, skip_lines, header,
    )  # fmt: skip
    with at_rest(file) as whole:
        used = _preset(whole, preset, given)
        timeline = _timeline(
            whole, used, _speed(speed, live=shift_to_now), shift_to_now
        )
        digest = file_digest(whole)
        folder = state_folder or state_dir()
        if device or secret_file is not None:
            credential = credential_given(device, secret_file)
        else:
            stem = whole.name.partition(".")[0]
            name = name or (used.title or "{stem}").replace("{stem}", stem)[:NAME_MAX]
            credential = credential_registered(organization, name, digest, folder)
        job = _Job(
            whole, digest, used, url, credential, timeline, batch, resume, as_json,
            give_up, folder,
        )  # fmt: skip
        asyncio.run(_replay(job))


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _preset(file: Path, wanted: str, given: Columns) -> Preset:
    """Return the preset to use, with the options in force, and say which it is.

    Raises:
        ReplayFailed: The series has no readings.
    """
    found = preset_find(wanted) if wanted else preset_for(file)
    if found is not None and found.cannot:
        raise ReplayFailed(f"{file.name}: {found.cannot}")
    with Table(file, given.layout(found)) as table:
        used = preset_with(found, given, table.header)
        mapping = Mapping(used, table.header, file.parent)
    source = f"preset {used.name}" if found else used.name
    _say(f"{file.name}: {source}; times without an offset are {used.time.timezone}.")
    if mapping.unjoined:
        _say(f"{mapping.unjoined} is not beside it: its columns are left out.")
    return used


def _speed(text: str, *, live: bool) -> float | None:
    """Return file seconds per second, None for as fast as possible.

    Raises:
        ReplayFailed: It is neither a number nor `max`.
    """
    text = text or ("1x" if live else _MAX)
    if text == _MAX:
        return None
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0.0 < speed < float("inf"):
        raise ReplayFailed(f"--speed {text} must be like 1x, 60x or max.")
    return speed


def _timeline(
    file: Path, preset: Preset, speed: float | None, shift_to_now: bool
) -> Timeline:
    if not shift_to_now:
        return Timeline(speed)
    if speed is not None:
        return Timeline(speed, live_from=clock.now())
    last = _last_time(file, preset)
    shift = clock.now() - last if last else timedelta()
    return Timeline(shift=shift - timedelta(microseconds=shift.microseconds))


def _last_time(file: Path, preset: Preset) -> datetime | None:
    with Table(file, preset.layout) as table:
        mapping = Mapping(preset, table.header, file.parent)
        times = (r.ts for row in table.rows() for r in mapping.read(row).readings)
        return max(times, default=None)


async def _replay(job: _Job) -> None:
    identity = (job.digest, job.credential.uuid, job.url, repr(job.preset))
    checkpoint = Checkpoint(job.folder, *identity)
    job.start = (checkpoint.load() if job.resume else None) or Tally()
    checkpoint.save(job.start)  # before any work: a folder that cannot be written to
    started = time.monotonic()
    with ExitStack() as stack:
        table = stack.enter_context(Table(job.file, job.preset.layout))
        bar = stack.enter_context(Bar(table.size, lambda: table.position))
        async with Client(job.url) as client:
            uplink = Uplink(
                client,
                connections=IN_FLIGHT,
                tell=bar.say,
                waiting=lambda: replay.waiting,
                give_up_s=job.give_up_s,
            )
            replay = Replay(
                job.credential, uplink, checkpoint,
                start=job.start, progress=bar.show,
            )  # fmt: skip
            _stop_on_signals(replay)
            mapping = Mapping(job.preset, table.header, job.file.parent)
            is_whole = await replay.run(
                batches(
                    table.rows(),
                    mapping.read,
                    job.timeline,
                    size=job.batch,
                    skip=job.start.rows,
                )
            )
    _conclude(job, replay, time.monotonic() - started, is_whole=is_whole)


def _stop_on_signals(replay: Replay) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, replay.stop.set)


def _conclude(job: _Job, replay: Replay, seconds: float, *, is_whole: bool) -> None:
    """Say what became of the file; the exit status is not 0 unless all is well."""
    tally = replay.window.all
    reasons = replay.reasons.lines()
    for line in reasons:
        _say(line)
    speed = (tally.sent - job.start.sent) / max(seconds, 1e-6)
    if job.as_json:
        result = {
            **msgspec.structs.asdict(tally),
            "seconds": round(seconds, 3),
            "readings_per_second": round(speed),
            "device": job.credential.uuid,
            "resumed_after_row": job.start.rows,
            "complete": is_whole,
            "reasons": reasons,
        }
        typer.echo(json.dumps(result))
    else:
        typer.echo(_summary(tally, seconds, speed))
    if not is_whole:
        because = f"{replay.failure} ".replace(") ", "). ") if replay.failure else ""
        raise ReplayFailed(
            f"{because}Stopped after row {replay.window.firm.rows:,};"
            " go on with the same command and --resume."
        )
    if tally.refused or tally.unreadable:
        raise typer.Exit(1)


def _summary(tally: Tally, seconds: float, speed: float) -> str:
    unreadable = f", {tally.unreadable:,} rows unreadable" if tally.unreadable else ""
    return (
        f"{tally.accepted:,} accepted, {tally.duplicates:,} duplicates, "
        f"{tally.refused:,} refused, {tally.missing:,} missing{unreadable} "
        f"({tally.rows:,} rows, {seconds:,.1f} s, {speed:,.0f} readings/s)"
    )
