"""Facts about teams and shares, asserted by hand and apart from the matrix; and that the matrix notices openings."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from cryokit.db.access import verify_access
from cryokit.db.engine import Database
from cryokit.domain import Identity
from cryokit.errors import AccessError, CryokitError

TEAM_TABLES = ("team", "membership", "experiment", "lab_verification", "measurement", "prediction", "share")


@dataclass(frozen=True)
class Bench:
    """A team with its people, one experiment with a measurement, a verification, a prediction and a share."""

    database: Database
    team: UUID
    experiment: UUID
    people: dict[str, Identity]

    def run(self, who: str | None, statement: str, **values: object) -> list:
        """Run one statement as somebody, or as maintenance, and return its rows."""
        scope = self.database.acting_as(self.people[who]) if who else self.database.service()
        with scope as connection:
            result = connection.execute(text(statement), values)
            return result.scalars().all() if result.returns_rows else [None] * result.rowcount


@pytest.fixture(scope="module")
def filled(template_database, cloned: Callable[[str], AbstractContextManager[Database]]) -> Iterator[Bench]:
    """The bench that tests get a copy of; nobody is connected to it."""
    with cloned(template_database) as database:
        bench = _made_bench(database)
        database.dispose()
        yield bench


@pytest.fixture
def bench(filled, clone_of) -> Bench:
    return replace(filled, database=clone_of(filled.database.name))


def _made_bench(database: Database) -> Bench:
    names = ("outsider", "viewer", "editor", "owner", "team_admin", "guest")
    people = {name: Identity(uuid4(), name, "researcher") for name in names}
    bench = Bench(database, uuid4(), uuid4(), people)
    for person in people.values():
        bench.run(
            None,
            "INSERT INTO cryo.app_user (id, name, role, password_hash) VALUES (:id, :name, 'researcher', '$argon2$x')",
            id=person.user_id,
            name=person.name,
        )
    bench.run(None, "INSERT INTO cryo.team (id, name) VALUES (:id, 'Bench')", id=bench.team)
    for name, role in (("viewer", "viewer"), ("editor", "editor"), ("owner", "editor"), ("team_admin", "admin")):
        bench.run(
            None,
            "INSERT INTO cryo.membership (team_id, user_id, role) VALUES (:team, :user, :role)",
            team=bench.team,
            user=people[name].user_id,
            role=role,
        )
    _fill(bench)
    return bench


def _fill(bench: Bench) -> None:
    owner = bench.people["owner"].user_id
    given = {"team": bench.team, "owner": owner, "experiment": bench.experiment}
    bench.run(
        None,
        "INSERT INTO cryo.experiment (id, name, team_id, owner_id) VALUES (:experiment, 'DSC', :team, :owner)",
        **given,
    )
    bench.run(None, "INSERT INTO cryo.molecule (smiles, inchikey) VALUES ('CCO', 'LFQSCWFLJHTTHZ-UHFFFAOYSA-N')")
    bench.run(
        None,
        "INSERT INTO cryo.measurement (target, property_type_id, molecule_id, name, value, unit, source, row_sha256,"
        "                              owner_id, team_id, experiment_id)"
        " SELECT 'tg', property_type.id, molecule.id, 'ethanol', 97, 'K', 'own', repeat('a', 64), :owner, :team,"
        "        :experiment FROM cryo.molecule, cryo.property_type WHERE property_type.name LIKE 'glass%'",
        **given,
    )
    bench.run(
        None,
        "INSERT INTO cryo.lab_verification (experiment_id, verifier_id, outcome)"
        " VALUES (:experiment, :owner, 'confirmed')",
        experiment=bench.experiment,
        owner=owner,
    )


def shared_with(bench: Bench, name: str, right: str = "view", expires: str = "now() + interval '1 day'") -> None:
    bench.run(
        None,
        "INSERT INTO cryo.share (experiment_id, grantee_user_id, may, granted_by, expires_at, created_at)"
        f" VALUES (:experiment, :user, :right, :owner, {expires}, now() - interval '2 days')",
        experiment=bench.experiment,
        user=bench.people[name].user_id,
        right=right,
        owner=bench.people["owner"].user_id,
    )


@pytest.mark.parametrize("table", TEAM_TABLES)
def test_outsider_sees_no_row_of_any_team_table(bench, table):
    shared_with(bench, "guest")

    assert bench.run("outsider", f"SELECT count(*) FROM cryo.{table}") == [0]  # noqa: S608  names from this file


@pytest.mark.parametrize("who", ["viewer", "editor", "owner", "team_admin"])
def test_every_member_sees_the_rows_of_the_team(bench, who):
    found = [bench.run(who, f"SELECT count(*) FROM cryo.{name}")[0] for name in TEAM_TABLES[:5]]  # noqa: S608

    assert found == [1, 4, 1, 1, 1]


def test_visitor_sees_no_row_of_a_team(bench):
    with bench.database.anonymous() as connection:
        assert connection.execute(text("SELECT count(*) FROM cryo.measurement")).scalar() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cryo.measurement SET value = 1",
        "UPDATE cryo.experiment SET name = 'mine'",
        "DELETE FROM cryo.measurement",
        "DELETE FROM cryo.membership",
        "UPDATE cryo.team SET name = 'mine'",
    ],
)
def test_viewer_changes_nothing(bench, statement):
    assert bench.run("viewer", statement) == []


def test_viewer_cannot_add_an_experiment_to_the_team(bench):
    statement = "INSERT INTO cryo.experiment (name, team_id, owner_id) VALUES ('x', :team, :user)"

    with pytest.raises(AccessError):
        bench.run("viewer", statement, team=bench.team, user=bench.people["viewer"].user_id)


def test_editor_changes_the_rows_of_the_team(bench):
    assert bench.run("editor", "UPDATE cryo.measurement SET value = 98 RETURNING value") == [98]


def test_editor_cannot_delete_what_another_made(bench):
    assert bench.run("editor", "DELETE FROM cryo.measurement") == []


@pytest.mark.parametrize("who", ["outsider", "viewer", "editor", "owner"])
def test_nobody_but_the_team_admin_writes_memberships(bench, who):
    statement = "INSERT INTO cryo.membership (team_id, user_id, role) VALUES (:team, :user, 'admin')"

    with pytest.raises(AccessError):
        bench.run(who, statement, team=bench.team, user=bench.people["guest"].user_id)


def test_team_admin_writes_memberships(bench):
    statement = "INSERT INTO cryo.membership (team_id, user_id, role) VALUES (:team, :user, 'viewer') RETURNING role"

    assert bench.run("team_admin", statement, team=bench.team, user=bench.people["guest"].user_id) == ["viewer"]


def test_an_outsider_cannot_join_by_himself(bench):
    statement = "INSERT INTO cryo.membership (team_id, user_id, role) VALUES (:team, :user, 'viewer')"

    with pytest.raises(AccessError):
        bench.run("outsider", statement, team=bench.team, user=bench.people["outsider"].user_id)


def test_an_editor_cannot_make_himself_admin(bench):
    assert bench.run("editor", "UPDATE cryo.membership SET role = 'admin'") == []


def test_a_share_shows_the_experiment_and_what_belongs_to_it(bench):
    shared_with(bench, "guest")
    found = [bench.run("guest", f"SELECT count(*) FROM cryo.{name}")[0] for name in TEAM_TABLES]  # noqa: S608

    assert found == [0, 0, 1, 1, 1, 0, 1]


def test_a_share_for_viewing_lets_nothing_be_changed(bench):
    shared_with(bench, "guest")

    assert bench.run("guest", "UPDATE cryo.measurement SET value = 1") == []


def test_a_share_for_editing_lets_rows_be_changed_and_not_deleted(bench):
    shared_with(bench, "guest", right="edit")

    assert bench.run("guest", "UPDATE cryo.measurement SET value = 99 RETURNING value") == [99]
    assert bench.run("guest", "DELETE FROM cryo.measurement") == []


def test_an_expired_share_gives_nothing(bench):
    shared_with(bench, "guest", expires="now() - interval '1 day'")

    assert bench.run("guest", "SELECT count(*) FROM cryo.experiment") == [0]


@pytest.mark.parametrize("who", ["editor", "owner", "team_admin"])
@pytest.mark.parametrize("column", ["owner_id", "team_id"])
def test_nobody_gives_a_row_away(bench, who, column):
    statement = f"UPDATE cryo.measurement SET {column} = :other"  # noqa: S608  names from this file

    with pytest.raises(CryokitError):
        bench.run(who, statement, other=bench.people["outsider"].user_id)
    assert bench.run(None, "SELECT owner_id FROM cryo.measurement") == [bench.people["owner"].user_id]


def test_leaving_the_team_ends_what_one_sees(bench):
    bench.run(None, "DELETE FROM cryo.membership WHERE user_id = :user", user=bench.people["viewer"].user_id)

    assert bench.run("viewer", "SELECT count(*) FROM cryo.measurement") == [0]


def test_a_disabled_member_sees_nothing_private(bench):
    bench.run(None, "UPDATE cryo.app_user SET disabled_at = now() WHERE name = 'editor'")

    with pytest.raises(AccessError):
        bench.run(
            "editor", "INSERT INTO cryo.experiment (name, owner_id) VALUES ('x', :u)", u=bench.people["editor"].user_id
        )


# The matrix notices what is opened


OPENINGS = {
    "a policy that lets all rows pass": "ALTER POLICY measurement_select ON cryo.measurement USING (true)",
    "row level security that is off": "ALTER TABLE cryo.experiment DISABLE ROW LEVEL SECURITY",
    "a right that nobody declared": "GRANT DELETE ON cryo.lab_verification TO authenticated;"
    " CREATE POLICY mine ON cryo.lab_verification FOR DELETE TO authenticated USING (true)",
    "memberships for everybody": "CREATE POLICY mine ON cryo.membership FOR INSERT TO authenticated WITH CHECK (true);"
    " GRANT INSERT ON cryo.membership TO authenticated",
    "truncating": "GRANT TRUNCATE ON cryo.measurement TO authenticated",
    "a role that the login may take": "GRANT service_role TO cryokit_app",
    "a table without policies": "CREATE TABLE cryo.secret (id bigint PRIMARY KEY);"
    " GRANT SELECT ON cryo.secret TO authenticated",
    "a view with the rights of its owner": "CREATE VIEW cryo.everything AS SELECT * FROM cryo.measurement;"
    " GRANT SELECT ON cryo.everything TO authenticated",
}


@pytest.mark.parametrize("opening", OPENINGS)
def test_the_matrix_notices(fresh_database, superuser_runs, opening):
    superuser_runs(OPENINGS[opening], fresh_database.name)
    try:
        report = verify_access(fresh_database)
    finally:
        if "service_role" in OPENINGS[opening]:  # roles belong to the whole cluster
            superuser_runs("REVOKE service_role FROM cryokit_app")

    assert report.mismatches
