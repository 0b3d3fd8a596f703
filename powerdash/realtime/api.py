"""The Pusher HTTP API: signed requests that publish, and ask who is subscribed.

Sources: https://pusher.com/docs/channels/library_auth_reference/rest-api/.
"""

import re
from collections.abc import Callable, Iterable
from typing import Annotated, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from powerdash.lib import pusher
from powerdash.lib.broker import Frame, LiveBus
from powerdash.realtime.channels import Channels

BODY_MAX = 1024 * 1024  # bytes
CHANNELS_MAX = 100  # that one event may name
BATCH_MAX = 10  # events

T = TypeVar("T")

_INFO = frozenset({"user_count", "subscription_count", "cache"})
_PATH = re.compile(
    r"/apps/(?P<app>[^/]+)/"
    r"(?P<what>events|batch_events|channels)(?:/(?P<name>[^/]+))?"
)

_Name = Annotated[str, Meta(min_length=1, max_length=pusher.EVENT_NAME_MAX)]


class Request(NamedTuple):
    """One HTTP request.

    Attributes:
        path: Percent-decoded.
        raw_path: As it came.
        query: Without the question mark.
    """

    method: str
    path: str
    raw_path: str
    query: str
    body: bytes


class Refused(Exception):
    """The request cannot be served; the client gets the status and the sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class _Event(msgspec.Struct):
    name: _Name
    data: str
    channel: str | None = None
    channels: Annotated[list[str], Meta(max_length=CHANNELS_MAX)] | None = None
    socket_id: str | None = None
    info: str | None = None

    def names(self) -> list[str]:
        """Return the channels it goes to, each once."""
        one = [] if self.channel is None else [self.channel]
        return list(dict.fromkeys([*one, *(self.channels or [])]))


class _Batch(msgspec.Struct):
    batch: Annotated[list[_Event], Meta(max_length=BATCH_MAX)]


class Api:
    """Answers the requests of one application.

    Subscriptions are counted in this process only; events go to every process.

    Args:
        now: Reads the clock, Unix seconds.
    """

    def __init__(
        self,
        app: pusher.App,
        channels: Channels,
        bus: LiveBus,
        now: Callable[[], float],
    ) -> None:
        self._app = app
        self._channels = channels
        self._bus = bus
        self._now = now

    async def answer(self, request: Request) -> object:
        """Serve one request and return what to send as JSON.

        Raises:
            Refused: With the status and the reason.
        """
        what, name = self._route(request)
        query = _query(request.query)
        self._authenticate(request, query)
        if what == "events":
            return await self._events(request.body)
        if what == "batch_events":
            return await self._batch_events(request.body)
        if name is None:
            return self._occupied(query)
        return self._channel(name, query)

    def _route(self, request: Request) -> tuple[str, str | None]:
        found = _PATH.fullmatch(request.path)
        if found is None or (found["name"] and found["what"] != "channels"):
            raise Refused(404, "not_found", "There is nothing at this path.")
        if request.method != ("GET" if found["what"] == "channels" else "POST"):
            raise Refused(405, "method_not_allowed", "Use another method on this path.")
        if found["app"] != self._app.id:
            raise Refused(404, "not_found", "There is no application with this id.")
        return found["what"], found["name"]

    def _authenticate(self, request: Request, query: dict[str, str]) -> None:
        try:
            pusher.request_verify(
                self._app,
                method=request.method,
                paths=(request.path, request.raw_path),
                parameters=query,
                body=request.body,
                at=self._now(),
            )
        except pusher.RequestRefused as error:
            raise Refused(401, "unauthorized", str(error)) from error

    async def _events(self, body: bytes) -> object:
        event = _decoded(body, _Event)
        _check(event)
        info = _info_names(event.info, event.names())
        await self._bus.publish(_frames(event))
        if not info:
            return {}
        return {"channels": {name: self._info(name, info) for name in event.names()}}

    async def _batch_events(self, body: bytes) -> object:
        batch = _decoded(body, _Batch).batch
        for event in batch:
            _check(event)
            if event.channel is None or event.channels is not None:
                raise Refused(400, "invalid", "channel: name one in each event.")
        wanted = [_info_names(event.info, event.names()) for event in batch]
        await self._bus.publish([frame for event in batch for frame in _frames(event)])
        if not any(wanted):
            return {}
        pairs = zip(batch, wanted, strict=True)
        return {"batch": [self._info(str(e.channel), info) for e, info in pairs]}

    def _occupied(self, query: dict[str, str]) -> object:
        prefix = query.get("filter_by_prefix", "")
        info = _info_names(query.get("info"), [prefix])
        names = self._channels.occupied(prefix)
        return {"channels": {name: self._info(name, info) for name in names}}

    def _channel(self, name: str, query: dict[str, str]) -> object:
        if not pusher.channel_is_valid(name):
            raise Refused(400, "invalid", "The path does not name a channel.")
        info = _info_names(query.get("info"), [name])
        return {"occupied": self._channels.count(name) > 0, **self._info(name, info)}

    def _info(self, channel: str, wanted: frozenset[str]) -> dict[str, int | None]:
        presence = pusher.channel_kind(channel) is pusher.ChannelKind.PRESENCE
        about: dict[str, int | None] = {}
        if "user_count" in wanted and presence:
            about["user_count"] = 0  # nobody can be on one yet
        if "subscription_count" in wanted and not presence:
            about["subscription_count"] = self._channels.count(channel)
        if "cache" in wanted and pusher.channel_caches(channel):
            about["cache"] = None
        return about


def _query(text: str) -> dict[str, str]:
    """Return the parameters; the values of a repeated one are joined by commas."""
    joined: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        joined.setdefault(name.removesuffix("[]"), []).append(value)
    return {name: ",".join(values) for name, values in joined.items()}


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Refused(400, "invalid", f"The body: {error}.") from error


def _check(event: _Event) -> None:
    if not 1 <= len(event.names()) <= CHANNELS_MAX:
        wanted = f"channels: name 1 to {CHANNELS_MAX} channels."
        raise Refused(400, "invalid", wanted)
    for name in event.names():
        if not pusher.channel_is_valid(name):
            raise Refused(400, "invalid", "channels: a name is not a channel's.")
    if len(event.data.encode()) > pusher.EVENT_DATA_MAX:
        limit = f"data: may have {pusher.EVENT_DATA_MAX} bytes."
        raise Refused(413, "too_large", limit)


def _frames(event: _Event) -> list[Frame]:
    left_out = event.socket_id or ""
    return [
        Frame(name, event.name, event.data, except_socket=left_out)
        for name in event.names()
    ]


def _info_names(text: str | None, channels: Iterable[str]) -> frozenset[str]:
    names = frozenset(filter(None, (text or "").split(",")))
    if names - _INFO:
        raise Refused(400, "invalid", f"info: use {', '.join(sorted(_INFO))}.")
    if "user_count" in names and not all(n.startswith("presence-") for n in channels):
        only = "info: user_count is known of presence channels only."
        raise Refused(400, "invalid", only)
    return names
