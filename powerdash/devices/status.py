"""The whole life of a device is the table `MOVES`. Pure.

Source: specification, "Device States"; departure: maintenance ends only by a person,
never by the heartbeat sweep.
"""

from enum import StrEnum

from powerdash.events.types import EventType


class DeviceStatus(StrEnum):
    """Where a device stands in its life."""

    ONLINE = "online"
    OFFLINE = "offline"
    MAINTENANCE = "maintenance"
    DECOMMISSIONED = "decommissioned"


class Trigger(StrEnum):
    """What can move a device."""

    SEEN = "seen"  # a reading or a heartbeat arrived
    SILENT = "silent"  # its deadline passed
    MAINTENANCE_STARTED = "maintenance_started"
    MAINTENANCE_ENDED = "maintenance_ended"
    DECOMMISSIONED = "decommissioned"


class TransitionNotAllowed(Exception):
    """The device cannot make this move from where it stands."""

    def __init__(self, status: DeviceStatus, trigger: Trigger) -> None:
        super().__init__(f"A device {_BEING[status]} cannot be {_DONE[trigger]}.")
        self.status = status
        self.trigger = trigger


_BEING = {
    DeviceStatus.ONLINE: "that is online",
    DeviceStatus.OFFLINE: "that is offline",
    DeviceStatus.MAINTENANCE: "in maintenance",
    DeviceStatus.DECOMMISSIONED: "that is decommissioned",
}
_DONE = {
    Trigger.SEEN: "brought online",
    Trigger.SILENT: "taken offline",
    Trigger.MAINTENANCE_STARTED: "put into maintenance",
    Trigger.MAINTENANCE_ENDED: "taken out of maintenance",
    Trigger.DECOMMISSIONED: "decommissioned",
}

_S, _T, _E = DeviceStatus, Trigger, EventType

MOVES: dict[tuple[DeviceStatus, Trigger], tuple[DeviceStatus, EventType]] = {
    (_S.OFFLINE, _T.SEEN): (_S.ONLINE, _E.DEVICE_ONLINE),
    (_S.ONLINE, _T.SILENT): (_S.OFFLINE, _E.DEVICE_OFFLINE),
    (_S.ONLINE, _T.MAINTENANCE_STARTED): (_S.MAINTENANCE, _E.DEVICE_MAINTENANCE_ON),
    (_S.OFFLINE, _T.MAINTENANCE_STARTED): (_S.MAINTENANCE, _E.DEVICE_MAINTENANCE_ON),
    # Offline until it is next heard: maintenance often ends before the power is back.
    (_S.MAINTENANCE, _T.MAINTENANCE_ENDED): (_S.OFFLINE, _E.DEVICE_MAINTENANCE_OFF),
    (_S.ONLINE, _T.DECOMMISSIONED): (_S.DECOMMISSIONED, _E.DEVICE_DECOMMISSIONED),
    (_S.OFFLINE, _T.DECOMMISSIONED): (_S.DECOMMISSIONED, _E.DEVICE_DECOMMISSIONED),
    (_S.MAINTENANCE, _T.DECOMMISSIONED): (_S.DECOMMISSIONED, _E.DEVICE_DECOMMISSIONED),
}


def next_status(
    status: DeviceStatus, trigger: Trigger
) -> tuple[DeviceStatus, EventType]:
    """Return where `trigger` leads from `status`, and the event to record.

    Raises:
        TransitionNotAllowed: `MOVES` has no such move.
    """
    try:
        return MOVES[status, trigger]
    except KeyError:
        raise TransitionNotAllowed(status, trigger) from None
