"""The Pusher protocol's names and signatures, version 7; pure.

Source: https://pusher.com/docs/channels/library_auth_reference/auth-signatures/ and
https://pusher.com/docs/channels/library_auth_reference/rest-api/.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CHANNEL_NAME_MAX = 200  # characters
EVENT_NAME_MAX = 200  # characters
EVENT_DATA_MAX = 10_240  # bytes of UTF-8
REQUEST_AGE_MAX_S = 600  # how far `auth_timestamp` may be from our clock

_CHANNEL = re.compile(r"[A-Za-z0-9_\-=@,.;]{1,200}")
_SOCKET_ID = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")


class NameInvalid(ValueError):
    """A channel name or a socket id is not of the protocol's shape: never sign it."""


class RequestRefused(ValueError):
    """A signed HTTP request does not prove that it comes from the application."""


class ChannelKind(StrEnum):
    """What a subscriber must show to join a channel; the prefix of its name decides."""

    PUBLIC = "public"
    PRIVATE = "private"
    PRESENCE = "presence"


@dataclass(frozen=True, slots=True)
class App:
    """One Pusher application: who may connect and who may sign."""

    id: str
    key: str
    secret: str = field(repr=False)


def channel_is_valid(name: str) -> bool:
    """Tell whether a name has the protocol's alphabet and length (`#…` has not)."""
    return _CHANNEL.fullmatch(name) is not None


def channel_kind(name: str) -> ChannelKind:
    """Return the kind of a channel; an encrypted one is private to the server."""
    if name.startswith("private-"):
        return ChannelKind.PRIVATE
    if name.startswith("presence-"):
        return ChannelKind.PRESENCE
    return ChannelKind.PUBLIC


def channel_caches(name: str) -> bool:
    """Tell whether a channel remembers its last event for those who come later."""
    return name.startswith(
        ("cache-", "private-cache-", "private-encrypted-cache-", "presence-cache-")
    )


def socket_id_is_valid(socket_id: str) -> bool:
    """Tell whether a socket id is two numbers and a dot."""
    return _SOCKET_ID.fullmatch(socket_id) is not None


def signature(secret: str, text: str) -> str:
    """Return the hex HMAC-SHA256 of a text under the application's secret."""
    return hmac.digest(secret.encode(), text.encode(), hashlib.sha256).hex()


def channel_signature(
    secret: str, socket_id: str, channel: str, channel_data: str | None = None
) -> str:
    """Sign that one connection may join one channel.

    Args:
        channel_data: The member of a presence channel, the very JSON text that the
            client will send.

    Raises:
        NameInvalid: A name is malformed. Signing it could sign something else: a
            channel called `presence-x:{…}` would forge a member.
    """
    if not socket_id_is_valid(socket_id):
        raise NameInvalid("socket_id: send the connection's id, like 123.456.")
    if not channel_is_valid(channel):
        raise NameInvalid("channel_name: use letters, digits and _-=@,.; only.")
    parts = (socket_id, channel, *(() if channel_data is None else (channel_data,)))
    return signature(secret, ":".join(parts))


def channel_auth(
    app: App, socket_id: str, channel: str, channel_data: str | None = None
) -> str:
    """Return the `auth` text that `/broadcasting/auth` answers: key and signature.

    Raises:
        NameInvalid: As `channel_signature`.
    """
    return (
        f"{app.key}:{channel_signature(app.secret, socket_id, channel, channel_data)}"
    )


def texts_match(ours: str, theirs: str) -> bool:
    """Compare two texts in a time that does not tell where they differ."""
    return hmac.compare_digest(
        ours.encode(errors="replace"), theirs.encode(errors="replace")
    )


def request_signature(
    secret: str, method: str, path: str, parameters: Mapping[str, str]
) -> str:
    """Sign one request to the HTTP API.

    Args:
        path: Without the query.
        parameters: The query, percent-decoded; `auth_signature` is left out.
    """
    query = "&".join(
        f"{key}={value}"
        for key, value in sorted((k.lower(), v) for k, v in parameters.items())
        if key != "auth_signature"
    )
    return signature(secret, f"{method.upper()}\n{path}\n{query}")


def request_verify(
    app: App,
    *,
    method: str,
    paths: tuple[str, ...],
    parameters: Mapping[str, str],
    body: bytes,
    at: float,
) -> None:
    """Check that a request to the HTTP API was signed with the application's secret.

    Args:
        paths: The spellings under which the client may have signed the path.
        at: Now, Unix seconds.

    Raises:
        RequestRefused: Signature, key, time or body do not fit; the text says which.
    """
    given = parameters.get("auth_signature", "")
    ours = [request_signature(app.secret, method, path, parameters) for path in paths]
    if not any(texts_match(text, given) for text in ours):
        raise RequestRefused("auth_signature: does not fit the request.")
    if not texts_match(app.key, parameters.get("auth_key", "")):
        raise RequestRefused("auth_key: is not this application's key.")
    _time_verify(parameters.get("auth_timestamp", ""), at)
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    if body and not texts_match(md5, parameters.get("body_md5", "")):
        raise RequestRefused("body_md5: is not the MD5 of the body.")


def _time_verify(stamp: str, at: float) -> None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise RequestRefused("auth_timestamp: send Unix seconds.")
    if abs(int(stamp) - at) > REQUEST_AGE_MAX_S:
        raise RequestRefused("auth_timestamp: is more than 600 s from our clock.")
