"""The Validation page: the same numbers as the API, tabs, a link that reproduces what is seen."""

import re
import time

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.axe import violations
from tests.e2e.files import choose_file

BUTTON = "Show the split ladder"


WORDS = {
    "Predicted": "lie inside their prediction",
    "Errors": "Half of the errors",
    "Uncertainty": "differ by at most",
}
HEADER = "smiles,name,value"
SEEN, UNSEEN = "OCC(O)CO,glycerol,190", ["CCCCCCCCC(=O)OC,methyl nonanoate,150", "OCCSCCSCCO,a thioether,190"]


def upload(page, lines, name="mine.csv"):
    choose_file(page, "\n".join([HEADER, *lines]), name)
    page.get_by_role("button", name="Evaluate", exact=True).click()


def mean_error(page):
    return page.get_by_role("row", name=re.compile("Mean absolute error")).get_by_role("cell").first


def asked(address, token, role, path):
    return httpx.get(f"{address}/api/v1{path}", headers={"Authorization": f"Bearer {token(role)}"}).json()


@pytest.fixture(scope="module")
def desk(common_visit):
    """A viewer's page of the current version for Tg."""
    visit = common_visit("viewer")
    visit.open("/validation?target=tg", button=BUTTON)
    return visit


def test_each_tab_says_in_words_what_it_shows_and_the_numbers_are_those_of_the_api(desk, address, token):
    page = desk.page
    [current] = [item for item in asked(address, token, "viewer", "/models/tg") if item["is_current"]]
    expect(page.get_by_text(f"{current['metrics']['n']:.0f} measured values")).to_be_visible()
    expect(mean_error(page)).to_have_text(f"{current['metrics']['mae']:.1f}")
    expect(page.get_by_text("needs the role researcher; an administrator gives it")).to_be_visible()
    expect(page.get_by_role("button", name="Evaluate", exact=True)).to_have_count(0)

    for tab, words in WORDS.items():
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_text(words)).to_be_visible()
        expect(page.locator(".bk-Canvas:visible").first).to_be_attached()
    page.get_by_role("tab", name="Importance").click()
    expect(page.get_by_text(re.compile("is not computed yet|the error grows by")).first).to_be_visible()
    page.get_by_role("button", name="Explain this row").click()
    expect(page.get_by_text("Compared with the training median,")).to_be_visible()
    expect(page.locator(".bk-Canvas:visible").first).to_be_attached()
    rows = page.get_by_role("region", name="Contributions").get_by_role("row")
    expect(rows.nth(3)).to_be_visible()
    page.get_by_role("tab", name="Learning curve").click()
    expect(page.get_by_text(re.compile("cryokit learning-curve tg does it|compounds the error is"))).to_be_visible()
    page.get_by_role("tab", name="Rows").click()
    expect(page.get_by_role("columnheader", name="Measured (K)")).to_be_visible()
    page.get_by_role("tab", name="Predicted").click()
    expect(page.locator(".bk-Canvas:visible").first).to_be_attached()


def test_own_measurements_become_an_evaluation_like_any_other(new_visit, address, token):
    visit = new_visit("admin")
    page = visit.open("/validation?target=tg", button="Evaluate")
    upload(page, [SEEN, "C1CC,broken,150", "CCO,ethanol,warm"], "bad.csv")
    refused = page.get_by_role("region", name="Refused rows")
    expect(refused.get_by_role("row", name=re.compile("^3 .*C1CC"))).to_be_visible()
    expect(refused.get_by_role("row", name=re.compile("^4 .*warm"))).to_be_visible()
    upload(page, [SEEN, *UNSEEN])
    expect(page.get_by_text("1 of 3 were learned from")).to_be_visible()
    expect(page).to_have_url(re.compile(r"rows=[0-9a-f-]{36}"))
    found = asked(address, token, "admin", f"/evaluations/{page.url.split('rows=')[1]}")

    assert (found["metrics"]["n"], found["metrics"]["n_in_training"]) == (2, 1)
    expect(mean_error(page)).to_have_text(f"{found['metrics']['mae']:.1f}")
    page.reload()
    expect(page.get_by_text("rows of mine.csv, without those learned from")).to_be_visible()
    page.get_by_role("tab", name="Rows").click()
    expect(page.get_by_role("row", name=re.compile("glycerol.*no: in training"))).to_be_visible()
    visit.screenshot("validation-own-rows")


