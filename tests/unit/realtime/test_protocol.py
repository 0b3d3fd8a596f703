"""Numbers are those of the checklist in the protocol reference, section 11."""

import json
from typing import Any

import pytest

from powerdash.lib import pusher
from powerdash.realtime import protocol
from powerdash.realtime.protocol import Action, Close, Connection, Join, Leave, Send

APP = pusher.App("3", "278d425bdf160c739803", "7ad3773142a6692b25b8")
SOCKET = "1234.1234"


@pytest.fixture
def connection() -> Connection:
    return Connection(APP, SOCKET, at=100.0)


def sent(actions: list[Action]) -> list[dict[str, Any]]:
    return [json.loads(action.text) for action in actions if isinstance(action, Send)]


def say(connection: Connection, event: str, data: Any = None) -> list[Action]:
    message = {"event": event} | ({} if data is None else {"data": data})
    return connection.receive(json.dumps(message), at=101.0)


def subscribe(connection: Connection, channel: Any, **data: Any) -> list[Action]:
    return say(connection, "pusher:subscribe", {"channel": channel, **data})


def confirmation(channel: str) -> dict[str, str]:
    event = "pusher_internal:subscription_succeeded"
    return {"event": event, "channel": channel, "data": "{}"}


def refused_as(actions: list[Action]) -> dict[str, Any]:
    """Return why a subscription was refused, once sure that it was, and how."""
    assert not any(isinstance(action, Join | Close) for action in actions)
    (frame,) = sent(actions)
    assert frame["event"] == "pusher:subscription_error"
    assert frame["data"]["error"]
    return dict(frame["data"], channel=frame["channel"])


# --- the handshake --------------------------------------------------------------------


@pytest.mark.parametrize("version", ["5", "6", "7", None])
def test_02_the_handshake_answers_socket_id_and_timeout(
    connection: Connection, version: str | None
) -> None:
    (frame,) = sent(connection.open(APP.key, version))
    assert frame["event"] == "pusher:connection_established"
    assert json.loads(frame["data"]) == {"socket_id": SOCKET, "activity_timeout": 30}


@pytest.mark.parametrize(
    ("key", "version", "code"),
    [
        ("other", "7", 4001),
        ("", "7", 4001),
        (APP.key, "x", 4006),
        (APP.key, "", 4006),
        (APP.key, "٧", 4006),  # noqa: RUF001
        (APP.key, "4", 4007),
        (APP.key, "8", 4007),
        (APP.key, "9" * 5000, 4007),
    ],
)
def test_03_a_refused_handshake_has_its_code_in_both_frames(
    connection: Connection, key: str, version: str, code: int
) -> None:
    actions = connection.open(key, version)
    (frame,) = sent(actions)
    assert frame["event"] == "pusher:error"
    assert frame["data"]["code"] == code
    assert actions[-1] == Close(code, frame["data"]["message"])
    assert len(frame["data"]["message"].encode()) <= 123  # fits a close frame


# --- signs of life --------------------------------------------------------------------


@pytest.mark.parametrize("data", ["", ',"data":{}', ',"data":"{}"', ',"data":null'])
def test_08_a_ping_is_answered_by_a_pong_without_data(
    connection: Connection, data: str
) -> None:
    actions = connection.receive(f'{{"event":"pusher:ping"{data}}}', at=101.0)
    assert actions == [Send('{"event":"pusher:pong"}')]


def test_09_a_silent_client_is_pinged_once(connection: Connection) -> None:
    assert connection.tick(129.9) == []
    assert connection.tick(130.0) == [Send('{"event":"pusher:ping"}')]
    assert connection.tick(131.0) == []


def test_10_a_client_that_answers_nothing_is_closed(connection: Connection) -> None:
    connection.tick(130.0)
    assert connection.tick(159.9) == []
    actions = connection.tick(160.0)
    assert sent(actions)[0]["data"]["code"] == 4201
    assert isinstance(actions[-1], Close)
    assert actions[-1].code == 4201


@pytest.mark.parametrize("text", ['{"event":"pusher:pong"}', "nonsense"])
def test_08_anything_received_is_a_sign_of_life(
    connection: Connection, text: str
) -> None:
    connection.tick(130.0)
    connection.receive(text, at=150.0)
    assert connection.tick(179.9) == []
    assert sent(connection.tick(180.0)) == [{"event": "pusher:ping"}]


