"""One client's side of the Pusher protocol, without any I/O: texts in, actions out.

A `Connection` is told what arrived and what time it is, and answers with what is to
be done, in order. It knows nothing of sockets, tasks or other connections; the server
carries the actions out. Presence, cache channels, sign-in and client events are refused
here, each in one place (`_join_refusal`, `_HANDLERS`, `receive`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from powerdash.lib import pusher
from powerdash.lib.pusher import ChannelKind

ACTIVITY_TIMEOUT_S = 30  # told to the client; after it, silence is asked about
PONG_TIMEOUT_S = 30  # and after this too, the connection is dead
MESSAGE_MAX = 16 * 1024  # bytes of one message from a client
CHANNELS_MAX = 1_000  # that one connection may be on

PROTOCOLS = (5, 6, 7)  # the versions that expect close codes; alike for a server


@dataclass(frozen=True, slots=True)
class Send:
    """Send this text to the client."""

    text: str


@dataclass(frozen=True, slots=True)
class Join:
    """From now on, deliver the channel's frames to the client."""

    channel: str


@dataclass(frozen=True, slots=True)
class Leave:
    """From now on, do not."""

    channel: str


@dataclass(frozen=True, slots=True)
class Close:
    """Send what is waiting, then close the WebSocket with this code."""

    code: int
    reason: str = ""


Action = Send | Join | Leave | Close


class _Message(msgspec.Struct):
    event: str
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Subscribe(msgspec.Struct):
    channel: str
    auth: str | None = None
    channel_data: str | None = None


class _Unsubscribe(msgspec.Struct):
    channel: str


class _Refusal(Exception):
    """The subscription is refused; the client is told why."""

    def __init__(self, kind: str, text: str, status: int) -> None:
        super().__init__(text)
        self.kind, self.text, self.status = kind, text, status


_MESSAGE = msgspec.json.Decoder(_Message)
_SUBSCRIBE = msgspec.json.Decoder(_Subscribe)
_UNSUBSCRIBE = msgspec.json.Decoder(_Unsubscribe)


def encode(event: str, *, channel: str | None = None, data: object = None) -> str:
    """Return one frame as text; keys without a value are left out."""
    frame: dict[str, object] = {"event": event}
    if channel is not None:
        frame["channel"] = channel
    if data is not None:
        frame["data"] = data
    return msgspec.json.encode(frame).decode()


def error(code: int | None, message: str) -> Send:
    """Return the `pusher:error` frame; `code` is null where the protocol has none."""
    return Send(encode("pusher:error", data={"code": code, "message": message}))


def refusal(code: int, message: str) -> list[Action]:
    """End the connection, with the code in an error frame and in the close frame."""
    return [error(code, message), Close(code, message)]


