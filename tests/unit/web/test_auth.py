"""Where one goes after signing in."""

import pytest

from powerdash.web.auth import local_path


@pytest.mark.parametrize("wanted", ["/", "/devices?status=online", "/devices/3#live"])
def test_it_leads_to_our_pages(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "devices",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "https://evil.test/",
        "javascript:alert(1)",
        "/\tx",
        "/x\r\nSet-Cookie: a=b",
        "/login?next=/login",
        "/" + "x" * 3000,
    ],
)
def test_it_leads_nowhere_else(wanted: str) -> None:
    assert local_path(wanted) == "/"
