"""A person registers a device, looks after it, and looks things up."""

import re
from datetime import UTC, datetime

import httpx
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visitor


def register(page: Page, name: str) -> tuple[str, str]:
    """Register a device by the dialog; return its UUID and its secret."""
    page.get_by_role("link", name="Devices", exact=True).click()
    page.get_by_role("button", name="Register a device").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_text("Give the device a name.")).to_be_visible()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Location").fill("Test bench")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_text("The secret is shown this once")).to_be_visible()
    uuid = dialog.get_by_test_id("Device UUID").inner_text()
    secret = dialog.get_by_test_id("Secret").inner_text()
    expect(dialog.get_by_test_id("curl")).to_contain_text(secret)
    dialog.get_by_role("link", name="Open the device").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return uuid, secret


def test_a_new_device_appears_with_its_first_reading(visitor: Visitor) -> None:
    page = visitor.sign_in("operator")
    uuid, secret = register(page, "Bench supply")
    expect(page.get_by_text("Waiting for the first reading")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()

    answer = httpx.post(
        f"{visitor.site.address}/api/ingest",
        headers={"X-Device-ID": uuid, "X-Device-Secret": secret},
        json={"ts": datetime.now(UTC).isoformat(), "current": 2.0, "voltage": 230.5},
    )
    assert answer.status_code == 201
    expect(page.get_by_role("meter", name="Power")).to_have_attribute(
        "aria-valuetext", re.compile(r"461\.0\sW")
    )
    expect(page.get_by_test_id("status")).to_have_text("Online")


def test_maintenance_begins_and_ends_and_is_recorded(visitor: Visitor) -> None:
    page = visitor.sign_in("operator")
    register(page, "Spare pump")
    page.get_by_role("button", name="Maintenance", exact=True).click()
    expect(page.get_by_test_id("maintenance-banner")).to_be_visible()
    expect(page.get_by_test_id("status")).to_have_text("Maintenance")
    page.get_by_role("button", name="End maintenance").click()
    expect(page.get_by_test_id("maintenance-banner")).to_have_count(0)
    expect(page.get_by_text("put Spare pump into maintenance")).to_be_visible()

    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Decommission…").click()
    dialog = page.get_by_role("dialog")
    end = dialog.get_by_role("button", name="Decommission")
    expect(end).to_be_disabled()
    dialog.get_by_role("textbox").fill("Spare pump")
    end.click()
    expect(page.get_by_test_id("status")).to_have_text("Decommissioned")
    expect(page.get_by_role("button", name="More actions")).to_have_count(0)


def test_a_device_is_changed(visitor: Visitor) -> None:
    page = visitor.sign_in("operator")
    register(page, "Old name")
    page.get_by_role("button", name="Edit", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("New name")
    dialog.get_by_label("Metadata").fill("panel A3")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Give a JSON object")).to_be_visible()
    dialog.get_by_label("Metadata").fill('{"panel": "A3"}')
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="New name")).to_be_visible()
    expect(page.get_by_text("A3", exact=True)).to_be_visible()


def test_filters_stay_in_the_address(visitor: Visitor) -> None:
    page = visitor.sign_in()
    page.get_by_role("link", name="Devices", exact=True).click()
    rows = page.locator("tr [data-row-link]")
    expect(rows.nth(2)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("chiller")
    expect(page).to_have_url(re.compile("search=chiller"))
    expect(rows).to_have_count(2)
    page.get_by_role("columnheader", name="Name").get_by_role("button").click()
    expect(page).to_have_url(re.compile("sort=-name"))
    expect(rows.first).to_have_text("Chiller plant 2")
    page.reload()
    expect(page.get_by_label("Search devices")).to_have_value("chiller")
    expect(rows.first).to_have_text("Chiller plant 2")
    page.get_by_role("button", name="Decommissioned").click()
    expect(page.get_by_text("No device matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows.nth(2)).to_be_visible()


def test_the_record_is_searched_by_kind(visitor: Visitor) -> None:
    page = visitor.sign_in()
    page.get_by_role("link", name="Events", exact=True).click()
    page.get_by_label("Kind").click()
    page.get_by_role("option", name="Signed in").click()
    expect(page).to_have_url(re.compile("type=auth.login"))
    expect(page.get_by_text("Owner signed in").first).to_be_visible()
    expect(page.get_by_text("came online")).to_have_count(0)
    page.get_by_role("button", name="Everything recorded").first.click()
    expect(page.get_by_text('"type": "auth.login"')).to_be_visible()
