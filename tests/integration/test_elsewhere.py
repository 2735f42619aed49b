"""Signing in at an OpenID provider, which runs as a process of its own: who gets in, as what, and who does not."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from cryokit.api.auth import COOKIE
from cryokit.api.login_elsewhere import COOKIE as KEPT
from cryokit.errors import AccessError, ConflictError, InputError, NotFoundError
from cryokit.workbench import Workbench
from tests.openid_provider import CLIENT, SECRET

PROGRAM = Path(__file__).parents[1] / "openid_provider.py"
ADA = {"sub": "person-1", "preferred_username": "ada", "email": "ada@lab.example", "email_verified": True}


class Provider:
    """The running provider; `say` tells it whom it signs in and how it is wrong."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process
        self.issuer = process.stdout.readline().strip()

    def say(self, fault: str | None = None, redirects: list[str] | None = None, **claims: object) -> None:
        told = {"claims": ADA | claims, "fault": fault} | ({} if redirects is None else {"redirects": redirects})
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "told\n"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """A provider on this machine."""
    argv = [sys.executable, str(PROGRAM)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Provider(process)
        process.kill()


@pytest.fixture
def lab(people, provider, served):
    """Serve a workbench that knows the provider, with more settings, and yield it with a browser."""
    opened = []

    def open_lab(**settings: object) -> tuple[Workbench, httpx.Client]:
        known = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SecretStr(SECRET)}
        workbench = Workbench(people.database.settings.model_copy(update=known | settings), people.database)
        context = served(workbench)
        url = context.__enter__()
        browser = httpx.Client(base_url=url, timeout=60)
        opened.append((context, browser))
        provider.say(redirects=[f"{url}/login/provider/back"])
        return workbench, browser

    yield open_lab
    for context, browser in opened:
        browser.close()
        context.__exit__(None, None, None)


def way_back(browser: httpx.Client, **asked: str) -> httpx.URL:
    """Go to the provider and return the address that it sends the browser back to."""
    there = browser.get("/login/provider", params=asked)
    assert there.status_code == 303
    back = httpx.get(there.headers["location"])
    assert back.status_code == 302, back.text
    return httpx.URL(back.headers["location"])


def sign_in(browser: httpx.Client, **asked: str) -> httpx.Response:
    return browser.get(way_back(browser, **asked))


def account(workbench: Workbench, name: str) -> dict:
    return workbench.users().set_index("name").loc[name].to_dict()


def events(workbench: Workbench, action: str) -> list[dict]:
    return [event for event in workbench.registry.events().to_dict("records") if event["action"] == action]


# Who gets in


def test_a_person_gets_an_account_at_the_first_sign_in_and_the_same_one_later(lab):
    workbench, browser = lab()
    first = sign_in(browser, next="/models?target=tg")
    role = browser.get("/api/v1/targets").status_code
    browser.post("/logout")
    second = sign_in(browser)

    assert (first.status_code, first.headers["location"], role) == (303, "/models?target=tg", 200)
    assert second.status_code == 303
    assert account(workbench, "ada")["role"] == "viewer"
    assert len(events(workbench, "provider_linked")) == 1
    assert len(events(workbench, "user_added")) == 5


def test_the_account_is_the_subject_not_the_name(lab, provider):
    workbench, browser = lab()
    sign_in(browser)
    provider.say(preferred_username="ada lovelace", email="other@lab.example")
    browser.post("/logout")
    sign_in(browser)

    assert browser.get("/account").text.count("ada, viewer")
    assert "ada lovelace" not in set(workbench.users()["name"])


def test_a_name_that_is_taken_is_not_taken_over_until_an_administrator_links_it(lab, provider, people):
    workbench, browser = lab()
    provider.say(preferred_username="Admin")
    refused = sign_in(browser)
    workbench.link_provider("Admin", "person-1")
    browser_in = sign_in(browser)

    assert refused.status_code == 403
    assert "cryokit user link Admin person-1" in refused.text
    assert COOKIE not in refused.cookies
    assert browser_in.status_code == 303
    assert browser.get("/api/v1/system/audit").status_code == 200
    with pytest.raises(ConflictError, match="as another account already"):
        workbench.link_provider("Viewer", "person-1")
    with pytest.raises(NotFoundError):
        workbench.link_provider("nobody", "person-2")


