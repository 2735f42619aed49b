"""Relationships: each rule is tried, each kind of damage is found by scanning, mended, and can be undone."""

import contextlib
import time

import psycopg2
import psycopg2.errors
import pytest
from sqlalchemy import text

import cryokit.db.repair
from cryokit.db import integrity
from cryokit.db.access import verify_access
from cryokit.db.access_scenario import Scenario
from cryokit.db.drift import drift_checks
from cryokit.db.engine import Database
from cryokit.db.health import check_health
from cryokit.db.integrity import find_problems, relationships
from cryokit.db.queries import queries
from cryokit.db.repair import plan, quarantined_rows, repair, restore
from cryokit.db.server import SUPERUSER, Server
from cryokit.errors import ConflictError, InputError, NotFoundError, UnavailableError

RELATIONSHIPS = relationships()
MISSING = {
    "uuid": "gen_random_uuid()",
    "bigint": "999999",
    "smallint": "32000",
    "integer": "999999",
    "text": "repeat('0', 64)",
}
ALSO_SET = {
    "measurement_mixture_id_fkey": "molecule_id = NULL",
    "mixture_component_molecule_id_fkey": "material = NULL",
    "share_grantee_team_id_fkey": "grantee_user_id = NULL",
}
"""What a row must give up to refer to something else: it has one subject."""


@pytest.fixture(scope="session")
def populated_template(template_database, server, superuser_runs):
    """Name of a database with rows in every table."""
    superuser_runs(f"CREATE DATABASE template_populated TEMPLATE {template_database} IS_TEMPLATE true")
    database = Database(server.settings, name="template_populated")
    with database.service() as connection:
        Scenario(connection)
    database.dispose()
    return "template_populated"


@pytest.fixture
def populated(populated_template, clone_of):
    """A database of its own with rows in every table."""
    return clone_of(populated_template)


@pytest.fixture(scope="module")
def unchanged(populated_template, cloned):
    """The same, for tests that take back what they do."""
    with cloned(populated_template) as database:
        yield database


@contextlib.contextmanager
def superuser_of(database: Database):
    """Yield a cursor of the superuser in a database; the end commits."""
    address = Server(database.settings).url(SUPERUSER, database.name)
    with contextlib.closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        yield cursor


def run(database: Database, statement: str) -> list[tuple]:
    with superuser_of(database) as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def orphan(database: Database, relationship) -> None:
    """Let one row refer to nothing, behind the back of the key."""
    column = relationship.child_columns[-1]
    schema, child = relationship.child.split(".")
    [(kind,)] = run(
        database,
        "SELECT data_type FROM information_schema.columns"
        f" WHERE table_schema = '{schema}' AND table_name = '{child}' AND column_name = '{column}'",
    )
    assignments = ", ".join([f"{column} = {MISSING[kind]}", *filter(None, [ALSO_SET.get(relationship.name)])])
    run(
        database,
        "SET session_replication_role = replica;"
        f"UPDATE {relationship.child} SET {assignments}"
        f" WHERE ctid = (SELECT ctid FROM {relationship.child} ORDER BY {column} IS NULL LIMIT 1)",
    )


def problems(database: Database) -> list[tuple[str, str]]:
    return [(problem.kind, problem.object) for problem in find_problems(database)]


def named(name: str):
    return next(relationship for relationship in RELATIONSHIPS if relationship.name == name)


# The rules


def test_every_key_of_the_database_is_declared_and_no_other():
    assert len({(wanted.child, wanted.name) for wanted in RELATIONSHIPS}) == len(RELATIONSHIPS)
    assert set(queries("orphans")) == {wanted.name for wanted in RELATIONSHIPS}
    assert all(wanted.reason for wanted in RELATIONSHIPS)


def test_a_database_with_rows_in_every_table_is_whole(unchanged):
    empty = [
        wanted.child for wanted in RELATIONSHIPS if run(unchanged, f"SELECT count(*) FROM {wanted.child}") == [(0,)]
    ]

    assert not empty
    assert problems(unchanged) == []


