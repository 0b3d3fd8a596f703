"""A person looks back: several devices, quantities, any time."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visitor


def explore(visitor: Visitor) -> Page:
    page = visitor.sign_in()
    page.get_by_role("link", name="Explore", exact=True).click()
    expect(page.get_by_role("application")).to_have_count(1)
    return page


def choose_device(page: Page, number: int) -> str:
    """Add a device of those offered; return its name."""
    page.get_by_role("button", name="Devices to look at").click()
    option = page.get_by_role("option").nth(number)
    name = option.inner_text()
    option.click()
    page.keyboard.press("Escape")
    return name


def test_devices_and_quantities_are_laid_beside_each_other(visitor: Visitor) -> None:
    page = explore(visitor)
    name = choose_device(page, 1)
    expect(page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
    expect(
        page.get_by_role("button", name=re.compile(f"{name}.*mean")).first
    ).to_be_visible()
    page.get_by_role("button", name="Voltage", exact=True).click()
    expect(page.get_by_role("application")).to_have_count(2)
    page.get_by_role(
        "button", name=re.compile("^Remove (?!" + re.escape(name) + ")")
    ).click()
    page.reload()
    expect(page.get_by_role("application")).to_have_count(2)
    expect(page.get_by_role("button", name=re.compile("^Remove"))).to_have_count(0)
    expect(page).to_have_url(
        re.compile("devices=[0-9a-f-]{36}&show=power_w%2Cvoltage_v")
    )


def test_the_wheel_zooms_and_the_address_says_where(visitor: Visitor) -> None:
    page = explore(visitor)
    page.get_by_role("button", name="6 h", exact=True).click()
    expect(page).to_have_url(re.compile("range=6h"))
    page.get_by_role("application").hover()
    page.keyboard.down("Control")
    with page.expect_response(re.compile("/api/series")):
        page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    expect(page).to_have_url(re.compile("from=.*to="))
    zoomed = page.url
    page.get_by_role("application").focus()
    page.keyboard.press("-")
    expect(page).not_to_have_url(zoomed)


def test_what_is_seen_can_be_compared_and_taken_away(visitor: Visitor) -> None:
    page = explore(visitor)
    page.get_by_role("combobox", name="Compare with").click()
    with page.expect_response(re.compile("/api/series")):
        page.get_by_role("option", name="Day before").click()
    expect(page).to_have_url(re.compile("before=day"))
    chart = page.get_by_role("figure", name="Explore")
    chart.get_by_text("Show the numbers").click()
    expect(page.get_by_role("columnheader", name="Day before")).to_be_visible()
    menu = page.get_by_role("button", name="Export or copy the link")
    menu.click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="CSV").first.click()
    first, *lines = saved.value.path().read_text().splitlines()
    assert "device" in first
    assert "energy_wh" in first
    assert len(lines) > 20
    for form, opens in (("Parquet", b"PAR1"), ("Excel", b"PK\x03\x04")):
        menu.click()
        with page.expect_download() as saved:
            page.get_by_role("menuitem", name=form).first.click()
        data = saved.value.path().read_bytes()
        assert data[:4] == opens
        assert data[-22:-18] == b"PK\x05\x06" if form == "Excel" else data[-4:] == opens
    menu.click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Save the picture").click()
    assert re.fullmatch(r"demo-campus-.*\d{4}.*\.png", saved.value.suggested_filename)
    assert saved.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    menu.click()
    page.get_by_role("menuitem", name="Copy link").click()
    expect(page.get_by_text("The link is copied", exact=True)).to_be_visible()


def test_the_year_is_shown_hour_by_hour(visitor: Visitor) -> None:
    page = explore(visitor)
    page.get_by_test_id("year").scroll_into_view_if_needed()
    year = int(page.get_by_test_id("year").inner_text())
    chart = page.get_by_role("img", name=re.compile(f"{year}, hour by hour"))
    expect(chart).to_be_visible()
    page.get_by_role("figure", name="Year").get_by_text("Show the numbers").click()
    expect(page.get_by_role("row", name=re.compile("W at .*:00"))).not_to_have_count(0)
    # The demo's readings begin this year.
    expect(page.get_by_role("button", name="The year before")).to_be_disabled()


def test_what_was_asked_for_is_shown_whatever_there_is(visitor: Visitor) -> None:
    visitor.sign_in()
    span = "from=2007-01-10T00:00:00.000Z&to=2007-01-12T00:00:00.000Z"
    page = visitor.open(f"/explore?devices=all,nobody&{span}")
    expect(page.get_by_text("No readings in this range.")).to_be_visible()
    expect(page.get_by_text("One device is not here")).to_be_visible()
    expect(page).to_have_url(re.compile("from=2007-01-10.*to=2007-01-12"))
    page.get_by_role("application").focus()
    page.keyboard.press("=")
    expect(page).to_have_url(re.compile("from=2007-01-10T12.*to=2007-01-11T12"))


def test_who_is_signed_out_meanwhile_comes_back_here(visitor: Visitor) -> None:
    page = explore(visitor)
    page.context.clear_cookies()
    page.get_by_role("button", name="6 h", exact=True).click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page).to_have_url(re.compile("/login\\?next=%2Fexplore"))
    visitor.complaints.clear()  # the browser tells of the 401


def test_bars_are_as_long_as_people_reckon(visitor: Visitor) -> None:
    visitor.sign_in()
    page = visitor.open("/explore?range=30d&show=energy_wh")
    expect(page.get_by_text("1 d a bar")).to_be_visible()
    choose_device(page, 0)
    expect(page.get_by_text("1 d a bar")).to_be_visible()