def test_a_link_that_was_wrong_is_taken_back(lab, people):
    workbench, browser = lab()
    workbench.link_provider("Admin", "person-1")
    with pytest.raises(AccessError):
        workbench.acting_as(people.researcher).unlink_provider("Admin")
    sign_in(browser)
    workbench.unlink_provider("admin")
    browser.post("/logout")
    sign_in(browser)

    assert browser.get("/account").text.count("ada, viewer")
    assert [event["detail"]["subject"] for event in events(workbench, "provider_unlinked")] == ["person-1"]
    with pytest.raises(NotFoundError, match="no provider knows"):
        workbench.unlink_provider("Admin")


def test_roles_follow_the_groups_at_every_sign_in(lab, provider):
    workbench, browser = lab(oidc_roles="lab=researcher, leads=admin", oidc_claim="realm.groups")
    found = []
    for groups in (["lab", "other"], ["lab", "leads"], ["other"], "leads"):
        provider.say(realm={"groups": groups})
        sign_in(browser)
        found.append(account(workbench, "ada")["role"])
        browser.post("/logout")

    assert found == ["researcher", "admin", "viewer", "admin"]
    assert [event["detail"]["role"] for event in events(workbench, "role_set")] == ["admin", "viewer", "admin"]


def test_without_a_mapping_the_role_stays_what_an_administrator_made_it(lab, people):
    workbench, browser = lab()
    workbench.link_provider("Researcher", "person-1")
    sign_in(browser)

    assert account(workbench, "Researcher")["role"] == "researcher"


def test_the_last_administrator_stays_one_whatever_the_groups_are(lab, people):
    workbench, browser = lab(oidc_roles="leads=admin")
    workbench.link_provider("Admin", "person-1")
    sign_in(browser)

    assert account(workbench, "Admin")["role"] == "admin"
    with pytest.raises(ConflictError, match="the last administrator"):
        workbench.set_role("Admin", "viewer")
    workbench.set_role("Viewer", "admin")
    workbench.set_role("Admin", "viewer")
    assert account(workbench, "Admin")["role"] == "viewer"
    with pytest.raises(InputError, match="no role"):
        workbench.set_role("Admin", "boss")


@pytest.mark.parametrize(
    ("given", "claims", "said"),
    [
        ({"oidc_groups": "lab"}, {"groups": ["other"]}, "none of the groups"),
        ({"oidc_groups": "lab"}, {}, "none of the groups"),
        ({"oidc_domains": "lab.example"}, {"email": "ada@evil.example"}, "mail address at lab.example"),
        ({"oidc_domains": "lab.example"}, {"email_verified": False}, "mail address at lab.example"),
        ({"oidc_domains": "lab.example"}, {"email": "ada@lab.example@evil.example"}, "mail address at lab.example"),
        ({}, {"sub": ""}, "who you are"),
    ],
)
def test_who_is_not_meant_to_be_here_stays_out(lab, provider, given, claims, said):
    workbench, browser = lab(**given)
    provider.say(**claims)
    answer = sign_in(browser)

    assert answer.status_code == 403
    assert said in answer.text
    assert COOKIE not in browser.cookies
    assert "ada" not in set(workbench.users()["name"])


def test_who_is_meant_to_be_here_gets_in(lab, provider):
    _, browser = lab(oidc_groups="lab, leads", oidc_domains="other.example, LAB.example")
    provider.say(groups=["leads"])

    assert sign_in(browser).status_code == 303


@pytest.mark.parametrize(
    ("change", "said"),
    [("disabled_at = now()", "is closed"), ("locked_until = now() + interval '1 hour'", "is locked for now")],
)
def test_a_closed_or_locked_account_stays_out(lab, people, change, said):
    _, browser = lab()
    sign_in(browser)
    browser.post("/logout")
    with people.database.service() as connection:
        connection.execute(text(f"UPDATE cryo.app_user SET {change} WHERE name = 'ada'"))
    answer = sign_in(browser)

    assert answer.status_code == 403
    assert said in answer.text
    assert browser.get("/api/v1/targets").status_code == 401


def test_logout_ends_our_session(lab):
    _, browser = lab()
    sign_in(browser)
    token = browser.cookies[COOKIE]
    browser.post("/logout")

    assert browser.get("/api/v1/targets", headers={"Authorization": f"Bearer {token}"}).status_code == 401


# What is not believed


