"""Refused readings, stored after all once what was wrong is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from powerdash.devices.models import Device
from powerdash.devices.status import DeviceStatus
from powerdash.events.services import event_record
from powerdash.events.types import EventType
from powerdash.telemetry.limits import limits_at
from powerdash.telemetry.models import LatestReading, Rejection
from powerdash.telemetry.reading import (
    Reading,
    ReadingRefused,
    count_phase,
    reading_of,
    sample_of,
)
from powerdash.telemetry.rejection import Fix, FixImpossible
from powerdash.telemetry.sql import QUERIES


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the refused readings.

    Attributes:
        errors: Why some are still refused, by the id of the rejection.
    """

    accepted: int
    duplicates: int
    errors: dict[int, dict[str, list[str]]]


@transaction.atomic
def rejections_replay(
    *,
    organization_id: int,
    ids: Sequence[int],
    fix: Fix,
    at: datetime,
    actor_id: int | None = None,
) -> Replayed:
    """Store what was refused, with what was wrong put right.

    Each is checked as if it were sent now; readings of a decommissioned device are not
    stored. A reading that is there is a duplicate. An id of no refused reading of the
    organization, or of one that was stored before, is told among the errors.
    """
    wanted = Rejection.objects.select_for_update().filter(
        organization_id=organization_id, id__in=ids
    )
    living = set(
        Device.objects.filter(organization_id=organization_id)
        .exclude(status=DeviceStatus.DECOMMISSIONED)
        .values_list("pk", flat=True)
        .filter(pk__in=wanted.values("device_id"))
    )
    readings: list[Reading] = []
    errors: dict[int, dict[str, list[str]]] = {}
    done: list[int] = []
    known = set(wanted.values_list("pk", flat=True))
    for unknown in set(ids) - known:
        errors[unknown] = {"ids": ["There is no such refused reading."]}
    phases = _phases_of(living)
    for each in wanted.order_by("id"):
        if impossible := _impossible(each, living):
            errors[each.pk] = impossible
            continue
        try:
            reading = _reading(each, fix, at)
            count_phase(reading.phase, phases[reading.device_id])
            readings.append(reading)
        except ReadingRefused as refusal:
            errors[each.pk] = refusal.errors
        else:
            done.append(each.pk)
    accepted = _store(readings, at) if readings else 0
    Rejection.objects.filter(pk__in=done).update(replayed_at=at)
    event_record(
        event_type=EventType.REJECTIONS_REPLAYED,
        at=at,
        organization_id=organization_id,
        user_id=actor_id,
        data={"accepted": accepted, "asked": len(ids), "refused": len(errors)},
    )
    return Replayed(accepted, len(readings) - accepted, errors)


def _impossible(rejection: Rejection, living: set[int]) -> dict[str, list[str]]:
    """Return why a refused reading cannot be stored, whatever it says."""
    if rejection.replayed_at:
        # With another fix it would be another reading of the same.
        stored_at = f"{rejection.replayed_at:%Y-%m-%d %H:%M:%S} UTC"
        return {"ids": [f"It was stored at {stored_at}."]}
    if rejection.device_id not in living:
        return {"device": ["is decommissioned"]}
    return {}


def _phases_of(device_ids: Iterable[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {device_id: set() for device_id in device_ids}
    known = LatestReading.objects.filter(device_id__in=found)
    for device_id, phase in known.values_list("device_id", "phase"):
        found[device_id].add(phase)
    return found


def _reading(rejection: Rejection, fix: Fix, at: datetime) -> Reading:
    try:
        sample = sample_of(fix.apply(rejection.payload))
    except FixImpossible as error:
        raise ReadingRefused({"payload": [str(error)]}) from None
    return reading_of(sample, device_id=rejection.device_id, limits=limits_at(at))


def _store(readings: list[Reading], at: datetime) -> int:
    columns: list[Any] = [list(column) for column in zip(*readings, strict=True)]
    arguments = dict(zip(Reading._fields, columns, strict=True))
    with connection.cursor() as cursor:
        # No day is compressed between here and the end.
        cursor.execute("LOCK TABLE ONLY power_records IN ROW EXCLUSIVE MODE")
        cursor.execute(QUERIES["readings_partitions"], {"ts": columns[2], "at": at})
        cursor.execute(QUERIES["readings_store"], arguments)
        stored = cursor.fetchall()
        # After the newest readings, device by device, as the ingest door locks them.
        for device_id, count, newest in stored:
            given: dict[str, Any] = {"device_id": device_id, "count": count}
            given |= {"newest": newest, "at": at}
            cursor.execute(QUERIES["readings_arrived"], given)
    return sum(count for _, count, _ in stored)
