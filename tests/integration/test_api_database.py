"""The database's health and repair over HTTP, also when there is no database."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from cryokit.accounts import signed_token
from cryokit.api.auth import COOKIE, issue_token
from cryokit.db.engine import ADMIN
from cryokit.domain import Identity
from cryokit.workbench import Workbench

HEALTH, FIX = "/api/v1/system/database/health", "/api/v1/system/database/fix"
INDEX = "lab_verification_verifier_id_idx"


@pytest.fixture
def workbench(people) -> Workbench:
    return Workbench(people.database.settings, people.database)


@pytest.fixture
def admin(workbench, people, served) -> Iterator[httpx.Client]:
    """The API, asked by an admin."""
    headers = {"Authorization": f"Bearer {issue_token(workbench, people.admin)}"}
    with served(workbench) as url, httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def without_index(people) -> None:
    with people.database.connection_of(ADMIN) as connection, connection.begin():
        connection.execute(text("SET ROLE cryokit_owner"))
        connection.execute(text(f"DROP INDEX cryo.{INDEX}"))


def has_index(people) -> bool:
    with people.database.service() as connection:
        found = connection.execute(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": f"cryo.{INDEX}"})
        return found.scalar()


def test_health_is_the_report(admin, without_index):
    answer = admin.get(HEALTH)
    report = answer.json()

    assert answer.status_code == 200
    assert set(report) == {"status", "checked_at", "server", "checks", "findings"}
    assert report["status"] == "findings"
    finding = next(item for item in report["findings"] if INDEX in item["object"])
    assert set(finding) == {"check", "severity", "object", "message", "evidence", "fix"}


def test_repair_is_a_dry_run_unless_told_otherwise(admin, people, without_index):
    preview = admin.post(FIX, json={}).json()

    assert (preview["dry_run"], [step["kind"] for step in preview["steps"]]) == (True, ["indexes"])
    assert not has_index(people)


def test_repair_is_done_and_written_down_with_who_asked(admin, people, without_index):
    done = admin.post(FIX, json={"classes": ["indexes"], "dry_run": False}).json()
    events = people.registry(None).events().to_dict("records")

    assert (done["dry_run"], len(done["steps"])) == (False, 1)
    assert has_index(people)
    assert (events[0]["action"], events[0]["actor_id"]) == ("add_index", str(people.admin.user_id))
    assert admin.post(FIX, json={"dry_run": False}).json()["steps"] == []


def test_repair_of_another_class_leaves_the_rest(admin, people, without_index):
    assert admin.post(FIX, json={"classes": ["orphans"], "dry_run": False}).json()["steps"] == []
    assert not has_index(people)


@pytest.mark.parametrize("body", [{"classes": ["everything"]}, {"classes": []}, {"dry": False}])
def test_a_wrong_request_is_refused(admin, body):
    assert admin.post(FIX, json=body).status_code == 422


def test_both_are_documented_with_examples(admin):
    schemas = admin.get("/openapi.json").json()["components"]["schemas"]

    assert {name for name in ("DatabaseHealth", "RepairRequest", "RepairAnswer") if schemas[name]["examples"]} == {
        "DatabaseHealth",
        "RepairRequest",
        "RepairAnswer",
    }


@pytest.fixture
def without_database(other_settings) -> Workbench:
    """A workbench whose database does not answer."""
    return Workbench(other_settings(database_url="postgresql://nobody@127.0.0.1:1/none"))


@pytest.mark.parametrize("kind", ["signed in", "monitoring"])
def test_without_a_database_any_token_of_ours_learns_it(without_database, served, people, kind):
    identity = Identity(people.viewer.user_id, "somebody", "viewer")
    token = issue_token(without_database, identity)
    if kind == "monitoring":
        key = without_database.signing_key()
        token = signed_token(key, str(identity.user_id), timedelta(days=1), scope="monitoring", jti=str(uuid4()))
    with served(without_database) as url:
        answer = httpx.get(f"{url}{HEALTH}", headers={"Authorization": f"Bearer {token}"}, timeout=60)

    assert answer.status_code == 503
    assert answer.json()["status"] == "error"
    assert "postgresql://127.0.0.1:1/none" in answer.json()["findings"][0]["object"]


def test_without_a_database_one_is_signed_out_in_this_browser_and_told_so(without_database, served, people):
    token = issue_token(without_database, Identity(people.viewer.user_id, "somebody", "viewer"))
    with served(without_database) as url:
        answer = httpx.post(f"{url}/logout", cookies={COOKIE: token}, timeout=60)

    assert answer.status_code == 503
    assert "signed out in this browser only" in answer.text
    assert answer.headers["set-cookie"].startswith(f'{COOKIE}=""')


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x.y.z"}])
def test_without_a_database_nobody_else_learns_anything(without_database, served, headers):
    with served(without_database) as url:
        assert httpx.get(f"{url}{HEALTH}", headers=headers, timeout=60).status_code == 401
