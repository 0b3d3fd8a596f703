"""`POST /broadcasting/auth`: who may listen where."""

from typing import Any

import pytest

from powerdash import settings
from powerdash.events.models import Event
from powerdash.lib.pusher import channel_signature
from tests.cast import ALL, MEMBERS, NOBODY, STRANGER, Cast

SOCKET = "123.456"


def ask(cast: Cast, part: str, channel: str, **more: Any) -> Any:
    body = {"socket_id": SOCKET, "channel_name": channel, **more}
    return cast.client(part).post("/broadcasting/auth", body)


def channel_of(cast: Cast, kind: str) -> str:
    return {
        "organization": f"private-organization.{cast.organization.uuid}",
        "device": f"private-device.{cast.device.device.uuid}",
    }[kind]


@pytest.mark.parametrize("kind", ["organization", "device"])
@pytest.mark.parametrize("part", ALL)
def test_members_may_listen_and_nobody_else(cast: Cast, part: str, kind: str) -> None:
    channel = channel_of(cast, kind)
    answer = ask(cast, part, channel)
    if part in MEMBERS:
        signed = channel_signature(settings.PUSHER_APP_SECRET, SOCKET, channel)
        assert answer.json() == {"auth": f"{settings.PUSHER_APP_KEY}:{signed}"}
    else:
        assert answer.status_code == (401 if part == NOBODY else 403)


def test_it_takes_json_too(cast: Cast) -> None:
    body = {"socket_id": SOCKET, "channel_name": channel_of(cast, "device")}
    answer = cast.client("viewer").post(
        "/broadcasting/auth", body, content_type="application/json"
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "channel",
    [
        "private-organization.",
        "private-device.",
        "private-device.1",
        "private-device.00000000-0000-0000-0000-000000000000",
        "private-other.x",
        "presence-organization.x",
        "public",
    ],
)
def test_other_channels_do_not_exist(cast: Cast, channel: str) -> None:
    assert ask(cast, "owner", channel).status_code == 403


def test_a_device_has_one_channel(cast: Cast) -> None:
    device = cast.device.device
    for spelling in (str(device.pk), str(device.uuid).upper(), device.uuid.hex):
        assert ask(cast, "owner", f"private-device.{spelling}").status_code == 403


@pytest.mark.parametrize(
    ("socket_id", "channel"),
    [("", "x"), ("1.2:3", "x"), ("1.2", "a:b"), ("1.2", ""), ("1.2", "a" * 300)],
)
def test_it_signs_nothing_of_another_shape(
    cast: Cast, socket_id: str, channel: str
) -> None:
    answer = ask(cast, "owner", channel, socket_id=socket_id)
    assert answer.status_code == 422


def test_it_records_who_tried(cast: Cast) -> None:
    ask(cast, STRANGER, channel_of(cast, "device"))
    event = Event.objects.get(type="permission.denied")
    assert event.user_id == cast.users[STRANGER].pk
    assert event.organization_id == cast.strange_organization.pk