# --- messages -------------------------------------------------------------------------


def test_07_a_message_over_the_limit_is_refused_unread(connection: Connection) -> None:
    text = '{"event":"pusher:ping","data":"%s"}'
    longest = text % ("x" * (protocol.MESSAGE_MAX - len(text) + 2))
    assert sent(connection.receive(longest, at=101.0)) == [{"event": "pusher:pong"}]
    (action,) = connection.receive(longest.replace("xx", "xé", 1), at=101.0)
    assert isinstance(action, Close)
    assert action.code == 1009


@pytest.mark.parametrize(
    "text", ["", "x", "null", "[]", "1", '{"event":"x"', "[" * 15_000, "\ud800"]
)
def test_13_what_is_no_json_object_is_an_error_and_no_end(
    connection: Connection, text: str
) -> None:
    (frame,) = sent(connection.receive(text, at=101.0))
    assert frame["event"] == "pusher:error"
    assert frame["data"] == {"code": 4200, "message": "Invalid message format"}


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"event":1}',
        '{"event":null}',
        '{"event":["pusher:ping"]}',
        '{"event":"pusher:subscribe"}',
        '{"event":"pusher:subscribe","data":null}',
        '{"event":"pusher:subscribe","data":[]}',
        '{"event":"pusher:subscribe","data":"x"}',
        '{"event":"pusher:subscribe","data":{}}',
        '{"event":"pusher:subscribe","data":{"channel":1}}',
        '{"event":"pusher:subscribe","data":{"channel":null}}',
        '{"event":"pusher:subscribe","data":{"channel":"x","auth":1}}',
        '{"event":"pusher:subscribe","data":{"channel":"x","channel_data":{}}}',
        '{"event":"pusher:subscribe","data":{"channel":"x","channel_data":"{"}}',
        '{"event":"pusher:unsubscribe","data":{"channel":1}}',
        '{"event":"pusher:unsubscribe"}',
    ],
)
def test_14_a_field_of_another_type_is_an_error_and_no_end(
    connection: Connection, text: str
) -> None:
    actions = connection.receive(text, at=101.0)
    assert len(actions) == 1
    assert sent(actions)[0]["data"]["code"] == 4200


def test_17_a_frame_without_data_has_no_data_key() -> None:
    assert protocol.encode("pusher:ping") == '{"event":"pusher:ping"}'


# --- subscribing ----------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"auth": ""}, {"auth": None}])
def test_18_a_public_channel_is_confirmed(
    connection: Connection, more: dict[str, Any]
) -> None:
    actions = subscribe(connection, "my-channel", channel_data=None, **more)
    assert actions[0] == Join("my-channel")
    assert sent(actions) == [confirmation("my-channel")]


@pytest.mark.parametrize("channel", ["private-x", "private-encrypted-x"])
def test_18_a_private_channel_is_confirmed(
    connection: Connection, channel: str
) -> None:
    auth = pusher.channel_auth(APP, SOCKET, channel)
    actions = subscribe(connection, channel, auth=auth)
    assert actions[0] == Join(channel)
    assert sent(actions) == [confirmation(channel)]


def test_18_channel_data_of_a_private_channel_is_signed_too(
    connection: Connection,
) -> None:
    auth = pusher.channel_auth(APP, SOCKET, "private-x", '{"a":1}')
    assert refused_as(subscribe(connection, "private-x", auth=auth))
    subscribed = subscribe(connection, "private-x", auth=auth, channel_data='{"a":1}')
    assert sent(subscribed) == [confirmation("private-x")]


def test_18_data_may_be_a_json_string(connection: Connection) -> None:
    actions = say(connection, "pusher:subscribe", '{"channel":"x"}')
    assert sent(actions) == [confirmation("x")]


GOOD = pusher.channel_auth(APP, SOCKET, "private-x")


