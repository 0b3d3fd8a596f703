"""A person signs in and watches."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.journeys.conftest import Visitor

PHONE = {"width": 390, "height": 844}


def moves(place: Locator) -> None:
    """Expect that what is shown becomes another."""
    expect(place).to_have_text(re.compile(r"\d"))
    expect(place).not_to_have_text(place.inner_text())


def overflows(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth > innerWidth"
            " || document.querySelector('#main').scrollWidth > innerWidth"
        )
    )


def test_a_wrong_password_is_told_and_a_right_one_leads_where_one_was_going(
    visitor: Visitor,
) -> None:
    page = visitor.open("/devices?status=online")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type(visitor.site.email("viewer"))
    password = page.locator("input[name=password]")
    password.fill("wrong")
    page.get_by_role("button", name="Show the password").click()
    expect(password).to_have_attribute("type", "text")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("wrong|incorrect", re.I)).first).to_be_visible()

    password.fill(visitor.site.password)
    password.press("Enter")
    expect(page).to_have_url(re.compile(r"/devices\?status=online"))
    expect(page.get_by_role("heading", name="Devices")).to_be_visible()


def test_the_overview_moves(visitor: Visitor) -> None:
    page = visitor.sign_in()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    moves(page.get_by_test_id("total-power"))
    expect(page.locator("canvas")).to_be_visible()
    page.get_by_text("Show the numbers").click()
    expect(page.get_by_role("row").nth(3)).to_contain_text("W")
    page.get_by_role("link", name=re.compile(r"\d+\s*online")).click()
    expect(page).to_have_url(re.compile(r"/devices\?status=online"))


def test_a_device_shows_now_and_before(visitor: Visitor) -> None:
    page = visitor.sign_in()
    page.get_by_role("link", name="Devices", exact=True).click()
    page.locator("tr [data-row-link]").first.click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page.get_by_test_id("arrivals")).to_contain_text(re.compile(r"\d readings"))
    power = page.get_by_role("meter").first
    expect(power).to_have_attribute("aria-valuetext", re.compile("W"))
    expect(power).not_to_have_attribute(
        "aria-valuetext", power.get_attribute("aria-valuetext") or ""
    )
    page.get_by_role("button", name="6 h", exact=True).click()
    expect(page).to_have_url(re.compile("range=6h"))
    chart = page.get_by_role("application")
    chart.focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("from=.*to="))
    expect(page.get_by_role("row", name=re.compile("A.*V.*W")).first).to_be_visible()


def test_the_history_has_what_was_measured(visitor: Visitor) -> None:
    page = visitor.sign_in()
    page.get_by_role("link", name="Devices", exact=True).click()
    page.locator("tr [data-row-link]").first.click()
    page.get_by_role("button", name="Energy", exact=True).click()
    expect(page).to_have_url(re.compile("show=energy_wh"))
    expect(page.get_by_text("in all").first).to_be_visible()
    expect(page.get_by_text("of the expected readings")).to_be_visible()
    phase = page.get_by_role("button", name=re.compile("^L1 .*in all"))
    phase.click()
    expect(phase).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.get_by_role("button", name="Energy", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_what_was_live_is_dim_while_the_connection_is_away(visitor: Visitor) -> None:
    page = visitor.page
    away, open_ones = False, []

    def route(socket: WebSocketRoute) -> None:
        if away:
            socket.close()
        else:
            socket.connect_to_server()
            open_ones.append(socket)

    page.route_web_socket(re.compile("/app/"), route)
    visitor.sign_in()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    away = True
    for each in open_ones:
        each.close()
    expect(page.locator("#main[data-lost]")).to_be_visible()
    away = False
    expect(page.locator("#main:not([data-lost])")).to_be_visible()
    moves(page.get_by_test_id("total-power"))


def test_an_address_that_leads_nowhere_says_so(visitor: Visitor) -> None:
    page = visitor.sign_in()
    visitor.open("/devices?page=999")
    page.get_by_role("button", name="To the last page").click()
    expect(page.locator("tr [data-row-link]").first).to_be_visible()
    visitor.open("/events?cursor=garbage&to=garbage")
    page.get_by_role("link", name="To the newest").click()
    expect(page).not_to_have_url(re.compile("cursor"))
    visitor.open("/nowhere")
    expect(page.get_by_role("heading", name="Not found").first).to_be_visible()
    expect(page.get_by_role("link", name="Devices", exact=True)).to_be_visible()


def test_night_stays_night(visitor: Visitor) -> None:
    page = visitor.sign_in()
    html = page.locator("html")
    expect(html).not_to_have_class(re.compile("dark"))
    page.get_by_role("button", name="Menu of").click()
    page.get_by_role("menuitem", name="Appearance").press("ArrowRight")
    page.get_by_role("menuitemcheckbox", name="Dark").click()
    expect(html).to_have_class(re.compile("dark"))
    page.reload()
    expect(html).to_have_class(re.compile("dark"))


def test_a_phone_shows_every_page_without_scrolling_sideways(
    visit: Callable[..., Visitor],
) -> None:
    visitor = visit(PHONE)
    page = visitor.sign_in()
    assert not overflows(page)
    page.get_by_role("button", name=re.compile("Open sidebar", re.I)).click()
    page.get_by_role("dialog").get_by_role("link", name="Devices").click()
    row = page.locator("li [data-row-link]").first
    expect(row).to_be_visible()
    assert not overflows(page)
    row.click()
    expect(page.get_by_role("heading", name="Details")).to_be_visible()
    assert not overflows(page)
    visitor.open("/events")
    expect(page.get_by_role("heading", name="Events")).to_be_visible()
    assert not overflows(page)


def test_hands_never_leave_the_keyboard(visitor: Visitor) -> None:
    page = visitor.open("/login")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type(visitor.site.email("operator"))
    page.keyboard.press("Tab")
    page.keyboard.type(visitor.site.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.keyboard.press("Control+k")
    search = page.get_by_placeholder("Search pages and devices…")
    expect(search).to_be_focused()
    page.keyboard.type("chiller plant 2")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Chiller plant 2")).to_be_visible()

    page.keyboard.press("g")
    page.keyboard.press("d")
    rows = page.locator("tr [data-row-link]")
    expect(rows.first).to_be_visible()
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    name = rows.nth(1).inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_a_viewer_is_offered_only_what_a_viewer_may(visitor: Visitor) -> None:
    page = visitor.sign_in("viewer")
    expect(page.get_by_role("link", name="Devices", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Events", exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name="Recent events")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.locator("tr [data-row-link]").first.click()
    expect(page.get_by_role("heading", name="Details")).to_be_visible()
    expect(page.get_by_role("button", name="Maintenance")).to_have_count(0)
