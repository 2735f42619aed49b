"""Every planted defect is found by its own check and gone after the fix; look-alikes give no finding."""

import contextlib
import time

import psycopg2
import pytest

from cryokit.db.engine import connection_to
from cryokit.db.health import HealthReport, check_health
from cryokit.db.server import SUPERUSER
from tests.integration.planted import access, integrity, performance, schema

PLANTED = [case for module in (schema, integrity, access, performance) for case in module.PLANTED]
LOOK_ALIKES = [case for module in (schema, integrity, access, performance) for case in module.LOOK_ALIKES]


@pytest.fixture(scope="module")
def careful_server(server, superuser_runs):
    """The session's server with fsync on for once: a server that may forget its files is itself a finding."""
    superuser_runs("ALTER SYSTEM SET fsync = on")
    _reloaded(superuser_runs, "on")
    yield server
    superuser_runs("ALTER SYSTEM SET fsync = off")
    _reloaded(superuser_runs, "off")


def _reloaded(superuser_runs, wanted: str) -> None:
    superuser_runs("SELECT pg_reload_conf()")
    deadline = time.monotonic() + 10
    while superuser_runs("SHOW fsync") != [(wanted,)]:
        assert time.monotonic() < deadline, "the server does not read its settings"
        time.sleep(0.05)


@pytest.fixture
def planted_url(careful_server, clone_of):
    """Address, as superuser, of an empty database of its own."""
    server = careful_server
    return server.url(SUPERUSER, clone_of("template0").name)


def run_sql(url: str, sql: str) -> None:
    """Run statements one by one outside of a transaction, so that CONCURRENTLY and a failing build are possible."""
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in sql.split(";\n\n"):
                cursor.execute(statement)


def health_of(url: str) -> HealthReport:
    """Return the report on the planted schema."""
    return check_health(lambda: connection_to(url), "the planted database")


def found(report: HealthReport) -> set[tuple[str, str]]:
    """Return check and object of all findings."""
    return {(finding.check, finding.object) for finding in report.findings}


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.name)
def test_planted_defect_is_found_and_gone_after_the_fix(case, planted_url):
    run_sql(planted_url, case.plant)
    before = health_of(planted_url)
    run_sql(planted_url, case.mend)

    assert (case.check, case.object) in found(before)
    assert all(finding.fix and finding.message for finding in before.findings)
    assert (case.check, case.object) not in found(health_of(planted_url))


@pytest.mark.parametrize("case", LOOK_ALIKES, ids=lambda case: case.name)
def test_look_alike_gives_no_finding(case, planted_url):
    run_sql(planted_url, case.plant)

    report = health_of(planted_url)

    assert not found(report)
    assert report.status == "ok"