@pytest.mark.parametrize(
    "fault", ["nonce", "no nonce", "audience", "issuer", "expired", "signature", "unsigned", "shared secret"]
)
def test_a_statement_that_is_not_the_providers_for_this_sign_in_is_refused(lab, provider, fault):
    workbench, browser = lab()
    provider.say(fault)
    answer = sign_in(browser)

    assert answer.status_code == 403
    assert "cannot be trusted" in answer.text
    assert COOKIE not in browser.cookies
    assert "ada" not in set(workbench.users()["name"])


def test_a_code_counts_once(lab):
    _, browser = lab()
    back = way_back(browser)
    kept = browser.cookies[KEPT]
    browser.get(back)
    browser.post("/logout")
    browser.cookies.set(KEPT, kept, domain="127.0.0.1", path="/login/provider")
    again = browser.get(back)

    assert again.status_code == 403
    assert "invalid_grant" in again.text
    assert COOKIE not in browser.cookies


def test_a_code_of_another_browser_is_refused(lab):
    _, browser = lab()
    back = way_back(browser)
    with httpx.Client(base_url=browser.base_url) as other:
        without = other.get(back)
        way_back(other)  # its own sign-in has another state and another verifier
        mixed = other.get(back)
        forged = other.get(back, params={"state": httpx.QueryParams(back.query)["state"], "code": "x"})

    assert [answer.status_code for answer in (without, mixed, forged)] == [403, 403, 403]
    assert "was not begun in this browser" in without.text
    assert "was not begun in this browser" in mixed.text


def test_a_code_is_bound_to_the_verifier_of_its_sign_in(lab):
    """Somebody who has a code but not the cookie of its sign-in gets nothing, even with a state of his own."""
    _, browser = lab()
    stolen = httpx.QueryParams(way_back(browser).query)["code"]
    with httpx.Client(base_url=browser.base_url) as thief:
        own = way_back(thief)
        answer = thief.get(own.copy_set_param("code", stolen))

    assert answer.status_code == 403
    assert "invalid_grant" in answer.text


def test_an_answer_in_the_name_of_another_provider_is_refused(lab):
    _, browser = lab()
    answer = browser.get(way_back(browser).copy_set_param("iss", "https://another.example"))

    assert answer.status_code == 403


def test_what_the_browser_keeps_is_no_session(lab):
    _, browser = lab()
    way_back(browser)

    with httpx.Client(base_url=browser.base_url, cookies={COOKIE: browser.cookies[KEPT]}) as other:
        assert other.get("/api/v1/targets").status_code == 401


def test_no_address_leads_to_another_host(lab, provider):
    _, browser = lab()
    locations = [sign_in(browser, next=address).headers["location"] for address in ("https://evil.example", "//evil")]
    there = browser.get("/login/provider", headers={"Host": "evil.example"}).headers["location"]
    foreign = httpx.get(there)

    assert locations == ["/", "/"]
    assert there.startswith(provider.issuer)
    assert foreign.status_code == 400  # the provider sends nobody to an address that it does not know


def test_a_refusal_of_the_provider_is_said_and_the_page_that_was_wanted_is_not_lost(lab, provider):
    _, browser = lab()
    provider.say("refused")
    answer = sign_in(browser, next="/models?target=tg")

    assert answer.status_code == 401
    assert "did not let you in (access_denied)" in answer.text
    assert 'name="next" value="/models?target=tg"' in answer.text
    assert 'href="/login/provider?next=%2Fmodels%3Ftarget%3Dtg"' in answer.text


def test_a_page_comes_back_only_from_what_was_signed_here(lab):
    _, browser = lab()
    browser.cookies.set(KEPT, "made.by.somebody", domain="127.0.0.1", path="/login/provider")
    answer = browser.get("/login/provider/back", params={"error": "access_denied"})

    assert answer.status_code == 401
    assert 'name="next" value="/"' in answer.text


def test_many_refused_sign_ins_are_stopped(lab, provider):
    _, browser = lab()
    provider.say("nonce")
    statuses = [sign_in(browser).status_code for _ in range(11)]

    assert statuses == [403] * 10 + [429]


