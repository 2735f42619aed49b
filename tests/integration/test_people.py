"""Accounts, teams, shares and personal database logins, as the workbench gives them."""

import contextlib
import time
from datetime import UTC, datetime, timedelta

import httpx
import psycopg2
import pytest
from sqlalchemy import text

from cryokit.api.auth import issue_token
from cryokit.errors import AccessError, ConflictError, InputError, NotFoundError
from cryokit.workbench import Workbench

PASSWORD = "a long enough password"


@pytest.fixture
def workbench(people) -> Workbench:
    return Workbench(people.database.settings, people.database)


def actions(workbench: Workbench) -> list[str]:
    return [event["action"] for event in workbench.registry.events().to_dict("records")]


# Accounts


def test_a_new_password_ends_the_sessions_from_before(workbench, people, served):
    old = issue_token(workbench, people.viewer)
    workbench.set_password("Viewer", PASSWORD)
    new = issue_token(workbench, workbench.sign_in("Viewer", PASSWORD))

    with served(workbench) as url:
        answers = [
            httpx.get(f"{url}/api/v1/models", headers={"Authorization": f"Bearer {token}"}).status_code
            for token in (old, new)
        ]

    assert answers == [401, 200]


def test_a_closed_account_gets_no_password_but_can_be_opened(workbench):
    workbench.disable_user("Viewer")
    with pytest.raises(ConflictError, match="`cryokit user enable Viewer` opens it"):
        workbench.set_password("Viewer", PASSWORD)
    workbench.enable_user("viewer")
    workbench.set_password("Viewer", PASSWORD)

    assert workbench.sign_in("Viewer", PASSWORD).name == "Viewer"


def test_the_last_administrator_stays(workbench):
    with pytest.raises(ConflictError, match="last administrator"):
        workbench.disable_user("admin")
    workbench.add_user("Second", "admin")
    workbench.disable_user("admin")
    with pytest.raises(ConflictError, match="last administrator"):
        workbench.disable_user("Second")


def test_changes_of_accounts_are_written_down(workbench):
    workbench.add_user("Grace", "viewer")
    workbench.set_password("Grace", PASSWORD)
    workbench.disable_user("Grace")
    workbench.enable_user("Grace")
    found = workbench.registry.events().to_dict("records")[:4]

    assert [event["action"] for event in found] == ["user_enabled", "user_disabled", "password_set", "user_added"]
    assert not any(PASSWORD in str(event) for event in found)


# Teams


@pytest.fixture
def bench(workbench) -> Workbench:
    """A team of the researcher, its admin, and the viewer."""
    workbench.add_team("Bench", "Researcher")
    workbench.set_member("bench", "viewer", "viewer")
    return workbench


def test_a_team_has_members_with_roles(bench):
    assert bench.teams()[["name", "members"]].to_dict("records") == [{"name": "Bench", "members": 2}]
    assert bench.members("Bench").to_dict("records") == [
        {"name": "Researcher", "role": "admin"},
        {"name": "Viewer", "role": "viewer"},
    ]


def test_the_last_admin_of_a_team_stays(bench):
    with pytest.raises(ConflictError, match="last admin of Bench"):
        bench.remove_member("Bench", "Researcher")
    with pytest.raises(ConflictError, match="last admin of Bench"):
        bench.set_member("Bench", "Researcher", "viewer")
    bench.set_member("Bench", "Viewer", "admin")
    bench.remove_member("Bench", "Researcher")

    assert bench.members("Bench")["name"].tolist() == ["Viewer"]


def test_only_an_admin_of_the_team_changes_who_belongs_to_it(bench, people):
    bench.acting_as(people.researcher).set_member("Bench", "Other", "editor")
    with pytest.raises(AccessError):
        bench.acting_as(people.viewer).set_member("Bench", "Admin", "editor")
    with pytest.raises((AccessError, NotFoundError)):
        bench.acting_as(people.admin).set_member("Bench", "Admin", "admin")

    assert bench.members("Bench")["name"].tolist() == ["Other", "Researcher", "Viewer"]


@pytest.mark.parametrize(
    ("team", "user", "role", "error"),
    [
        ("Nobody", "Viewer", "viewer", NotFoundError),
        ("Bench", "Nobody", "viewer", NotFoundError),
        ("Bench", "Viewer", "owner", InputError),
    ],
)
def test_a_wrong_member_is_refused(bench, team, user, role, error):
    with pytest.raises(error):
        bench.set_member(team, user, role)


def test_a_team_without_its_first_admin_is_not_founded(workbench):
    with pytest.raises(NotFoundError):
        workbench.add_team("Ghosts", "Nobody")

    assert workbench.teams().empty


def test_two_teams_of_one_name_are_refused(bench):
    with pytest.raises(ConflictError, match="there is a team 'BENCH' already"):
        bench.add_team("BENCH", "Viewer")


# Shares


@pytest.fixture
def private_row(people, tg_rows) -> str:
    """Number of a private measurement of the researcher."""
    people.registry(people.researcher).store_measurements(tg_rows(190.0), "tg", is_public=False)
    with people.database.service() as connection:
        return str(connection.execute(text("SELECT id FROM cryo.measurement")).scalar())


