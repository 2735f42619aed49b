import re
import time

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from cryokit.api.auth import COOKIE
from tests.e2e.axe import violations

PATIENCE_SECONDS = 120


def open_documents(address: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{address}/api/v1/system/sessions", headers=headers, timeout=30)
    return answer.raise_for_status().json()["documents"]


def page_token(address: str, login: str) -> str:
    """Return the token of a fresh page, by which its websocket joins the session."""
    page = httpx.get(f"{address}/", cookies={COOKIE: login}, timeout=60).raise_for_status().text
    return re.search(r'"token":"([^"]+)"', page).group(1)


def joined(address: str, page_token: str, login: str | None, origin: str) -> int:
    """Return 101 when the websocket is let in, else the status of the refusal."""

    headers = {"Cookie": f"{COOKIE}={login}"} if login else {}
    uri = f"{address.replace('http', 'ws', 1)}/ws"
    try:
        with connect(uri, additional_headers=headers, origin=origin, subprotocols=["bokeh", page_token]):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def test_a_page_opens_its_own_websocket(address, token):
    login = token("viewer")

    assert joined(address, page_token(address, login), login, address) == 101


def test_a_websocket_without_login_is_refused(address, token):
    assert joined(address, page_token(address, token("viewer")), None, address) == 403


def test_a_websocket_of_another_person_is_refused(address, token):
    assert joined(address, page_token(address, token("viewer")), token("admin"), address) == 403


def test_a_websocket_from_another_site_is_refused(address, token):
    login = token("viewer")

    assert joined(address, page_token(address, login), login, "https://evil.example") == 403


def test_a_page_token_does_not_hold_the_login(address, token):
    login = token("viewer")
    page = httpx.get(f"{address}/", cookies={COOKIE: login}, timeout=60).text

    assert login not in page


def test_a_session_of_another_person_cannot_be_opened_by_its_token(address, token):
    stolen = page_token(address, token("viewer"))
    answer = httpx.get(f"{address}/", params={"bokeh-token": stolen}, cookies={COOKIE: token("admin")}, timeout=60)

    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("version", ["%ED%A0%80", "%00", "9" * 3000])
def test_a_strange_address_still_shows_the_page(address, token, version):
    page = httpx.get(f"{address}/?version={version}", cookies={COOKIE: token("viewer")}, timeout=60)

    assert "<title>Predict - cryokit</title>" in page.text


def test_an_address_too_long_is_refused(address, token):
    page = httpx.get(f"{address}/?version={'9' * 5000}", cookies={COOKIE: token("viewer")}, timeout=60)

    assert (page.status_code, page.json()["code"]) == (414, "address_too_long")


@pytest.mark.parametrize("path", ["/", "/autoload.js?bokeh-autoload-element=x", "/metadata"])
def test_pages_need_a_login(address, path):
    answer = httpx.get(f"{address}{path}")

    assert answer.status_code in (302, 401)


def test_structures_need_a_login(address):
    assert httpx.get(f"{address}/structure.svg?smiles=C").status_code == 401


def test_a_websocket_of_an_ended_login_is_refused(address, new_login):
    login = new_login("viewer")
    page = page_token(address, login)
    httpx.delete(f"{address}/api/v1/session", headers={"Authorization": f"Bearer {login}"}).raise_for_status()

    assert joined(address, page, login, address) == 403


def test_an_open_websocket_closes_when_its_login_ends(address, new_login):
    login = new_login("viewer")
    uri, headers = f"{address.replace('http', 'ws', 1)}/ws", {"Cookie": f"{COOKIE}={login}"}
    protocols = ["bokeh", page_token(address, login)]
    with connect(uri, additional_headers=headers, origin=address, subprotocols=protocols) as socket:
        httpx.delete(f"{address}/api/v1/session", headers={"Authorization": f"Bearer {login}"}).raise_for_status()
        deadline = time.monotonic() + PATIENCE_SECONDS
        with pytest.raises(ConnectionClosed) as closed:
            while time.monotonic() < deadline:
                socket.recv(timeout=PATIENCE_SECONDS)

    assert closed.value.rcvd.code == 1008


def test_an_open_page_goes_to_the_login_when_its_login_is_revoked(visit):
    page = visit.sign_in()
    [cookie] = [item for item in page.context.cookies() if item["name"] == COOKIE]
    bearer = {"Authorization": f"Bearer {cookie['value']}"}
    httpx.delete(f"{visit.address}/api/v1/session", headers=bearer).raise_for_status()

    page.get_by_role("heading", name="cryokit").wait_for(timeout=PATIENCE_SECONDS * 1000)
    assert "/login?next=" in page.url
    visit.mishaps.clear()  # the refused reconnection is what was asked for


def test_a_person_makes_a_token_on_the_account_page(visit, address):
    page = visit.open(has_chart=False)
    page.get_by_role("link", name="Your account").click()
    page.get_by_label("Name of a new token").fill("nightly upload")
    page.get_by_label("It may do").select_option("read")
    page.get_by_role("button", name="Make a token").click()
    token = page.get_by_role("alert").locator("code").inner_text()
    bearer = {"Authorization": f"Bearer {token}"}
    before = httpx.get(f"{address}/api/v1/targets", headers=bearer).status_code
    for width, scheme in ((1440, "light"), (1440, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        visit.picture(f"account-{scheme}-{width}")
    found = violations(page)
    page.get_by_role("button", name="Revoke nightly upload").click()
    page.get_by_role("alert").wait_for()

    assert found == []
    assert (before, httpx.get(f"{address}/api/v1/targets", headers=bearer).status_code) == (200, 401)


@pytest.mark.slow
def test_documents_return_to_zero_after_pages_close(new_visit, address, token):
    visits = [new_visit() for _ in range(2)]
    for visit in visits:
        visit.open()
    admin = token("admin")
    held = open_documents(address, admin)
    for visit in visits:
        visit.page.close()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while open_documents(address, admin) and time.monotonic() < deadline:
        time.sleep(2)

    assert held >= 2
    assert open_documents(address, admin) == 0


def test_a_browser_asks_once_for_what_stays_the_same(new_visit):
    visit = new_visit()
    page = visit.open()
    page.reload()
    visit.ready()
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map(({name, transferSize, encodedBodySize}) =>"
        " ({name, transferSize, encodedBodySize}))"
    )
    files = [item for item in loaded if "/static/" in item["name"] or "/assets/" in item["name"]]

    assert len(files) > 20
    # A file that is still the same costs the headers of an answer, or nothing.
    assert [item["name"] for item in files if item["transferSize"] > item["encodedBodySize"] > 0] == []


def test_what_others_do_is_not_told_to_a_page(new_visit):
    idle, told = new_visit(), []
    idle.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: told.append(frame)))
    idle.open()
    idle.page.wait_for_timeout(3000)
    assert told
    told.clear()
    other = new_visit().open()
    other.get_by_label("SMILES, one on each line").fill("OCC(O)CO")
    other.get_by_role("button", name="Predict", exact=True).click()
    other.get_by_text("1 predicted, 0 refused.").wait_for()
    idle.page.wait_for_timeout(1000)

    assert told == []