@pytest.mark.parametrize("wanted", RELATIONSHIPS, ids=lambda wanted: wanted.name)
def test_deleting_a_parent_does_what_the_rule_says(wanted, unchanged):
    link = " AND ".join(
        f"child.{mine} = parent.{theirs}"
        for mine, theirs in zip(wanted.child_columns, wanted.parent_columns, strict=True)
    )
    with superuser_of(unchanged) as cursor:
        _refer_to_a_row(cursor, wanted)
        for other in RELATIONSHIPS:
            if other.parent == wanted.parent and other.name != wanted.name:
                cursor.execute(f"ALTER TABLE {other.child} DROP CONSTRAINT {other.name}")
        cursor.execute(f"SELECT count(*) FROM {wanted.child}")
        [before] = cursor.fetchone()
        condition = f"FROM {wanted.parent} AS parent WHERE EXISTS (SELECT FROM {wanted.child} AS child WHERE {link})"
        refused = False
        cursor.execute("SAVEPOINT deletion")
        try:
            cursor.execute(f"DELETE {condition}")
            assert cursor.rowcount > 0
        except psycopg2.IntegrityError as error:
            assert error.diag.constraint_name == wanted.name
            refused = True
            cursor.execute("ROLLBACK TO deletion")
        cursor.execute(f"SELECT count(*) FROM {wanted.child}")
        [after] = cursor.fetchone()
        cursor.execute("ROLLBACK")

    assert refused == (wanted.on_delete == "RESTRICT")
    assert (after < before) == (wanted.on_delete == "CASCADE")


def _refer_to_a_row(cursor, wanted) -> None:
    """Let one row refer to a parent if none does."""
    [column, *more], [referred, *_] = wanted.child_columns, wanted.parent_columns
    if more:
        return
    also = ALSO_SET.get(wanted.name)
    cursor.execute(f"SELECT count(*) FROM {wanted.child} WHERE {column} IS NOT NULL")
    if cursor.fetchone() == (0,):
        assignments = ", ".join([f"{column} = (SELECT {referred} FROM {wanted.parent} LIMIT 1)", *filter(None, [also])])
        row = f"(SELECT ctid FROM {wanted.child} LIMIT 1)"
        cursor.execute(f"UPDATE {wanted.child} SET {assignments} WHERE ctid = {row}")


# Orphans


REPAIRED = [wanted for wanted in RELATIONSHIPS if wanted.child != "cryo.audit_event"]


@pytest.mark.parametrize("wanted", REPAIRED, ids=lambda wanted: wanted.name)
def test_an_orphan_under_a_valid_key_is_found_and_moved_to_quarantine(wanted, populated):
    orphan(populated, wanted)

    found = problems(populated)
    repair(populated)

    assert ("orphans", wanted.name) in found
    assert problems(populated) == []
    moved = quarantined_rows(populated).query("table_name != 'cryo.none'")
    assert wanted.child in set(moved["table_name"])
    assert moved["reason"].str.contains("names no row of").all()


def test_an_orphan_in_the_audit_is_found_and_left_for_people(populated):
    orphan(populated, named("audit_event_actor_id_fkey"))

    assert repair(populated) == []
    assert problems(populated) == [("manual", "audit_event_actor_id_fkey")]


def test_what_refers_to_an_orphan_goes_with_it_and_nothing_is_deleted(populated):
    orphan(populated, named("measurement_experiment_id_fkey"))
    before = {table: run(populated, f"SELECT count(*) FROM cryo.{table}") for table in ("measurement", "share")}
    [(orphan_id,)] = run(
        populated, "SELECT id FROM cryo.measurement WHERE experiment_id IS NOT NULL ORDER BY id LIMIT 1"
    )
    run(
        populated,
        "SET session_replication_role = replica;"
        f"UPDATE cryo.share SET measurement_id = {orphan_id} WHERE measurement_id IS NOT NULL",
    )

    [planned] = plan(populated)
    [done] = repair(populated)

    moved = quarantined_rows(populated)["table_name"].value_counts().to_dict()
    after = {table: run(populated, f"SELECT count(*) FROM cryo.{table}") for table in ("measurement", "share")}
    assert moved["cryo.measurement"] == 1
    assert moved["cryo.share"] == 3
    assert planned["action"] == "move rows to quarantine: 3 of cryo.share, 1 of cryo.measurement"
    assert done["action"] == planned["action"]
    assert {table: before[table][0][0] - after[table][0][0] for table in before} == {"measurement": 1, "share": 3}


