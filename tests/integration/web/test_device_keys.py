"""How requests name devices: by id or UUID."""

import pytest

from powerdash.devices.models import Device
from powerdash.devices.selectors import device_get, device_ids
from tests.cast import Cast


def test_ids_and_uuids_name_a_device(cast: Cast) -> None:
    viewer, device = cast.viewer("viewer"), cast.device.device
    keys = [str(device.pk), str(device.uuid), str(device.uuid).upper()]
    assert [device_get(viewer, key) for key in keys] == [device] * 3
    assert device_ids(viewer, keys) == {device.pk}
    assert device_ids(viewer, []) == set()


@pytest.mark.parametrize("key", ["", "nobody", "0", "²", str(2**40), "-1"])
def test_what_names_none_is_told(cast: Cast, key: str) -> None:
    viewer = cast.viewer("viewer")
    with pytest.raises(Device.DoesNotExist):
        device_get(viewer, key)
    with pytest.raises(Device.DoesNotExist):
        device_ids(viewer, [str(cast.device.device.pk), key])


def test_anothers_device_does_not_exist(cast: Cast) -> None:
    viewer, strange = cast.viewer("viewer"), cast.strange_device.device
    for key in (str(strange.pk), str(strange.uuid)):
        with pytest.raises(Device.DoesNotExist):
            device_get(viewer, key)
        with pytest.raises(Device.DoesNotExist):
            device_ids(viewer, [str(cast.device.device.uuid), key])