def versions_to_compare(address, token):
    """Return the first and the newest version of viability; another one is trained if there is one only."""
    known = [item["version"] for item in asked(address, token, "admin", "/models/viability")]
    if len(known) == 1:
        headers = {"Authorization": f"Bearer {token('admin')}"}
        order = httpx.post(f"{address}/api/v1/models/viability/train", json={"estimator": "ridge"}, headers=headers)
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline and len(known) == 1:
            time.sleep(0.5)
            known = [item["version"] for item in asked(address, token, "admin", "/models/viability")]
        assert len(known) > 1, asked(address, token, "admin", f"/jobs/{order.json()['id']}")
    return min(known), max(known)


def test_versions_are_compared_on_the_same_rows(new_visit, address, token):
    first, other = versions_to_compare(address, token)
    visit = new_visit("viewer", width=390, color_scheme="dark")
    page = visit.open(f"/validation?target=viability&version={first}", button="Compare")
    found = asked(address, token, "viewer", f"/models/viability/compare?version_a={first}&version_b={other}")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("Choose one version or more.")).to_be_visible()
    page.get_by_role("checkbox", name=str(other), exact=True).check()
    page.get_by_role("button", name="Compare", exact=True).click()

    table = page.get_by_role("region", name="Paired differences")
    row = table.get_by_role("row", name=re.compile(f"^version {other}"))
    expect(row.get_by_role("cell").nth(4)).to_have_text(f"{found['paired']['difference']:.3f}")
    expect(row.get_by_role("cell").last).to_have_text(found["second_is"])
    facts = page.get_by_role("region", name="What tells the versions apart")
    # Which of them is the newest depends on what the tests of the page Models trained before.
    expect(facts.get_by_role("row", name=re.compile("recipe, members, 1, kind.*(ridge|svr)"))).to_be_visible()
    expect(facts.get_by_role("row", name=re.compile("dataset sha256"))).to_have_count(0)
    page.get_by_role("tab", name="Importance").click()
    page.get_by_role("button", name="Explain this row").click()
    expect(page.get_by_role("region", name="Contributions")).to_be_visible()
    visit.screenshot("validation-compared-390-dark")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= visit.page.viewport_size["width"]


def test_a_link_reproduces_what_was_seen(new_visit):
    page = new_visit("viewer").open("/validation?target=viability", button=BUTTON)

    expect(page).to_have_url(re.compile(r"target=viability&version=\d+&rows=curated"))
    expect(page.get_by_role("combobox", name="Target")).to_have_text("Cell viability")


def test_the_last_of_quick_choices_is_what_is_shown(new_visit):
    page = new_visit("viewer").open("/validation?target=tg", button=BUTTON)
    for name in ("Ice recrystallization inhibition", "Glass transition", "Cell viability"):
        page.get_by_role("combobox", name="Target").click()
        page.get_by_role("option", name=name).click()

    expect(page).to_have_url(re.compile(r"target=viability"))
    expect(page.get_by_role("row", name=re.compile("Mean absolute error .fraction of control"))).to_be_visible()


def test_the_ladder_shows_what_was_computed(desk):
    page = desk.page
    page.get_by_role("button", name=BUTTON).click()

    expect(page.get_by_text("the mean absolute error is")).to_be_visible(timeout=60_000)


def test_the_page_is_accessible_and_fits_a_desk(desk):
    expect_accessible_and_fitting(desk, 1440, "light")


def test_the_page_is_accessible_and_fits_a_dark_phone(new_visit):
    visit = new_visit("viewer", width=390, color_scheme="dark")
    visit.open("/validation?target=tg", button=BUTTON)
    expect_accessible_and_fitting(visit, 390, "dark")


def expect_accessible_and_fitting(visit, width, scheme):
    page = visit.page
    visit.screenshot(f"validation-{width}-{scheme}")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
