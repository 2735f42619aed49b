import re

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import violations


def opened(visit, path, heading):
    page = visit.open(path, button="Sign out", has_chart=False)
    page.get_by_role("heading", name=heading, exact=True).wait_for()
    return page


def test_an_administrator_runs_a_report_and_sees_two_beside_each_other(new_visit):
    visit = new_visit("admin")
    page = opened(visit, "/reports", "Run a report")
    page.get_by_label("Report", exact=True).click()
    page.get_by_role("option", name="Database health").click()
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("Done: its page is the first one above.")).to_be_visible(timeout=180_000)
    frame = page.frame_locator("iframe").first
    expect(frame.get_by_role("heading", name="Database health")).to_be_visible(timeout=30_000)
    page.get_by_label("Beside it").click()
    page.get_by_role("option").nth(1).click()
    expect(page.locator("iframe")).to_have_count(2)
    expect(page).to_have_url(re.compile("beside="))


def test_a_viewer_reads_reports_and_cannot_run_them(new_visit):
    page = opened(new_visit("viewer"), "/reports", "Pages")
    frame = page.frame_locator("iframe").first

    expect(frame.locator("h1").first).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Run now")).to_have_count(0)


def test_an_administrator_finds_who_did_what_and_takes_it_along(new_visit):
    page = opened(new_visit("admin"), "/audit", "Who did what")
    page.get_by_label("Who, what or which").fill("model_trained")
    page.get_by_label("Who, what or which").press("Enter")
    expect(page).to_have_url(re.compile("text=model_trained"), timeout=20_000)
    expect(page.locator("td", has_text="model trained").first).to_be_visible(timeout=20_000)
    expect(page.locator("td", has_text="the installation").first).to_be_visible()
    expect(page.locator("td", has_text=re.compile("^nan$"))).to_have_count(0)
    with page.expect_download(timeout=30_000) as downloaded:
        page.get_by_role("button", name="Download as CSV").click()

    _, *events = downloaded.value.path().read_text().splitlines()
    assert events
    assert all("model_trained" in event for event in events)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("path", "heading"), [("/reports", "Pages"), ("/audit", "Who did what")])
def test_the_pages_are_accessible_and_need_no_sideways_scrolling(new_visit, width, path, heading):
    visit = new_visit("admin", width=width, is_mobile=width < 500, has_touch=width < 500)
    page = opened(visit, path, heading)
    for scheme in visit.in_both_themes():
        visit.screenshot(f"{path[1:]}-{scheme}-{width}")
        inner = page.locator(".main-content").evaluate("element => element.scrollWidth - element.clientWidth")
        # What the frames hold are pages of their own.
        found = violations(page, resultTypes=["violations"], iframes=False)

        assert inner == 0, scheme
        assert found == [], scheme
