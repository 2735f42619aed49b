"""What row level security and a health check cost on a million measurements, as ratios within one run."""

from statistics import median
from time import perf_counter
from uuid import uuid4

import pytest
from sqlalchemy import text

from cryokit.db.engine import Database
from cryokit.db.queries import queries
from cryokit.domain import Identity
from cryokit.workbench import Workbench
from tests.perf.filling import fill

ROWS = 1_000_000
ROUNDS = 61
MAX_RATIO, MAX_HEALTH_SECONDS = 1.3, 10.0

QUERIES = {
    "newest rows of the team": """
        SELECT id, name, value, unit FROM cryo.measurement WHERE team_id = :team ORDER BY id DESC LIMIT 100
    """,
    "counts of the team": """
        SELECT target, property_type_id, count(*), avg(value) FROM cryo.measurement WHERE team_id = :team GROUP BY 1, 2
    """,
    "rows that a model of the team learns from": str(queries("measurements")["training_rows"]),
}


@pytest.fixture(scope="module")
def filled(server, superuser_runs, template_database):
    """A database with a million measurements of fifty teams, and a member of one of them."""
    database = Database(server.settings, name=f"perf_{uuid4().hex[:8]}")
    superuser_runs(f"CREATE DATABASE {database.name} TEMPLATE {template_database}")
    fill(database, ROWS)
    with database.service() as connection:
        member = connection.execute(
            text("SELECT membership.user_id, membership.team_id FROM cryo.membership ORDER BY 1 LIMIT 1")
        ).one()
    superuser_runs("VACUUM ANALYZE", database.name)
    given = {"team": member.team_id, "team_id": str(member.team_id), "target": "tg"}
    yield database, Identity(member.user_id, "member", "researcher"), given
    database.dispose()
    superuser_runs(f"DROP DATABASE {database.name} WITH (FORCE)")


def seconds(scope, statement, given: dict) -> tuple[float, int]:
    wanted = {name: given[name] for name in statement._bindparams}
    with scope as connection:
        began = perf_counter()
        rows = len(connection.execute(statement, wanted).all())
        return perf_counter() - began, rows


@pytest.mark.parametrize("name", QUERIES)
def test_a_members_query_costs_little_more_than_the_same_without_policies(filled, name, measured):
    database, member, given = filled
    statement = text(QUERIES[name])
    with_policies, without = [], []
    for _ in range(ROUNDS):  # in turn, so that what else this machine does falls on both
        with_policies.append(seconds(database.acting_as(member), statement, given))
        without.append(seconds(database.service(), statement, given))
    # Of neighbours in time: the fastest of each would be compared by luck, because a query of a millisecond varies.
    ratio = median(one / other for (one, _), (other, _) in zip(with_policies, without, strict=True))
    rows = with_policies[0][1]
    measured(rows=rows, cost_with_over_without_policies=ratio)

    assert {count for _, count in with_policies} == {rows}
    assert rows > 0
    assert ratio <= MAX_RATIO


def test_a_health_check_of_a_million_measurements_takes_seconds(filled, measured):
    database, _, _ = filled
    began = perf_counter()
    report = Workbench(database.settings, database).database_health()
    took = perf_counter() - began
    slowest = sorted(report.checks, key=lambda check: -check.seconds)[:3]
    measured(health_check_seconds=took, **{f"{check.name}_seconds": check.seconds for check in slowest})

    assert not [check.name for check in report.checks if check.is_unfinished]
    assert took < MAX_HEALTH_SECONDS
