"""The life of a device: each status with each trigger."""

import pytest

from powerdash.devices.status import (
    MOVES,
    DeviceStatus,
    TransitionNotAllowed,
    Trigger,
    next_status,
)
from powerdash.events.types import ANNOUNCED


@pytest.mark.parametrize("status", DeviceStatus)
@pytest.mark.parametrize("trigger", Trigger)
def test_it_moves_or_refuses(status: DeviceStatus, trigger: Trigger) -> None:
    if (status, trigger) in MOVES:
        new, event_type = next_status(status, trigger)
        assert new != status
        assert event_type in ANNOUNCED
    else:
        with pytest.raises(TransitionNotAllowed) as caught:
            next_status(status, trigger)
        assert str(status) in str(caught.value)


def test_nothing_leads_back_to_life() -> None:
    assert not any(status == DeviceStatus.DECOMMISSIONED for status, _ in MOVES)


def test_only_people_begin_and_end_maintenance() -> None:
    around = {
        trigger
        for (status, trigger), (new, _) in MOVES.items()
        if DeviceStatus.MAINTENANCE in (status, new)
    }
    assert around == {
        Trigger.MAINTENANCE_STARTED,
        Trigger.MAINTENANCE_ENDED,
        Trigger.DECOMMISSIONED,
    }