def test_a_row_can_be_put_back_as_it_was_once_its_parent_is_there(populated):
    before = run(populated, "SELECT to_jsonb(m) FROM cryo.measurement AS m ORDER BY id")
    wanted = named("measurement_molecule_id_fkey")
    [(row_id, molecule_id)] = run(populated, "SELECT id, molecule_id FROM cryo.measurement ORDER BY id LIMIT 1")
    run(populated, f"SET session_replication_role = replica; DELETE FROM cryo.molecule WHERE id = {molecule_id}")
    repair(populated, only="orphans")
    rows = quarantined_rows(populated)
    is_wanted = rows["key"].map(lambda key: key == {"id": row_id}) & (rows["table_name"] == wanted.child)
    number = int(rows[is_wanted]["id"].iloc[0])

    with pytest.raises(ConflictError, match="refers to nothing"):
        restore(populated, number)
    run(
        populated,
        "INSERT INTO cryo.molecule (id, smiles, inchikey) OVERRIDING SYSTEM VALUE"
        f" VALUES ({molecule_id}, 'C', 'VNWKTOKETHGBQD-UHFFFAOYSA-N')",
    )
    for quarantined in sorted(rows[rows["table_name"] == wanted.child]["id"]):
        restore(populated, int(quarantined))

    assert run(populated, "SELECT to_jsonb(m) FROM cryo.measurement AS m ORDER BY id") == before
    with pytest.raises(ConflictError, match="put back already"):
        restore(populated, number)


def test_a_number_that_is_not_in_quarantine_is_refused(unchanged):
    with pytest.raises(NotFoundError, match="no row 12345"):
        restore(unchanged, 12345)


# Keys, indexes, policies

DAMAGE = {
    "a dropped key": (
        "ALTER TABLE cryo.measurement DROP CONSTRAINT measurement_molecule_id_fkey",
        ("keys", "cryo.measurement.measurement_molecule_id_fkey"),
    ),
    "a key that is not validated": (
        "ALTER TABLE cryo.measurement DROP CONSTRAINT measurement_molecule_id_fkey,"
        " ADD CONSTRAINT measurement_molecule_id_fkey FOREIGN KEY (molecule_id) REFERENCES cryo.molecule (id)"
        " ON DELETE RESTRICT NOT VALID",
        ("keys", "cryo.measurement.measurement_molecule_id_fkey"),
    ),
    "a key with another rule": (
        "ALTER TABLE cryo.share DROP CONSTRAINT share_granted_by_fkey,"
        " ADD CONSTRAINT share_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES cryo.app_user (id)",
        ("keys", "cryo.share.share_granted_by_fkey"),
    ),
    "a key whose triggers are disabled": (
        "ALTER TABLE cryo.experiment DISABLE TRIGGER ALL",
        ("keys", "cryo.experiment.experiment_owner_id_fkey"),
    ),
    "a dropped index": (
        "DROP INDEX cryo.share_granted_by_idx",
        ("indexes", "cryo.share.share_granted_by_fkey"),
    ),
    "a partial index in place of a whole one": (
        "DROP INDEX cryo.experiment_team_id_idx;"
        "CREATE INDEX experiment_team_id_idx ON cryo.experiment (team_id) WHERE is_public",
        ("indexes", "cryo.experiment.experiment_team_id_fkey"),
    ),
    "a dropped policy": (
        "DROP POLICY measurement_select ON cryo.measurement",
        ("policies", "cryo.measurement.measurement_select"),
    ),
    "a policy of somebody's own": (
        "CREATE POLICY everything ON cryo.measurement USING (true)",
        ("policies", "cryo.measurement.everything"),
    ),
    "a policy that was opened": (
        "ALTER POLICY measurement_select ON cryo.measurement USING (true)",
        ("policies", "cryo.measurement.measurement_select"),
    ),
    "a dropped index of two columns": (
        "DROP INDEX cryo.model_version_dataset_idx",
        ("indexes", "cryo.model_version.model_version_dataset_fkey"),
    ),
    "row level security switched off": (
        "ALTER TABLE cryo.share DISABLE ROW LEVEL SECURITY",
        ("policies", "cryo.share"),
    ),
    "row level security that spares the owner": (
        "ALTER TABLE cryo.share NO FORCE ROW LEVEL SECURITY",
        ("policies", "cryo.share"),
    ),
}


