"""A person puts right what was refused, and says what is kept."""

from datetime import UTC, datetime

import httpx
from playwright.sync_api import expect

from tests.journeys.conftest import Visitor
from tests.journeys.test_managing import register


def test_what_was_refused_is_stored_after_a_fix(visitor: Visitor) -> None:
    page = visitor.sign_in("operator")
    uuid, secret = register(page, "Clamp the wrong way round")
    answer = httpx.post(
        f"{visitor.site.address}/api/ingest",
        headers={"X-Device-ID": uuid, "X-Device-Secret": secret},
        json={"ts": datetime.now(UTC).isoformat(), "current": -2.0, "voltage": 230.5},
    )
    assert answer.status_code == 422
    page.get_by_role("link", name="Refused", exact=True).click()
    refused = page.get_by_test_id("refused").filter(
        has_text="Clamp the wrong way round"
    )
    expect(refused).to_contain_text("current: must not be negative")
    refused.get_by_role("checkbox").click()
    page.get_by_role("button", name="Store 1").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Store", exact=True).click()
    expect(page.get_by_text("1 are still refused").first).to_be_visible()
    page.get_by_role("button", name="Store 1").click()
    dialog.get_by_role("button", name="Multiply a field").click()
    factor = dialog.get_by_label("Factor")
    factor.fill("-1")
    factor.press("Tab")
    dialog.get_by_role("button", name="Store", exact=True).click()
    expect(refused.get_by_text("Stored", exact=True)).to_be_visible()


def test_an_owner_says_what_is_kept_and_what_may_not_go(visitor: Visitor) -> None:
    page = visitor.sign_in()
    page.get_by_role("link", name="Retention", exact=True).click()
    rule = page.get_by_test_id("rule").first
    expect(rule).to_contain_text("as this installation is set up")
    page.get_by_role("button", name="Change the rule for All devices").click()
    days = page.get_by_role("dialog").get_by_label("Readings", exact=True)
    days.fill("30")
    days.press("Tab")
    page.get_by_role("button", name="Save").click()
    expect(rule).to_contain_text("30 days")
    page.get_by_role("button", name="Remove the rule for All devices").click()
    expect(page.get_by_role("dialog")).to_contain_text("readings 7 days")
    page.get_by_role("button", name="Cancel").click()
    expect(rule).to_contain_text("30 days")
    page.get_by_role("button", name="Remove the rule for All devices").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(rule).to_contain_text("as this installation is set up")

    page.get_by_role("button", name="Hold a device").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Hold", exact=True).click()
    expect(dialog.get_by_text("Choose a device.")).to_be_visible()
    dialog.get_by_text("Choose…").click()
    page.get_by_role("option").first.click()
    expect(page.get_by_role("option")).to_have_count(0)
    reason = dialog.get_by_role("textbox", name="Reason")
    reason.click()
    page.keyboard.type("Dispute 7")
    expect(reason).to_have_value("Dispute 7")
    dialog.get_by_role("button", name="Hold", exact=True).click()
    expect(page.get_by_text("Dispute 7")).to_be_visible()
    page.get_by_role("button", name="Release").click()
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    expect(page.get_by_text("No device is on hold.")).to_be_visible()


def test_a_viewer_sees_both_and_changes_neither(visitor: Visitor) -> None:
    page = visitor.sign_in("viewer")
    page.get_by_role("link", name="Retention", exact=True).click()
    expect(page.get_by_test_id("rule").first).to_be_visible()
    expect(page.get_by_role("button", name="Hold a device")).to_have_count(0)
    page.get_by_role("link", name="Refused", exact=True).click()
    expect(page.get_by_role("heading", name="Refused readings")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(0)
