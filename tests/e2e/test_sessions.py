import re
import time

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from cryokit.api.auth import COOKIE

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


@pytest.mark.slow
def test_documents_return_to_zero_after_pages_close(new_visit, address, token):
    visits = [new_visit() for _ in range(3)]
    for visit in visits:
        visit.sign_in()
    admin = token("admin")
    held = open_documents(address, admin)
    for visit in visits:
        visit.page.context.close()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while open_documents(address, admin) and time.monotonic() < deadline:
        time.sleep(2)

    assert held >= 3
    assert open_documents(address, admin) == 0
