"""The vectors are those of the public reference, recomputed."""

import hashlib

import pytest

from powerdash.lib import pusher

APP = pusher.App("3", "278d425bdf160c739803", "7ad3773142a6692b25b8")
SOCKET = "1234.1234"
BODY = b'{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}'
PARAMETERS = {
    "auth_key": APP.key,
    "auth_timestamp": "1353088179",
    "auth_version": "1.0",
    "body_md5": "ec365a775a4cd0599faeb73354201b6f",
}
SIGNATURE = "da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c"
AT = 1353088179.0


def test_it_signs_a_private_channel() -> None:
    assert pusher.channel_auth(APP, SOCKET, "private-foobar") == (
        "278d425bdf160c739803:"
        "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
    )


def test_it_signs_a_presence_channel_with_the_member_as_sent() -> None:
    member = '{"user_id":10,"user_info":{"name":"Mr. Channels"}}'
    assert (
        pusher.channel_signature(APP.secret, SOCKET, "presence-foobar", member)
        == "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80"
    )


def test_it_signs_a_sign_in() -> None:
    assert (
        pusher.signature(APP.secret, '1234.1234::user::{"id":"12345"}')
        == "4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba"
    )


@pytest.mark.parametrize(
    ("socket_id", "channel"),
    [
        ("1234", "private-x"),
        ("1234.1234:x", "private-x"),
        ("1234.1234\n", "private-x"),
        ("١.٢", "private-x"),  # noqa: RUF001 — digits, but not ASCII ones
        (SOCKET, ""),
        (SOCKET, 'presence-x:{"user_id":"admin"}'),
        (SOCKET, "#server-to-user-1"),
        (SOCKET, "private-x\n"),
        (SOCKET, "private-" + "x" * 193),
    ],
)
def test_it_never_signs_a_crafted_name(socket_id: str, channel: str) -> None:
    with pytest.raises(pusher.NameInvalid):
        pusher.channel_signature(APP.secret, socket_id, channel)


def test_a_name_of_200_characters_is_valid() -> None:
    assert pusher.channel_is_valid("x" * 200)
    assert pusher.channel_is_valid("aZ09_-=@,.;")


@pytest.mark.parametrize(
    ("name", "kind", "caches"),
    [
        ("x", "public", False),
        ("privatex", "public", False),
        ("my-private-x", "public", False),
        ("private-x", "private", False),
        ("private-encrypted-x", "private", False),
        ("presence-x", "presence", False),
        ("presencex", "public", False),
        ("cache-x", "public", True),
        ("cached-x", "public", False),
        ("my-cache-x", "public", False),
        ("private-cache-x", "private", True),
        ("private-encrypted-cache-x", "private", True),
        ("presence-cache-x", "presence", True),
    ],
)
def test_24_the_prefix_decides_the_kind(name: str, kind: str, caches: bool) -> None:
    assert pusher.channel_kind(name) == kind
    assert pusher.channel_caches(name) is caches


def test_it_signs_a_request() -> None:
    path = "/apps/3/events"
    assert pusher.request_signature(APP.secret, "POST", path, PARAMETERS) == SIGNATURE


def verify(
    changed: dict[str, str] | None = None, *, body: bytes = BODY, at: float = AT
) -> None:
    pusher.request_verify(
        APP,
        method="POST",
        paths=("/apps/3/events",),
        parameters={**PARAMETERS, "auth_signature": SIGNATURE, **(changed or {})},
        body=body,
        at=at,
    )


def signed(parameters: dict[str, str], secret: str = APP.secret) -> dict[str, str]:
    text = pusher.request_signature(secret, "POST", "/apps/3/events", parameters)
    return {**parameters, "auth_signature": text}


def test_it_accepts_a_signed_request() -> None:
    verify()
    verify(at=AT - 600)
    verify(at=AT + 600)


def test_it_accepts_the_md5_of_nothing_beside_an_empty_body() -> None:
    empty = hashlib.md5(b"", usedforsecurity=False).hexdigest()
    verify(signed({**PARAMETERS, "body_md5": empty}), body=b"")


@pytest.mark.parametrize(
    ("at", "body", "changed", "names"),
    [
        (AT, BODY, {"auth_signature": "0" * 64}, "auth_signature"),
        (AT, BODY, {"auth_signature": "é"}, "auth_signature"),
        (AT, BODY, {"filter_by_prefix": "x"}, "auth_signature"),
        (AT, BODY, signed({**PARAMETERS, "auth_key": "other"}), "auth_key"),
        (AT, BODY, signed({**PARAMETERS, "auth_timestamp": "now"}), "auth_timestamp"),
        (AT, BODY, signed({**PARAMETERS, "auth_timestamp": ""}), "auth_timestamp"),
        (AT + 601, BODY, {}, "auth_timestamp"),
        (AT - 601, BODY, {}, "auth_timestamp"),
        (AT, BODY + b" ", {}, "body_md5"),
        (AT, BODY, signed({**PARAMETERS, "body_md5": ""}), "body_md5"),
        (AT, BODY, signed(PARAMETERS, "another secret"), "auth_signature"),
    ],
)
def test_it_refuses_a_request_that_proves_nothing(
    at: float, body: bytes, changed: dict[str, str], names: str
) -> None:
    with pytest.raises(pusher.RequestRefused, match=names) as refused:
        verify(changed, at=at, body=body)
    assert APP.secret not in str(refused.value)
    assert SIGNATURE not in str(refused.value)


def test_the_secret_is_not_printed() -> None:
    assert APP.secret not in repr(APP)
