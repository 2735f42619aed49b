import re
import time

import httpx
import pytest
from playwright.sync_api import expect

import cryokit
from cryokit.backup.sets import KINDS, Sets
from tests.e2e.axe import violations
from tests.jobs import ended


def card_of(page, job):
    """Return what the page shows of a job, among those that were asked for earlier."""
    asked_at = job["created_at"].replace("T", " ").removesuffix("Z")
    return page.locator(".job", has_text=f"asked for at {asked_at} UTC")


def opened(visit):
    page = visit.open("/operations", button="Look again", has_chart=False)
    expect(page.get_by_text(re.compile(r"components need somebody|every component is well"))).to_be_visible(
        timeout=30_000
    )
    return page


@pytest.fixture(scope="module")
def workbench(state_dir):
    """The workbench of the server's own state folder."""
    with cryokit.open(state_dir=state_dir) as workbench:
        yield workbench


@pytest.fixture(scope="module")
def backed_up(workbench):
    """A backup of each kind and a drill."""
    for kind in KINDS:
        workbench.create_backup(kind)
    workbench.drill_backup()


@pytest.fixture(scope="module")
def desk(common_visit, backed_up):
    """An administrator's page, opened when there were backups and a drill."""
    visit = common_visit("admin")
    opened(visit)
    return visit


def test_tiles_alerts_failed_requests_and_backups_are_shown(desk):
    page = desk.page

    for name in ("database", "schema", "models", "dask", "disk", "clock", "findings", "backups"):
        expect(page.locator(".tiles li strong", has_text=re.compile(f"^{name}$"))).to_be_visible()
    for name in ("Health", "Alerts", "Requests that failed", "Backups", "Make a backup", "Drills"):
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_the_page_is_for_admins(new_visit):
    visit = new_visit("viewer")
    page = visit.open("/operations", button="Sign out", has_chart=False)

    expect(page.get_by_text("This page needs the role admin; ask an administrator.")).to_be_visible()


def test_the_page_is_accessible_and_fits_a_desk(desk):
    expect_accessible_and_fitting(desk, 1440)


def test_the_page_is_accessible_and_fits_a_phone(new_visit, backed_up):
    visit = new_visit("admin", width=390, is_mobile=True, has_touch=True)
    opened(visit)
    expect_accessible_and_fitting(visit, 390)


def expect_accessible_and_fitting(visit, width):
    page = visit.page
    page.locator(".bk-Canvas").first.wait_for(state="attached")
    for scheme in visit.in_both_themes():
        visit.screenshot(f"operations-{scheme}-{width}")
        inner = page.locator(".main-content").evaluate("element => element.scrollWidth - element.clientWidth")
        found = violations(page)

        assert inner == 0, scheme
        assert found == [], scheme


def open_websockets(address: str, token: str) -> float:
    text = httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=30).text
    return float(re.search(r"^cryokit_websockets_open (\S+)$", text, flags=re.MULTILINE)[1])


def test_an_open_page_is_one_websocket_until_it_is_closed(new_visit, address, token):
    key = token("admin")
    before = open_websockets(address, key)
    visit = new_visit("admin")
    page = opened(visit)
    during = open_websockets(address, key)
    page.close()
    deadline = time.monotonic() + 10
    while open_websockets(address, key) != before and time.monotonic() < deadline:
        time.sleep(0.2)

    assert during == before + 1
    assert open_websockets(address, key) == before


def test_a_backup_is_made_from_the_page_one_at_a_time(desk, workbench):
    page = desk.page
    button = page.get_by_role("button", name="Back up now")
    sets = Sets(workbench.settings)
    with sets.locked():
        button.click()
        expect(page.get_by_text("Another backup, restore or prune is at work")).to_be_visible()
    before = {found.id for found in sets.all()}

    page.get_by_label("Kind of backup").click()
    page.get_by_role("option", name="incremental").click()
    button.click()
    expect(page.get_by_text("The backup is under way; how far it is stands below.")).to_be_visible()
    button.click()
    expect(page.get_by_text(re.compile("A backup is under way since .*; wait for its end"))).to_be_visible()
    job = ended(lambda: workbench.backup_jobs(1)[0], 240)
    expect(card_of(page, job).get_by_text(re.compile(f"{job['result']['id']} is proved, .* MB"))).to_be_visible()

    [made] = [found for found in sets.all() if found.id not in before]
    assert (made.kind, made.is_proved) == ("incremental", True)
    expect(page.get_by_role("region", name="Backups").get_by_text(made.id)).to_be_visible()
    expect(page.get_by_text(re.compile(r"Any moment from .* UTC can be restored"))).to_be_visible()
    expect(page.get_by_role("region", name="What can be restored").get_by_text("any moment")).to_be_visible()


def test_a_backup_is_cancelled_from_the_page_and_leaves_nothing(new_visit, workbench, backed_up):
    page = opened(new_visit("admin"))
    button, cancel = (page.get_by_role("button", name=name) for name in ("Back up now", "Cancel the newest"))
    before = {found.id for found in Sets(workbench.settings).all()}
    cancel.click()
    expect(page.get_by_text("Nothing is under way.")).to_be_visible()

    button.click()
    expect(page.get_by_text("The backup is under way; how far it is stands below.")).to_be_visible()
    newest = card_of(page, workbench.backup_jobs(1)[0])
    expect(newest.get_by_role("progressbar", name=re.compile("^Progress of full, asked for at"))).to_be_visible()
    cancel.click()
    expect(page.get_by_text("It is cancelled; it ends at once and removes what it made.")).to_be_visible()
    expect(newest.get_by_text("cancelled", exact=True)).to_be_visible()
    with Sets(workbench.settings).locked(wait=True):  # as soon as its process is out of the way
        assert {found.id for found in Sets(workbench.settings).all()} == before


def test_drills_are_listed(desk, workbench):
    page = desk.page
    newest = workbench.backup_overview()["drills"].iloc[0]

    row = page.get_by_role("region", name="Drills").get_by_role("row").nth(1)
    expect(row.get_by_text("passed")).to_be_visible()
    expect(row.get_by_text(newest["backup_set_id"])).to_be_visible()
