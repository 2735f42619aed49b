"""Signing in and out, one's own password, tokens: as pages and API give them, over a real server."""

import threading
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from cryokit.api.auth import COOKIE, issue_token
from cryokit.errors import AccessError, InputError, NotFoundError
from cryokit.workbench import Workbench
from cryokit.workbench.people import MAX_FAILED_SIGN_INS

PASSWORD, OTHER = "a long enough password", "another long password"


@pytest.fixture
def workbench(people) -> Workbench:
    workbench = Workbench(people.database.settings, people.database)
    workbench.set_password("Viewer", PASSWORD)
    return workbench


@pytest.fixture
def client(workbench, served):
    """A browser without scripts on the served application."""
    with served(workbench) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


def sign_in(client: httpx.Client, password: str = PASSWORD) -> httpx.Response:
    return client.post("/login", data={"name": "Viewer", "password": password})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# Sessions


def test_a_token_counts_no_longer_after_logout(client):
    sign_in(client)
    token = client.cookies[COOKIE]
    before = client.get("/api/v1/targets", headers=bearer(token)).status_code
    client.post("/logout")

    assert before == 200
    assert client.get("/api/v1/targets", headers=bearer(token)).status_code == 401


def test_logout_ends_one_session_of_several(client, workbench, people):
    other = issue_token(workbench, people.viewer)
    sign_in(client)
    client.post("/logout")

    assert client.get("/api/v1/targets", headers=bearer(other)).status_code == 200


def test_signing_out_twice_is_no_error(workbench, people):
    claims = workbench.token_claims(issue_token(workbench, people.viewer))
    workbench.sign_out(claims)
    workbench.sign_out(claims)

    assert workbench.find_identity(claims["sub"], claims["iat"], claims["jti"]) is None


def test_sessions_that_are_over_are_forgotten(workbench, people):
    for lifetime in (timedelta(seconds=-1), timedelta(hours=1), timedelta(hours=1)):
        token = issue_token(workbench, people.viewer, lifetime)
        claims = workbench.token_claims(token) or _claims_of_expired(token)
        workbench.sign_out(claims)

    with people.database.service() as connection:
        kept = connection.execute(text("SELECT expires_at FROM cryo.signed_out")).scalars().all()
    assert len(kept) == 2
    assert min(kept) > datetime.now(UTC)


def _claims_of_expired(token: str) -> dict:
    import jwt

    return jwt.decode(token, options={"verify_signature": False})


# Lock


def fail(people, count: int) -> None:
    """Have an account failed so often; each hash of a password takes a fifth of a second."""
    with people.database.service() as connection:
        given = {"count": count}
        connection.execute(text("UPDATE cryo.app_user SET failed_sign_ins = :count WHERE name = 'Viewer'"), given)


def test_many_wrong_passwords_lock_an_account_until_an_admin_opens_it(workbench, people):
    fail(people, MAX_FAILED_SIGN_INS - 2)
    for _ in range(2):
        with pytest.raises(AccessError):
            workbench.sign_in("Viewer", "wrong")
    with pytest.raises(AccessError, match="locked for now"):
        workbench.sign_in("Viewer", PASSWORD)
    [locked] = [
        event for event in workbench.registry.events().to_dict("records") if event["action"] == "account_locked"
    ]
    workbench.enable_user("Viewer")

    assert locked["detail"]["failed_sign_ins"] == MAX_FAILED_SIGN_INS
    assert workbench.sign_in("Viewer", PASSWORD).name == "Viewer"


def test_a_lock_ends_by_itself(workbench, people):
    fail(people, MAX_FAILED_SIGN_INS - 1)
    with pytest.raises(AccessError):
        workbench.sign_in("Viewer", "wrong")
    with pytest.raises(AccessError, match="locked for now"):
        workbench.sign_in("Viewer", PASSWORD)
    with people.database.service() as connection:
        connection.execute(text("UPDATE cryo.app_user SET locked_until = now() - interval '1 second'"))

    assert workbench.sign_in("Viewer", PASSWORD).name == "Viewer"


def test_the_right_password_begins_the_count_anew(workbench, people):
    fail(people, MAX_FAILED_SIGN_INS - 2)
    with pytest.raises(AccessError):
        workbench.sign_in("Viewer", "wrong")
    workbench.sign_in("Viewer", PASSWORD)

    assert workbench.registry.user_by_name("Viewer")["failed_sign_ins"] == 0


def test_wrong_passwords_at_once_are_all_counted(workbench, people):
    def guess() -> None:
        with pytest.raises(AccessError):
            workbench.sign_in("Viewer", "wrong")

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert workbench.registry.user_by_name("Viewer")["failed_sign_ins"] == 8


# Password