class Connection:
    """The state of one client's connection.

    Args:
        socket_id: Unique among all processes' connections and hard to guess.
        at: Now, in seconds of a clock that never goes back, like every `at` here.
    """

    def __init__(self, app: pusher.App, socket_id: str, at: float) -> None:
        self.socket_id = socket_id
        self.channels: set[str] = set()
        self._app = app
        self._seen_at = at
        self._asked_at: float | None = None

    def open(self, key: str, protocol: str | None) -> list[Action]:
        """Answer the handshake.

        Args:
            key: From the path.
            protocol: The query's `protocol`. None passes: not every client says it.
        """
        if not pusher.texts_match(self._app.key, key):
            return refusal(4001, "There is no application with this key.")
        if protocol is not None and not (protocol.isascii() and protocol.isdigit()):
            return refusal(4006, "The protocol version is not a number.")
        if protocol is not None and int(protocol[:9]) not in PROTOCOLS:
            return refusal(4007, "This protocol version is not supported, use 7.")
        about = {"socket_id": self.socket_id, "activity_timeout": ACTIVITY_TIMEOUT_S}
        data = msgspec.json.encode(about).decode()
        return [Send(encode("pusher:connection_established", data=data))]

    def receive(self, text: str, at: float) -> list[Action]:
        """Take one message of the client."""
        self._seen_at, self._asked_at = at, None
        raw = text.encode(errors="replace")
        if len(raw) > MESSAGE_MAX:
            return [Close(1009, f"A message may have {MESSAGE_MAX} bytes.")]
        try:
            message = _MESSAGE.decode(raw)
            if handler := _HANDLERS.get(message.event):
                return handler(self, message.data)
        except (msgspec.MsgspecError, RecursionError):
            return [error(4200, "Invalid message format")]
        if message.event.startswith("client-"):
            return [error(4301, "Client events are not enabled.")]
        return []  # other names are not the client's to send

    def tick(self, at: float) -> list[Action]:
        """Look after a client that says nothing; call it about once a second."""
        if self._asked_at is not None:
            if at - self._asked_at < PONG_TIMEOUT_S:
                return []
            return refusal(4201, "Pong reply not received in time.")
        if at - self._seen_at < ACTIVITY_TIMEOUT_S:
            return []
        self._asked_at = at
        return [Send(encode("pusher:ping"))]

    def _ping(self, _data: msgspec.Raw) -> list[Action]:
        return [Send(encode("pusher:pong"))]

    def _pong(self, _data: msgspec.Raw) -> list[Action]:
        return []

    def _signin(self, _data: msgspec.Raw) -> list[Action]:
        return [error(None, "Signing in is not supported by this server.")]

    def _subscribe(self, data: msgspec.Raw) -> list[Action]:
        wish = _SUBSCRIBE.decode(_object(data))
        if wish.channel_data is not None:
            msgspec.json.decode(wish.channel_data)  # it must be JSON
        try:
            self._join_check(wish)
        except _Refusal as refused:
            about = {
                "type": refused.kind,
                "error": refused.text,
                "status": refused.status,
            }
            event = "pusher:subscription_error"
            return [Send(encode(event, channel=wish.channel, data=about))]
        event = "pusher_internal:subscription_succeeded"
        confirmed = Send(encode(event, channel=wish.channel, data="{}"))
        if wish.channel in self.channels:
            return [confirmed]
        self.channels.add(wish.channel)
        return [Join(wish.channel), confirmed]

    def _unsubscribe(self, data: msgspec.Raw) -> list[Action]:
        channel = _UNSUBSCRIBE.decode(_object(data)).channel
        if channel not in self.channels:
            return []
        self.channels.remove(channel)
        return [Leave(channel)]

    def _join_check(self, wish: _Subscribe) -> None:
        name = wish.channel
        if len(name) > pusher.CHANNEL_NAME_MAX:
            limit = f"A channel name may have {pusher.CHANNEL_NAME_MAX} characters."
            raise _Refusal("LimitReached", limit, 4009)
        if name.startswith("#"):
            raise _Refusal("AuthError", "Only a signed-in user has this channel.", 401)
        if not pusher.channel_is_valid(name):
            letters = "A channel name has letters, digits and _-=@,.; only."
            raise _Refusal("InvalidChannel", letters, 400)
        kind = pusher.channel_kind(name)
        if kind is ChannelKind.PRESENCE or pusher.channel_caches(name):
            what = "Presence and cache channels are not supported by this server."
            raise _Refusal("Unsupported", what, 501)
        if kind is ChannelKind.PRIVATE and not self._may_join(wish):
            raise _Refusal("AuthError", "The channel's auth does not fit.", 401)
        if len(self.channels) >= CHANNELS_MAX and name not in self.channels:
            limit = f"A connection may be on {CHANNELS_MAX} channels."
            raise _Refusal("LimitReached", limit, 4100)

    def _may_join(self, wish: _Subscribe) -> bool:
        ours = pusher.channel_auth(
            self._app, self.socket_id, wish.channel, wish.channel_data
        )
        return pusher.texts_match(ours, wish.auth or "")


_HANDLERS: dict[str, Callable[[Connection, msgspec.Raw], list[Action]]] = {
    "pusher:ping": Connection._ping,
    "pusher:pong": Connection._pong,
    "pusher:signin": Connection._signin,
    "pusher:subscribe": Connection._subscribe,
    "pusher:unsubscribe": Connection._unsubscribe,
}


def _object(data: msgspec.Raw) -> bytes | str:
    """Return the JSON object in `data`; some clients send it as a JSON string."""
    if bytes(data).startswith(b'"'):
        return msgspec.json.decode(data, type=str)
    return bytes(data)