def test_a_person_who_is_refused_is_counted_whatever_the_address(lab, provider):
    """The same person at the provider, from eleven addresses; another person still gets in."""
    _, browser = lab(oidc_groups="lab")
    statuses = []
    for number in range(11):
        browser.headers["X-Forwarded-For"] = f"198.51.100.{number}"
        statuses.append(sign_in(browser).status_code)
    provider.say(sub="person-2", preferred_username="grace", groups=["lab"])
    other = sign_in(browser)
    provider.say(sub="person-1", groups=["lab"])
    too_late = sign_in(browser)

    assert statuses == [403] * 10 + [429]
    assert (other.status_code, too_late.status_code) == (303, 429)


def test_a_wrong_secret_of_ours_is_said(lab):
    _, browser = lab(oidc_client_secret=SecretStr("wrong"))
    answer = sign_in(browser)

    assert answer.status_code == 403
    assert "invalid_client" in answer.text


def test_a_provider_that_is_away_or_another_is_said(lab, provider):
    _, away = lab(oidc_issuer="http://127.0.0.1:9")
    _, other = lab(oidc_issuer=f"{provider.issuer}/")
    answers = [browser.get("/login/provider", params={"next": "/models"}) for browser in (away, other)]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert "does not answer" in answers[0].text
    assert "configured wrongly" in answers[1].text
    assert all('value="/models"' in answer.text for answer in answers)


def test_a_provider_that_hangs_keeps_few_threads_waiting(lab):
    """Anybody can ask for this page; the server answers with forty threads."""
    with socket.create_server(("127.0.0.1", 0)) as hanging, ThreadPoolExecutor(8) as pool:
        _, browser = lab(oidc_issuer=f"http://127.0.0.1:{hanging.getsockname()[1]}")
        first = [pool.submit(browser.get, "/login/provider") for _ in range(8)]
        waiting = [hanging.accept()[0] for _ in first]
        one_more = browser.get("/login/provider")
        for connection in waiting:
            connection.close()

    assert one_more.status_code == 503
    assert "Others wait for the provider" in one_more.text
    assert all("does not answer" in answer.result().text for answer in first)


# How long it lasts


def test_a_session_from_the_provider_ends_when_groups_are_to_be_asked_for_anew(lab):
    workbench, browser = lab(oidc_session_minutes=30)
    answer = sign_in(browser)
    claims = workbench.token_claims(browser.cookies[COOKIE])
    short = workbench.issue_token(workbench.find_identity(claims["sub"]), timedelta(seconds=-1))

    assert "Max-Age=1800" in answer.headers["set-cookie"]
    assert claims["exp"] - claims["iat"] == pytest.approx(1800, abs=1)
    with httpx.Client(base_url=browser.base_url, cookies={COOKIE: short}) as later:
        assert later.get("/api/v1/targets").status_code == 401


# The page


def test_the_button_is_there_only_with_a_provider(lab, people, served):
    _, browser = lab(oidc_title="Lab <One>")
    with served(Workbench(people.database.settings, people.database)) as url, httpx.Client(base_url=url) as plain:
        without, unknown = plain.get("/login").text, plain.get("/login/provider")
    page = browser.get("/login", params={"next": "/models?a=1&b=2"}).text

    assert "Sign in with Lab &lt;One&gt;" in page
    assert 'href="/login/provider?next=%2Fmodels%3Fa%3D1%26b%3D2"' in page
    assert "/login/provider" not in without
    assert unknown.status_code == 404


def test_the_cookies_are_closed_to_scripts_and_other_sites(lab):
    _, browser = lab()
    cookie = browser.get("/login/provider").headers["set-cookie"]

    assert {"HttpOnly", "SameSite=lax", "Path=/login/provider", "Max-Age=600"} <= set(cookie.split("; "))


def test_a_page_that_does_not_fit_in_the_cookie_is_left_out(lab):
    _, browser = lab()
    fits, not_so = f"/models?name={'a' * 1_000}", f"/models?name={'é' * 1_000}"  # which is written with six letters
    cookies = [browser.get("/login/provider", params={"next": page}).headers["set-cookie"] for page in (fits, not_so)]
    locations = [sign_in(browser, next=page).headers["location"] for page in (fits, not_so)]

    assert all(len(cookie) < 4_096 for cookie in cookies)
    assert locations == [fits, "/"]


def test_the_account_page_offers_no_password_to_who_has_none(lab):
    _, browser = lab()
    sign_in(browser)
    page = browser.get("/account").text

    assert "You sign in with your organisation" in page
    assert "Change the password" not in page