def test_a_person_changes_the_password_and_other_sessions_end(client, workbench, people):
    other = issue_token(workbench, people.viewer)
    key = workbench.acting_as(people.viewer).add_token("Viewer", "program", "read")
    sign_in(client)
    page = client.post("/account/password", data={"old": PASSWORD, "new": OTHER})

    assert "The password is changed" in page.text
    assert client.get("/api/v1/targets").status_code == 200  # this browser stays signed in
    assert client.get("/api/v1/targets", headers=bearer(other)).status_code == 401
    assert client.get("/api/v1/targets", headers=bearer(key)).status_code == 200
    assert workbench.sign_in("Viewer", OTHER).name == "Viewer"
    [event] = [row for row in workbench.registry.events().to_dict("records")[:1]]
    assert (event["action"], event["actor_id"]) == ("password_set", str(people.viewer.user_id))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("wrong", OTHER, "The old password is wrong"),
        (PASSWORD, "short", "10 to 256 characters"),
        (PASSWORD, PASSWORD, "choose another"),
    ],
)
def test_a_bad_change_of_password_changes_nothing(client, workbench, old, new, said):
    sign_in(client)
    page = client.post("/account/password", data={"old": old, "new": new})

    assert page.status_code in (403, 422)
    assert said in page.text
    assert workbench.sign_in("Viewer", PASSWORD).name == "Viewer"


def test_the_api_changes_the_password_too(client, workbench, people):
    token = issue_token(workbench, people.viewer)
    body = {"old": PASSWORD, "new": OTHER}
    answer = client.post("/api/v1/session/password", json=body, headers=bearer(token))

    assert answer.status_code == 204
    assert workbench.sign_in("Viewer", OTHER).name == "Viewer"


# Tokens


def test_a_person_makes_uses_and_revokes_a_token_on_the_account_page(client, workbench):
    sign_in(client)
    page = client.post("/account/tokens", data={"name": "<b>nightly</b>", "scope": "all", "days": "7"}).text
    token = page.split("shown only now: <code>")[1].split("</code>")[0]
    used = client.get("/api/v1/targets", headers=bearer(token)).status_code
    [row] = workbench.tokens().to_dict("records")
    again = client.get("/account").text
    client.post(f"/account/tokens/{row['id']}/revoke")

    assert used == 200
    assert token not in again
    assert "&lt;b&gt;nightly" in again
    assert "<b>nightly" not in again
    assert client.get("/api/v1/targets", headers=bearer(token)).status_code == 401


def test_the_account_page_asks_for_a_login_first(client):
    answers = [client.get("/account")] + [
        client.post(f"/account/{path}") for path in ("password", "tokens", "tokens/1/revoke")
    ]

    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, "/login?next=%2Faccount")}


def test_another_site_cannot_post_to_the_account_page(client):
    sign_in(client)
    answer = client.post("/account/tokens", data={"name": "x"}, headers={"Origin": "https://elsewhere.example"})

    assert answer.status_code == 403


def test_the_api_makes_lists_and_revokes_tokens(client, workbench, people):
    own = bearer(issue_token(workbench, people.researcher))
    made = client.post("/api/v1/session/tokens", json={"name": "robot", "scope": "all"}, headers=own).json()
    listed = client.get("/api/v1/session/tokens", headers=own)
    revoked = client.delete(f"/api/v1/session/tokens/{made['id']}", headers=own)

    assert [(row["id"], row["name"], row["scope"]) for row in listed.json()] == [(made["id"], "robot", "all")]
    assert made["token"] not in listed.text
    assert revoked.status_code == 204
    assert client.get("/api/v1/targets", headers=bearer(made["token"])).status_code == 401


def test_nobody_sees_makes_or_revokes_tokens_of_another(workbench, people):
    workbench.acting_as(people.researcher).add_token("Researcher", "robot", "all")
    [token] = workbench.tokens().to_dict("records")
    viewer = workbench.acting_as(people.viewer)

    assert viewer.tokens().empty
    with pytest.raises(AccessError, match="makes keys of Viewer only"):
        viewer.add_token("Researcher", "robot", "all")
    with pytest.raises(NotFoundError):
        viewer.revoke_token(token["id"])


def test_only_an_admin_watches_the_system_by_a_token(workbench, people):
    with pytest.raises(AccessError):
        workbench.acting_as(people.researcher).add_token("Researcher", "robot", "monitoring")

    assert workbench.acting_as(people.admin).add_token("Admin", "robot", "monitoring")


@pytest.mark.parametrize(("name", "scope", "days"), [("", "all", 1), ("x", "everything", 1), ("x", "all", 0)])
def test_a_token_needs_a_name_a_known_scope_and_days(workbench, people, name, scope, days):
    with pytest.raises(InputError, match="a token has a name"):
        workbench.acting_as(people.viewer).add_token("Viewer", name, scope, days)


def test_a_token_ends_with_its_account(client, workbench, people):
    key = workbench.acting_as(people.viewer).add_token("Viewer", "robot", "all")
    workbench.disable_user("Viewer")

    assert client.get("/api/v1/targets", headers=bearer(key)).status_code == 401
