import re

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import violations


def opened(visit):
    page = visit.sign_in("/database", button="Run now")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text(re.compile(r"^Checked: "))).to_be_visible(timeout=60_000)
    return page


def test_run_now_shows_a_verdict_and_history(new_visit):
    page = opened(new_visit("admin"))

    expect(page.get_by_text(re.compile(r"PostgreSQL .* checks at .* UTC"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"check(s)? since .* found \d+ error, \d+ warning, \d+ info"))).to_be_visible()
    assert page.locator(".bk-Canvas").first.bounding_box()["height"] > 200


def test_repair_shows_what_it_would_do_before_it_does_it(new_visit, broken_index):
    page = opened(new_visit("admin"))
    expect(page.get_by_role("row", name=re.compile(broken_index))).not_to_have_count(0)
    page.get_by_role("button", name="Preview repair").click()
    expect(page.get_by_text("1 step to do; nothing has been changed yet.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Yes, repair: 1 step").click()
    expect(page.get_by_text("1 step done.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Preview repair").click()

    expect(page.get_by_text("There is nothing to repair.")).to_be_visible(timeout=30_000)


def test_the_page_is_for_admins(new_visit):
    visit = new_visit("viewer")
    page = visit.sign_in("/database", button="Sign out", has_chart=False)

    expect(page.get_by_text("This page needs the role admin; ask an administrator.")).to_be_visible()
    expect(page.get_by_role("button", name="Preview repair")).to_have_count(0)
    expect(page.get_by_role("link", name="Database health")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_is_accessible_and_needs_no_sideways_scrolling(new_visit, width):
    visit = new_visit("admin", width=width, is_mobile=width < 500, has_touch=width < 500)
    page = opened(visit)
    for scheme in visit.in_both_themes():
        visit.screenshot(f"database-{scheme}-{width}")
        inner = page.locator(".main-content").evaluate("element => element.scrollWidth - element.clientWidth")

        assert inner == 0, scheme
        # On a phone Tabulator puts what does not fit below its row, outside of its own cells.
        assert width < 500 or violations(page) == [], scheme
