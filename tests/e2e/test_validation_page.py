"""The Validation page: the same numbers as the API, tabs, a link that reproduces what is seen."""

import re

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

BUTTON = "Show the split ladder"


@pytest.mark.parametrize("tab", ["Predicted", "Errors", "Uncertainty", "Rows"])
def test_each_tab_shows_its_charts_and_says_the_same_in_words(new_visit, tab):
    page = new_visit("viewer").sign_in("/validation?target=tg", button=BUTTON)
    page.get_by_role("tab", name=tab).click()
    words = {
        "Predicted": "lie inside their prediction",
        "Errors": "Half of the errors",
        "Uncertainty": "differ by at most",
    }

    if tab in words:
        expect(page.get_by_text(words[tab])).to_be_visible()
        expect(page.locator(".bk-Canvas:visible").first).to_be_attached()
    else:
        expect(page.get_by_role("columnheader", name="Measured (K)")).to_be_visible()


def test_the_numbers_are_those_of_the_api(new_visit, address, token):
    page = new_visit("viewer").sign_in("/validation?target=tg", button=BUTTON)
    known = httpx.get(f"{address}/api/v1/models/tg", headers={"Authorization": f"Bearer {token('viewer')}"}).json()
    [current] = [item for item in known if item["is_current"]]

    expect(page.get_by_text(f"{current['metrics']['n']:.0f} measured values")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("Mean absolute error"))
    expect(row.get_by_role("cell").first).to_have_text(f"{current['metrics']['mae']:.1f}")


def test_a_link_reproduces_what_was_seen(new_visit):
    page = new_visit("viewer").sign_in("/validation?target=viability", button=BUTTON)

    expect(page).to_have_url(re.compile(r"target=viability&version=\d+&rows=curated"))
    expect(page.get_by_role("combobox", name="Target")).to_have_text("Cell viability")


def test_the_ladder_shows_what_was_computed(new_visit):
    page = new_visit("viewer").sign_in("/validation?target=tg", button=BUTTON)
    page.get_by_role("button", name=BUTTON).click()

    expect(page.get_by_text("the mean absolute error is")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_page_is_accessible_and_fits(new_visit, width, scheme):
    visit = new_visit("viewer", width=width, color_scheme=scheme)
    page = visit.sign_in("/validation?target=tg", button=BUTTON)
    visit.screenshot(f"validation-{width}-{scheme}")

    found = Axe().run(page).response["violations"]

    assert [f"{item['id']} at {item['nodes'][0]['html'][:160]}" for item in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
