"""What row level security and a health check cost on a million measurements, as ratios within one run."""

from collections.abc import Iterator
from itertools import count, islice
from statistics import median
from time import perf_counter
from uuid import uuid4

import pytest
from sqlalchemy import text

from cryokit.chemistry.molecules import parse
from cryokit.db.engine import Database
from cryokit.db.queries import queries
from cryokit.domain import Identity
from cryokit.workbench import Workbench

ROWS = 1_000_000
ROUNDS = 61
MAX_RATIO, MAX_HEALTH_SECONDS = 1.3, 10.0

FILL = (
    """
    INSERT INTO cryo.app_user (name, role, password_hash)
    SELECT 'person ' || number, 'researcher', '$argon2id$x' FROM generate_series(1, 200) AS number
    """,
    "INSERT INTO cryo.team (name) SELECT 'team ' || number FROM generate_series(1, 50) AS number",
    """
    CREATE TEMPORARY TABLE placed ON COMMIT DROP AS
    SELECT 'team' AS kind, id::text, row_number() OVER (ORDER BY id) AS place FROM cryo.team
     UNION ALL SELECT 'person', id::text, row_number() OVER (ORDER BY id) FROM cryo.app_user
     UNION ALL SELECT 'molecule', id::text, row_number() OVER (ORDER BY id) FROM cryo.molecule
    """,
    """
    INSERT INTO cryo.membership (team_id, user_id, role)
    SELECT team.id::uuid, person.id::uuid, 'editor'
      FROM placed AS team
      JOIN placed AS person ON person.kind = 'person' AND person.place % 50 = team.place % 50
     WHERE team.kind = 'team'
    """,
    """
    INSERT INTO cryo.measurement (
               target, property_type_id, molecule_id, name, value, unit, source, row_sha256, owner_id, team_id,
               is_public)
    SELECT 'tg', 1, molecule.id::bigint, 'substance', 100 + number % 300, 'K', 'own',
           encode(sha256(number::text::bytea), 'hex'), person.id::uuid, team.id::uuid, number % 100 = 0
      FROM generate_series(1, 1000000) AS number
      JOIN placed AS molecule ON molecule.kind = 'molecule' AND molecule.place = 1 + number % 2000
      JOIN placed AS team ON team.kind = 'team' AND team.place = 1 + number % 50
      JOIN placed AS person ON person.kind = 'person' AND person.place = 1 + number % 200
    """,
)
MOLECULE = text("INSERT INTO cryo.molecule (smiles, inchikey) VALUES (:smiles, :inchikey)")
MOLECULES = 2000
QUERIES = {
    "newest rows of the team": """
        SELECT id, name, value, unit FROM cryo.measurement WHERE team_id = :team ORDER BY id DESC LIMIT 100
    """,
    "counts of the team": """
        SELECT target, property_type_id, count(*), avg(value) FROM cryo.measurement WHERE team_id = :team GROUP BY 1, 2
    """,
    "rows that a model of the team learns from": str(queries("measurements")["training_rows"]),
}


def ethers() -> Iterator[dict[str, str]]:
    """Yield as many unbranched ethers as are wanted, each once."""
    chains = ((left, right) for left in count(1) for right in range(1, left + 1))
    for left, right in islice(chains, MOLECULES):
        molecule = parse("C" * left + "O" + "C" * right)
        yield {"smiles": molecule.smiles, "inchikey": molecule.inchikey}


@pytest.fixture(scope="module")
def filled(server, superuser_runs, template_database):
    """A database with a million measurements of fifty teams, and a member of one of them."""
    database = Database(server.settings, name=f"perf_{uuid4().hex[:8]}")
    superuser_runs(f"CREATE DATABASE {database.name} TEMPLATE {template_database}")
    with database.service() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(MOLECULE, list(ethers()))
        for statement in FILL:
            connection.exec_driver_sql(statement, None, execution_options={"no_parameters": True})
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