@pytest.mark.parametrize(
    "auth",
    [
        None,
        "",
        "x",
        GOOD.partition(":")[2],
        GOOD.replace(APP.key, "other"),
        GOOD.upper(),
        GOOD[:-1],
        f"{GOOD}x",
        pusher.channel_auth(APP, "1234.1235", "private-x"),
        pusher.channel_auth(APP, SOCKET, "private-y"),
    ],
)
def test_19_a_wrong_auth_is_refused_and_the_connection_stays(
    connection: Connection, auth: str | None
) -> None:
    actions = subscribe(connection, "private-x", auth=auth)
    about = refused_as(actions)
    assert (about["type"], about["status"]) == ("AuthError", 401)
    assert about["channel"] == "private-x"
    assert connection.channels == set()
    assert GOOD.partition(":")[2] not in str(actions)


def test_20_one_connection_is_on_many_channels(connection: Connection) -> None:
    for name in ("a", "b", "c"):
        subscribe(connection, name)
    assert connection.channels == {"a", "b", "c"}


def test_20_subscribing_twice_is_confirmed_and_joins_once(
    connection: Connection,
) -> None:
    subscribe(connection, "a")
    assert subscribe(connection, "a") == [Send(json_text(confirmation("a")))]


def json_text(frame: dict[str, str]) -> str:
    return json.dumps(frame, separators=(",", ":"))


def test_22_unsubscribing_sends_nothing_back(connection: Connection) -> None:
    subscribe(connection, "a")
    assert say(connection, "pusher:unsubscribe", {"channel": "a"}) == [Leave("a")]
    assert say(connection, "pusher:unsubscribe", {"channel": "a"}) == []
    assert connection.channels == set()


def test_23_a_name_over_the_limit_is_refused(connection: Connection) -> None:
    assert sent(subscribe(connection, "x" * 200)) == [confirmation("x" * 200)]
    about = refused_as(subscribe(connection, "x" * 201))
    assert (about["type"], about["status"]) == ("LimitReached", 4009)


@pytest.mark.parametrize("name", ["", "a b", "ä", "a:b", 'presence-x:{"user_id":1}'])
def test_15_a_name_that_is_none_is_refused(connection: Connection, name: str) -> None:
    assert refused_as(subscribe(connection, name))["type"] == "InvalidChannel"


def test_another_users_channel_is_refused(connection: Connection) -> None:
    about = refused_as(subscribe(connection, "#server-to-user-7"))
    assert (about["type"], about["status"]) == ("AuthError", 401)


@pytest.mark.parametrize(
    "name",
    [
        "presence-x",
        "cache-x",
        "private-cache-x",
        "private-encrypted-cache-x",
        "presence-cache-x",
    ],
)
def test_kinds_that_are_not_there_yet_are_refused(
    connection: Connection, name: str
) -> None:
    auth = pusher.channel_auth(APP, SOCKET, name)
    about = refused_as(subscribe(connection, name, auth=auth))
    assert (about["type"], about["status"]) == ("Unsupported", 501)


def test_the_channels_of_a_connection_are_bounded(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "CHANNELS_MAX", 2)
    subscribe(connection, "a")
    subscribe(connection, "b")
    assert refused_as(subscribe(connection, "c"))["type"] == "LimitReached"
    assert sent(subscribe(connection, "b")) == [confirmation("b")]
    say(connection, "pusher:unsubscribe", {"channel": "a"})
    assert sent(subscribe(connection, "c")) == [confirmation("c")]


# --- what clients may not send --------------------------------------------------------


@pytest.mark.parametrize("channel", ["a", "private-x", "presence-x"])
def test_46_client_events_are_off(connection: Connection, channel: str) -> None:
    text = json.dumps({"event": "client-typing", "channel": channel, "data": {}})
    (frame,) = sent(connection.receive(text, at=101.0))
    assert frame["event"] == "pusher:error"
    assert frame["data"]["code"] == 4301


@pytest.mark.parametrize(
    "event", ["foo", "", "pusher_internal:x", "pusher:error", "Client-x", "xclient-x"]
)
def test_47_other_names_are_dropped_in_silence(
    connection: Connection, event: str
) -> None:
    assert say(connection, event, {"a": 1}) == []


def test_51_signing_in_is_refused_and_the_connection_stays(
    connection: Connection,
) -> None:
    (frame,) = sent(say(connection, "pusher:signin", {"auth": "x", "user_data": "{}"}))
    assert frame["event"] == "pusher:error"
    assert frame["data"]["code"] is None
