"""An organization now: total power, devices by status, top consumers. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from powerdash.devices.status import DeviceStatus

TOP = 8  # consumers named


@dataclass(frozen=True, slots=True)
class Consumer:
    """A device and its active power now, W."""

    uuid: str
    name: str
    location: str
    power_w: float


@dataclass(frozen=True, slots=True)
class Summary:
    """An organization now, in the shape that pages and live frames show.

    Attributes:
        ts: When. power_w: Active power of the devices heard within their interval.
        devices: How many by status. reporting: How many the sum holds.
    """

    ts: datetime
    power_w: float
    devices: dict[str, int]
    reporting: int
    top: list[Consumer]


def summaries(
    organizations: Iterable[str],
    consumers: Iterable[Sequence[Any]],
    statuses: Iterable[Sequence[Any]],
    *,
    at: datetime,
) -> dict[str, Summary]:
    """Sum up organizations.

    Args:
        organizations: Their UUIDs; one without devices gets a summary of zeros.
        consumers: Rows of the query `consumers`: organization, then a `Consumer`;
            greatest power first.
        statuses: Rows of the query `statuses`: organization, status, count.
    """
    found = {
        uuid: Summary(at, 0.0, dict.fromkeys(map(str, DeviceStatus), 0), 0, [])
        for uuid in organizations
    }
    for organization, status, count in statuses:
        found[organization].devices[status] = count
    by_organization: dict[str, list[Consumer]] = {uuid: [] for uuid in found}
    for organization, *consumer in consumers:
        by_organization[organization].append(Consumer(*consumer))
    return {
        uuid: Summary(
            ts=at,
            power_w=sum(consumer.power_w for consumer in by_organization[uuid]),
            devices=summary.devices,
            reporting=len(by_organization[uuid]),
            top=by_organization[uuid][:TOP],
        )
        for uuid, summary in found.items()
    }