def drift_of(database: Database) -> list[tuple[str, str]]:
    report = check_health(database.maintenance, "here", more_checks=drift_checks())
    return [(finding.object, finding.message) for finding in report.findings if finding.check == "schema_drift"]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_planned_mended_and_written_down(damage, populated):
    statement, expected = DAMAGE[damage]
    run(populated, statement)

    planned = plan(populated)
    unchanged = problems(populated)
    done = repair(populated)

    assert expected in unchanged
    assert [(step["kind"], step["object"]) for step in planned] == unchanged
    assert [(step["kind"], step["object"]) for step in done][0] in unchanged
    assert problems(populated) == []
    assert repair(populated) == []
    assert drift_of(populated) == []
    assert run(populated, "SELECT count(*) FROM cryo.audit_event WHERE action <> 'access_check'")[0][0] >= 1


def test_keys_are_mended_after_the_rows_that_break_them_have_moved(populated):
    run(populated, "ALTER TABLE cryo.measurement DROP CONSTRAINT measurement_molecule_id_fkey")
    run(populated, "UPDATE cryo.measurement SET molecule_id = 999999 WHERE molecule_id IS NOT NULL")

    repair(populated)

    assert problems(populated) == []


def test_a_key_that_nobody_declared_is_reported_and_left_alone(populated):
    run(
        populated, "ALTER TABLE cryo.job ADD CONSTRAINT mine FOREIGN KEY (id) REFERENCES cryo.experiment (id) NOT VALID"
    )

    assert problems(populated) == [("manual", "cryo.job.mine")]
    assert repair(populated) == []


def test_a_constraint_that_old_rows_may_break_is_reported_and_left_alone(populated):
    run(populated, "ALTER TABLE cryo.job ADD CONSTRAINT mine CHECK (owner_id IS NOT NULL) NOT VALID")

    assert problems(populated) == [("manual", "cryo.job.mine")]
    assert repair(populated) == []


def test_the_search_path_of_the_database_changes_no_verdict(populated):
    run(populated, f'ALTER DATABASE "{populated.name}" SET search_path = cryo, app')
    populated.dispose()

    assert problems(populated) == []


@pytest.mark.parametrize("look", [find_problems, repair, verify_access])
def test_a_locked_table_is_an_error_soon_and_never_taken_for_whole(look, unchanged, monkeypatch):
    for module in (integrity, cryokit.db.repair):
        monkeypatch.setattr(module, "LOCK_TIMEOUT", "500ms")  # four seconds would prove no more
    with superuser_of(unchanged) as cursor:
        cursor.execute("LOCK TABLE cryo.measurement IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(UnavailableError, match="lock was not free in time"):
            look(unchanged)

        assert time.monotonic() - began < 3


def test_an_unknown_class_of_repair_is_refused(unchanged):
    with pytest.raises(InputError, match="'all'; there are orphans"):
        repair(unchanged, only="all")


def test_orphan_queries_run_without_the_program(unchanged):
    with unchanged.service() as connection:
        for name, query in queries("orphans").items():
            assert connection.execute(text(str(query))).all() == [], name