def seen(workbench: Workbench, identity) -> int:
    with workbench.database.acting_as(identity) as connection:
        return connection.execute(text("SELECT count(*) FROM cryo.measurement")).scalar()


def test_a_share_shows_one_item_until_it_ends(workbench, people, private_row):
    share_id = workbench.acting_as(people.researcher).share("measurement", private_row, user="other")

    assert (seen(workbench, people.other), seen(workbench, people.viewer)) == (1, 0)
    assert workbench.shares()[["item", "shared_with", "may"]].to_dict("records") == [
        {"item": "measurement", "shared_with": "Other", "may": "view"}
    ]
    workbench.remove_share(share_id)
    assert seen(workbench, people.other) == 0


def test_a_share_with_a_team_is_seen_by_its_members(bench, people, private_row):
    bench.share("measurement", private_row, team="Bench", expires_at=datetime.now(UTC) + timedelta(seconds=1.5))

    assert (seen(bench, people.viewer), seen(bench, people.other)) == (1, 0)
    time.sleep(1.6)
    assert seen(bench, people.viewer) == 0


def test_sharing_again_changes_what_is_allowed(workbench, people, private_row):
    first = workbench.share("measurement", private_row, user="Other")
    second = workbench.share("measurement", private_row, user="Other", may="edit")

    assert first == second
    assert workbench.shares()["may"].tolist() == ["edit"]


def test_nobody_shares_what_is_another_persons(workbench, people, private_row):
    with pytest.raises(NotFoundError):
        workbench.acting_as(people.other).share("measurement", private_row, user="Viewer")


@pytest.mark.parametrize(
    "given",
    [
        {"user": "Other", "team": "Bench"},
        {},
        {"user": "Other", "may": "delete"},
        {"user": "Other", "expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_wrong_share_is_refused(bench, private_row, given):
    with pytest.raises(InputError):
        bench.share("measurement", private_row, **given)


# Personal database logins


@contextlib.contextmanager
def connected(given: dict[str, str]):
    with contextlib.closing(psycopg2.connect(given["address"], password=given["password"])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


@pytest.fixture
def login(workbench, people, private_row, superuser_runs):
    """The researcher's own login."""
    yield workbench.give_login("Researcher")
    role = workbench.registry.login_of("Researcher")
    superuser_runs(f"DROP OWNED BY {role}", people.database.name)
    superuser_runs(f"DROP ROLE {role}")


def test_a_personal_login_is_its_person_and_sees_what_he_sees(login, people):
    with connected(login) as cursor:
        cursor.execute("SELECT app.uid()::text, count(*) FROM cryo.measurement")
        assert cursor.fetchone() == (str(people.researcher.user_id), 1)


def test_a_personal_login_cannot_become_somebody_else(login, people):
    with connected(login) as cursor:
        cursor.execute("SELECT set_config('app.user_id', %s, false)", (str(people.admin.user_id),))
        cursor.execute("SELECT app.uid()::text")
        assert cursor.fetchone() == (str(people.researcher.user_id),)
        for role in ("service_role", "cryokit_owner", "cryokit_admin", "cryokit_app", "postgres"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"SET ROLE {role}")


def test_the_address_holds_no_password_and_no_file(login, workbench):
    assert login["password"] not in login["address"]
    assert "passfile" not in login["address"]
    assert workbench.login_address("researcher") == login["address"]


def test_closing_the_account_ends_its_sessions_and_lets_nobody_in(login, workbench):
    with connected(login) as cursor:
        workbench.disable_user("Researcher")
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("SELECT 1")
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"), connected(login):
        pass


def test_an_account_that_is_opened_again_gets_its_login_only_when_asked(login, workbench):
    workbench.disable_user("Researcher")
    with pytest.raises(ConflictError, match="is closed"):
        workbench.give_login("Researcher")
    workbench.enable_user("Researcher")
    with pytest.raises(psycopg2.OperationalError), connected(login):
        pass
    again = workbench.give_login("Researcher", PASSWORD)

    assert again["address"] == login["address"]
    with connected(again) as cursor:
        cursor.execute("SELECT 1")


def test_a_short_password_is_refused_before_anything_is_made(workbench):
    with pytest.raises(InputError, match="10 to 256"):
        workbench.give_login("Viewer", "short")
    with pytest.raises(NotFoundError, match="`cryokit user login Viewer` gives one"):
        workbench.login_address("Viewer")


# Keys of programs


def test_a_key_is_listed_without_what_is_secret_and_can_be_taken_back(workbench):
    token = workbench.add_token("Admin", "monitor", days=30)
    [listed] = workbench.tokens().to_dict("records")

    assert token not in str(listed)
    assert workbench.token_person(listed["id"])
    workbench.revoke_token(listed["id"])
    assert workbench.token_person(listed["id"]) is None
    assert actions(workbench)[:2] == ["token_revoked", "token_added"]


def test_a_key_of_a_closed_account_does_not_count(workbench):
    workbench.add_token("Viewer", "monitor")
    workbench.disable_user("Viewer")

    assert workbench.token_person(workbench.tokens().iloc[0]["id"]) is None


@pytest.mark.parametrize("days", [0, 100_000])
def test_a_key_counts_for_a_bounded_time(workbench, days):
    with pytest.raises(InputError, match="1 to 3660 days"):
        workbench.add_token("Admin", "monitor", days=days)
