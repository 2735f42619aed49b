"""Every planted defect is found by its own check and gone after the fix; look-alikes give no finding."""

import contextlib
import re

import psycopg2
import pytest
from psycopg2 import sql

from cryokit.db.engine import connection_to
from cryokit.db.health import HealthReport, check_health
from cryokit.db.health.catalogue import program_checks, query_checks
from cryokit.db.server import SUPERUSER
from cryokit.errors import InputError
from tests.integration.planted import access, integrity, performance, schema
from tests.integration.planted.access_application import APPLICATION

PLANTED = [case for module in (schema, integrity, access, performance) for case in module.PLANTED]
CHECKS = {check.name for check in (*query_checks(), *program_checks())}
LOOK_ALIKES = [case for module in (schema, integrity, access, performance) for case in module.LOOK_ALIKES]


@pytest.fixture
def planted_url(server, clone_of):
    """Address, as superuser, of an empty database of its own."""
    return server.url(SUPERUSER, clone_of("template0").name)


def run_sql(url: str, statements: str) -> None:
    """Run statements one by one outside of a transaction, so that CONCURRENTLY and a failing build are possible."""
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements.split(";\n\n"):
                cursor.execute(statement)


def health_of(url: str, *only: str) -> HealthReport:
    """Return the report on the planted schema, perhaps of some checks only."""
    return check_health(lambda: connection_to(url), "the planted database", only=only)


@pytest.fixture(scope="module")
def of_the_server(server, superuser_runs) -> set[tuple[str, str]]:
    """What is found in an empty database: that tests let the server forget its files."""
    superuser_runs("CREATE DATABASE nothing_planted TEMPLATE template0")
    findings = _objects(health_of(server.url(SUPERUSER, "nothing_planted")))
    superuser_runs("DROP DATABASE nothing_planted WITH (FORCE)")
    assert findings == {("unsafe_setting", "fsync")}
    return findings


def pasted(url: str, fix: str) -> None:
    """Run the text of a fix as a person would paste it, and take it back; rows may refuse it, PostgreSQL may not."""
    if "..." in fix or not re.match(r"(ALTER (?!SYSTEM|DATABASE)|CREATE |DROP |REVOKE )", fix):
        return
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        with contextlib.suppress(psycopg2.IntegrityError):
            cursor.execute(fix.replace(" CONCURRENTLY", ""))
        connection.rollback()


def _objects(report: HealthReport) -> set[tuple[str, str]]:
    return {(finding.check, finding.object) for finding in report.findings}


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.name)
def test_planted_defect_is_found_and_gone_after_the_fix(case, planted_url):
    asked = [case.check] if case.check in CHECKS else []  # what is said of the run itself needs the whole run
    run_sql(planted_url, case.plant)
    before = health_of(planted_url, *asked)
    for finding in before.findings:
        pasted(planted_url, finding.fix)
    run_sql(planted_url, case.mend)

    assert (case.check, case.object) in _objects(before)
    assert all(finding.fix and finding.message for finding in before.findings)
    assert (case.check, case.object) not in _objects(health_of(planted_url, *asked))


@pytest.mark.parametrize(
    ("condition", "person"),
    [
        ("owner_id = (SELECT auth.uid())", "auth.uid()"),
        (
            "owner_id = (SELECT current_setting('app.user_id')::uuid)",
            "CAST((CURRENT_SETTING(CAST('app.user_id' AS TEXT))) AS UUID)",
        ),
        ("true", "nullif(current_setting('app.user_id', true), '')::uuid"),
    ],
)
def test_a_suggested_condition_asks_as_the_database_asks(planted_url, condition, person):
    run_sql(planted_url, APPLICATION)
    with contextlib.closing(psycopg2.connect(planted_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'app'")
        for name, table in cursor.fetchall():
            cursor.execute(sql.SQL("DROP POLICY {} ON app.{}").format(sql.Identifier(name), sql.Identifier(table)))
        cursor.execute(f"CREATE POLICY mine ON app.note TO authenticated USING ({condition})")
        cursor.execute("CREATE POLICY everything ON app.note FOR UPDATE TO authenticated USING (true)")
        connection.commit()

    fixes = [finding.fix for finding in health_of(planted_url).findings if finding.check == "policy_always_true"]

    assert any(f"owner_id = (SELECT {person})" in fix for fix in fixes), fixes
    assert person == "auth.uid()" or not any("auth.uid" in fix for fix in fixes)


def test_the_fix_of_a_login_takes_back_the_step_that_was_given_to_it(planted_url, superuser_runs):
    superuser_runs("CREATE ROLE two_steps_up NOLOGIN SUPERUSER; CREATE ROLE one_step_up NOLOGIN IN ROLE two_steps_up")
    superuser_runs("CREATE ROLE below LOGIN NOINHERIT IN ROLE one_step_up")
    try:
        before = [one for one in health_of(planted_url).findings if one.object == "below"]
        run_sql(planted_url, before[0].fix)

        assert before[0].fix == "REVOKE one_step_up FROM below"
        assert ("login_can_become_privileged", "below") not in _objects(health_of(planted_url))
    finally:
        superuser_runs("DROP ROLE below; DROP ROLE one_step_up; DROP ROLE two_steps_up")


def test_one_check_is_asked_alone_and_a_name_that_is_none_is_refused(planted_url):
    run_sql(planted_url, "CREATE TABLE keyless (x int)")
    report = health_of(planted_url, "table_without_primary_key")

    assert [check.name for check in report.checks] == ["schemas", "table_without_primary_key"]
    assert [finding.object for finding in report.findings] == ["public.keyless"]
    with pytest.raises(InputError, match=r"no check 'table_without_key'; names like it: table_without_primary_key"):
        health_of(planted_url, "table_without_key")


@pytest.mark.parametrize("case", LOOK_ALIKES, ids=lambda case: case.name)
def test_look_alike_gives_no_finding(case, planted_url, of_the_server):
    run_sql(planted_url, case.plant)

    assert _objects(health_of(planted_url)) == of_the_server


def test_there_are_enough_cases():
    assert len(PLANTED) >= 60
    assert len(LOOK_ALIKES) >= 10
    assert len({case.name for case in PLANTED}) == len(PLANTED)
