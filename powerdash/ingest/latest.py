"""The newest reading of each device: to browsers at once, to tables each second."""

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from powerdash.ingest.auth import Device
from powerdash.lib.broker import Frame
from powerdash.telemetry.reading import Reading

FRAME_EVERY_S = 0.25  # a device's frames are at least this far apart
LIVE_WITHIN = timedelta(minutes=10)  # an older reading is history, not news


@dataclass(slots=True)
class _Entry:
    device: Device
    seen_at: datetime
    phases: dict[str, Reading] = field(default_factory=dict)
    unsaved: set[str] = field(default_factory=set)  # phases
    untold: bool = False
    told_s: float = 0.0  # monotonic


class Latest:
    """Keeps the newest reading by device and phase, and what is still to be told."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._untold: set[int] = set()
        self._unsaved: set[int] = set()

    def record(self, device: Device, readings: list[Reading], at: datetime) -> None:
        """Note committed readings, or with none that the device was heard."""
        entry = self._entries.get(device.id)
        if entry is None:
            entry = self._entries[device.id] = _Entry(device, at)
        entry.seen_at = at
        self._unsaved.add(device.id)
        for reading in readings:
            phase = reading[1]
            known = entry.phases.get(phase)
            if known is None or reading[2] > known[2]:
                entry.phases[phase] = reading
                entry.unsaved.add(phase)
                if not entry.untold and at - reading[2] < LIVE_WITHIN:
                    entry.untold = True
                    self._untold.add(device.id)

    def phases_of(self, device: Device) -> Set[str]:
        """Return the phases that a device has sent, as far as this process knows."""
        entry = self._entries.get(device.id)
        if entry is None:
            return device.phases
        known = entry.phases.keys()
        return known if device.phases <= known else known | device.phases

    def frames(self, now_s: float) -> list[Frame]:
        """Take the frames that are due.

        Args:
            now_s: Monotonic seconds.
        """
        frames: list[Frame] = []
        for device_id in tuple(self._untold):
            entry = self._entries[device_id]
            if now_s - entry.told_s >= FRAME_EVERY_S:
                entry.untold, entry.told_s = False, now_s
                self._untold.discard(device_id)
                frames.append(_frame(entry))
        return frames

    def unsaved(self) -> tuple[list[tuple[int, datetime]], list[Reading]]:
        """Take what the tables do not hold yet: last-seen times, newest readings."""
        seen: list[tuple[int, datetime]] = []
        newest: list[Reading] = []
        for device_id in sorted(self._unsaved):
            entry = self._entries[device_id]
            seen.append((device_id, entry.seen_at))
            newest.extend(entry.phases[phase] for phase in entry.unsaved)
            entry.unsaved.clear()
        self._unsaved.clear()
        return seen, newest

    def give_back(
        self, seen: list[tuple[int, datetime]], newest: list[Reading]
    ) -> None:
        """Keep for the next time what could not be saved."""
        self._unsaved.update(device_id for device_id, _ in seen)
        for reading in newest:
            self._entries[reading.device_id].unsaved.add(reading.phase)


def reading_props(reading: Reading) -> dict[str, Any]:
    """Return a reading as pages and frames show it (`ReadingProps` in the web door)."""
    factor = reading.power_factor
    return {
        "phase": reading.phase,
        "ts": reading.ts,
        "current_a": reading.current,
        "voltage_v": reading.voltage,
        "power_va": reading.power,
        "active_power_w": reading.power if factor is None else reading.power * factor,
        "power_factor": factor,
        "frequency_hz": reading.frequency,
        "temperature_c": reading.temperature,
        "energy_wh": reading.energy_wh,
    }


def _frame(entry: _Entry) -> Frame:
    newest = max(reading.ts for reading in entry.phases.values())
    data = {
        "device": entry.device.uuid,
        "readings": [
            reading_props(reading)
            for reading in entry.phases.values()
            if newest - reading.ts < LIVE_WITHIN
        ],
    }
    return Frame(
        f"private-device.{entry.device.uuid}",
        "PowerReadingRecorded",
        msgspec.json.encode(data).decode(),
        key=entry.device.uuid,
    )
