"""A demo that runs as people run it, and browsers to look at it with."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import database as databases
from tests.installation import Up, until

# No background traffic of the browser's own, and no sandbox where root runs it.
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]
PATIENCE_MS = 30_000
LIVE = "SELECT count(*) > 20 FROM telemetry_latest WHERE ts > now() - interval '10 s'"
WIDE = {"width": 1440, "height": 900}
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True, slots=True)
class Site:
    """A running demo: where it is and how one signs in."""

    address: str
    password: str

    def email(self, role: str) -> str:
        return f"{role}@demo.test"


@dataclass(slots=True)
class Visitor:
    """Somebody in front of a browser; what the browser complained about is kept."""

    site: Site
    page: Page
    complaints: list[str]

    def open(self, path: str) -> Page:
        self.page.goto(self.site.address + path)
        return self.page

    def sign_in(self, role: str = "owner") -> Page:
        page = self.open("/login")
        page.get_by_label("E-mail address").fill(self.site.email(role))
        page.locator("input[name=password]").fill(self.site.password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        return page


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(dir=databases.data_dirs_parent()))
    folder.chmod(0o755)
    running = Up(folder, "--demo", "--workers", "1", DEMO_WEEKS="0")
    found = re.search(r"owner@demo\.test\s+password (\S+)", running.said())
    assert found, running.said()
    # The simulator first catches up with the last hour; then the meters are live.
    until(lambda: running.ask(LIVE)[0][0], what="live readings")
    yield Site(f"http://127.0.0.1:{running.port}", found[1])
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        yield launched
        launched.close()


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Give a browser window of the size and colours asked for."""
    opened: list[tuple[BrowserContext, Visitor]] = []

    def start(viewport: dict[str, int] = WIDE, scheme: str = "light") -> Visitor:
        context = browser.new_context(
            viewport={"width": viewport["width"], "height": viewport["height"]},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        visitor = Visitor(site, context.new_page(), [])
        _listen(visitor)
        opened.append((context, visitor))
        return visitor

    yield start
    for context, visitor in opened:
        context.close()
        assert visitor.complaints == []


def _listen(visitor: Visitor) -> None:
    """Note errors of the page, and anything asked of another server."""
    page, address = visitor.page, visitor.site.address

    def asked(url: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            visitor.complaints.append(f"asked {url}")

    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on("request", lambda request: asked(request.url))


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    return visit()
