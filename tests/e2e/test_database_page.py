import re

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import violations


@pytest.fixture(scope="module")
def desk(common_visit):
    """A page that shows a check which was just run."""
    visit = common_visit("admin")
    run(visit.open("/database", button="Run now"))
    return visit


def run(page):
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text(re.compile(r"^Checked: "))).to_be_visible(timeout=60_000)


def test_run_now_shows_a_verdict_and_history(desk):
    page = desk.page

    expect(page.get_by_text(re.compile(r"PostgreSQL .* checks at .* UTC"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"check(s)? since .* found \d+ error, \d+ warning, \d+ info"))).to_be_visible()
    assert page.locator(".bk-Canvas").first.bounding_box()["height"] > 200


def test_repair_shows_what_it_would_do_before_it_does_it(desk, broken_index):
    page = desk.page
    run(page)
    expect(page.get_by_role("row", name=re.compile(broken_index))).not_to_have_count(0)
    page.get_by_role("button", name="Preview repair").click()
    expect(page.get_by_text("1 step to do; nothing has been changed yet.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Yes, repair: 1 step").click()
    expect(page.get_by_text("1 step done.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Preview repair").click()

    expect(page.get_by_text("There is nothing to repair.")).to_be_visible(timeout=30_000)


def test_the_page_is_for_admins(new_visit):
    visit = new_visit("viewer")
    page = visit.open("/database", button="Sign out", has_chart=False)

    expect(page.get_by_text("This page needs the role admin; ask an administrator.")).to_be_visible()
    expect(page.get_by_role("button", name="Preview repair")).to_have_count(0)
    expect(page.get_by_role("link", name="Database health")).to_have_count(0)


def test_the_page_is_accessible_and_needs_no_sideways_scrolling(desk):
    expect_fitting(desk, 1440)


def test_a_phone_needs_no_sideways_scrolling(new_visit):
    visit = new_visit("admin", width=390, is_mobile=True, has_touch=True)
    run(visit.open("/database", button="Run now"))
    expect_fitting(visit, 390)


def expect_fitting(visit, width):
    page = visit.page
    for scheme in visit.in_both_themes():
        visit.screenshot(f"database-{scheme}-{width}")
        inner = page.locator(".main-content").evaluate("element => element.scrollWidth - element.clientWidth")

        assert inner == 0, scheme
        # On a phone Tabulator puts what does not fit below its row, outside of its own cells.
        assert width < 500 or violations(page) == [], scheme
