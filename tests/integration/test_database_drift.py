"""Drift: one object of the schema is broken at a time, and each time a finding names it."""

import contextlib
from collections.abc import Iterator

import psycopg2
import pytest

from cryokit.db import drift, migrations
from cryokit.db.engine import Database
from cryokit.db.health import check_health
from cryokit.db.migrations import SCHEMAS
from cryokit.db.queries import queries
from cryokit.db.server import SUPERUSER, Server

EXPECTED = drift.expected_structure()
MUTATIONS = {
    "table": (
        "ALTER TABLE {object} DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE {object} NO FORCE ROW LEVEL SECURITY",
        "DROP TABLE {object} CASCADE",
    ),
    "column": ("ALTER TABLE {table} DROP COLUMN {name} CASCADE", "ALTER TABLE {table} RENAME COLUMN {name} TO other"),
    "constraint": ("ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE",),
    "index": (
        "UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = CAST('{schema}.{name}' AS regclass)",
    ),
    "policy": ("DROP POLICY {name} ON {table}", "ALTER POLICY {name} ON {table} TO public"),
    "function": ("ALTER FUNCTION {object} VOLATILE", "ALTER FUNCTION {object} RESET search_path"),
    "key trigger": ("ALTER TABLE {table} DISABLE TRIGGER ALL",),
    "grant": ("REVOKE ALL ON {place} FROM {role} CASCADE",),
}
SINGLE = {
    "a default": ("ALTER TABLE cryo.measurement ALTER is_public SET DEFAULT true", "cryo.measurement.is_public"),
    "a missing NOT NULL": ("ALTER TABLE cryo.measurement ALTER source DROP NOT NULL", "cryo.measurement.source"),
    "another type": ("ALTER TABLE cryo.job ALTER done_fraction TYPE real", "cryo.job.done_fraction"),
    "an added column": ("ALTER TABLE cryo.job ADD COLUMN mine integer", "cryo.job.mine"),
    "an added table": ("CREATE TABLE cryo.mine (id bigint PRIMARY KEY)", "cryo.mine"),
    "an added policy": ("CREATE POLICY mine ON cryo.job USING (true)", "cryo.job.mine"),
    "a policy that was opened": (
        "ALTER POLICY measurement_select ON cryo.measurement USING (true)",
        "cryo.measurement.measurement_select",
    ),
    "a weaker check": (
        "ALTER POLICY experiment_insert ON cryo.experiment WITH CHECK (owner_id IS NOT NULL)",
        "cryo.experiment.experiment_insert",
    ),
    "a function with another body": (
        "CREATE OR REPLACE FUNCTION app.uid() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE SET search_path = ''"
        " AS 'SELECT NULL::uuid'",
        "app.uid()",
    ),
    "a right too many": ("GRANT TRUNCATE ON cryo.measurement TO authenticated", "cryo.measurement to authenticated"),
    "a column given away": (
        "GRANT UPDATE (owner_id) ON cryo.measurement TO authenticated",
        "cryo.measurement.owner_id to authenticated",
    ),
    "a right for everybody": ("GRANT SELECT ON cryo.app_user TO public", "cryo.app_user to public"),
    "a schema opened": ("GRANT CREATE ON SCHEMA cryo TO authenticated", "schema cryo to authenticated"),
    "an added trigger": (
        "CREATE TRIGGER mine BEFORE UPDATE ON cryo.job FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "cryo.job.mine",
    ),
    "an unlogged table": ("ALTER TABLE cryo.health_run SET UNLOGGED", "cryo.health_run"),
    "a looser check": (
        "ALTER TABLE cryo.job DROP CONSTRAINT job_status_known, ADD CONSTRAINT job_status_known CHECK (status <> '')",
        "cryo.job.job_status_known",
    ),
}


@pytest.fixture(scope="module")
def mutated(database):
    """Break the database in a transaction, look, and roll back."""
    address = Server(database.settings).url(SUPERUSER, database.name)
    structure = str(queries("structure")["structure"])
    structure = structure.replace(":schemas", "%(schemas)s").replace(":locked", "%(locked)s")
    options = "-c search_path= -c allow_system_table_mods=on"

    def findings_after(*changes: str) -> list[dict[str, str]]:
        # A connection that stays would keep others from copying this database.
        with contextlib.closing(psycopg2.connect(address, options=options)) as connection:
            return [_findings_after(connection, change, structure) for change in changes]

    return findings_after


def _findings_after(connection: psycopg2.extensions.connection, change: str, structure: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(change)
        cursor.execute(structure, {"schemas": list(SCHEMAS), "locked": []})
        found = {(kind, name): definition for kind, name, definition in cursor.fetchall()}
    connection.rollback()
    return {finding.object: finding.severity for finding in drift.compared(found, EXPECTED)}


def statements() -> Iterator[tuple[str, str, str]]:
    """Yield kind, object and a statement that breaks it, for every object of the schema."""
    for (kind, name), definition in EXPECTED.items():
        parts = name.split(".")
        words = {"object": name, "table": ".".join(parts[:2]), "name": parts[-1], "schema": parts[0]}
        if kind == "grant":
            thing, role = name.split(" to ")
            words |= {"place": _place(thing), "role": role}
        for statement in MUTATIONS[kind]:
            if "ROW LEVEL" in statement and "row security" not in definition:
                continue
            yield kind, name, statement.format(**words)


def _place(thing: str) -> str:
    """Return what a right is on, as REVOKE writes it."""
    if thing.startswith("schema "):
        return thing
    if thing.endswith(")"):
        return f"FUNCTION {thing}"
    return ".".join(thing.split(".")[:2])


@pytest.mark.parametrize("kind", MUTATIONS)
def test_every_object_is_missed_when_it_is_broken(kind, mutated):
    tried = [(name, statement) for of_kind, name, statement in statements() if of_kind == kind]
    found = mutated(*(statement for _, statement in tried))
    unseen = [statement for (name, statement), findings in zip(tried, found, strict=True) if name not in findings]

    assert tried
    assert not unseen


@pytest.mark.parametrize("change", SINGLE)
def test_a_change_is_found(change, mutated):
    statement, name = SINGLE[change]

    assert name in mutated(statement)[0]


@pytest.mark.parametrize(
    ("statement", "severity"),
    [
        ("CREATE TABLE cryo.mine (id bigint PRIMARY KEY)", "error"),
        ("CREATE TABLE cryo.mine (id bigint PRIMARY KEY); ALTER TABLE cryo.mine ENABLE ROW LEVEL SECURITY", "error"),
        (
            "CREATE TABLE cryo.mine (id bigint PRIMARY KEY); ALTER TABLE cryo.mine ENABLE ROW LEVEL SECURITY;"
            "CREATE POLICY own ON cryo.mine USING (id = 1)",
            "warning",
        ),
    ],
)
def test_an_added_table_without_a_policy_is_an_error(statement, severity, mutated):
    assert mutated(statement)[0]["cryo.mine"] == severity


def test_a_schema_as_migrated_has_no_drift(mutated):
    assert mutated("SELECT 1") == [{}]


@pytest.mark.parametrize(
    ("kind", "name", "definition", "remedy"),
    [
        ("constraint", "cryo.job.job_owner_id_fkey", "FOREIGN KEY (owner_id) REFERENCES cryo.app_user(id)", "keys"),
        ("constraint", "cryo.job.job_status_known", "CHECK ((status <> ''::text))", None),
        ("index", "cryo.job.job_owner_id_idx", "CREATE INDEX i ON cryo.job USING btree (owner_id)", "indexes"),
        ("index", "cryo.job.mine", "CREATE INDEX mine ON cryo.job USING btree (status)", None),
        ("column", "cryo.job.status", "text", None),
    ],
)
def test_repair_is_named_only_where_it_can_mend(kind, name, definition, remedy):
    [missing] = drift.compared({}, {(kind, name): definition})
    [added] = drift.compared({(kind, name): definition}, {})

    assert ("cryokit db fix" in missing.fix) == (remedy is not None)
    assert remedy is None or f"--only {remedy} " in missing.fix
    assert "cryokit db fix" not in added.fix


def test_the_committed_structure_is_what_the_migrations_make(database):
    with database.service() as connection:
        assert drift.structure_of(connection) == (migrations.shared_folder("sql") / "structure.csv").read_text()


def test_the_committed_structure_covers_all_kinds():
    assert {kind for kind, _ in EXPECTED} == set(MUTATIONS)


def drift_of(database: Database) -> set[tuple[str, str]]:
    report = check_health(database.maintenance, "here", more_checks=drift.drift_checks())
    return {(finding.object, finding.message) for finding in report.findings if finding.check == "edited_migration"}


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (
            "UPDATE app.applied_file SET sha256 = repeat('0', 64) WHERE name = '0001_pre_people'",
            ("0001_pre_people", "the file was edited after it had been applied"),
        ),
        ("DELETE FROM app.applied_file WHERE name = '0005_pre_teams'", ("0005_pre_teams", "it is not applied")),
        (
            "INSERT INTO app.applied_file (name, sha256) VALUES ('9999_pre_x', repeat('0', 64))",
            ("9999_pre_x", "it was applied by another version of cryokit"),
        ),
    ],
)
def test_an_edited_or_foreign_migration_is_found(change, finding, fresh_database, superuser_runs):
    clean = drift_of(fresh_database)
    superuser_runs(change, fresh_database.name)

    assert clean == set()
    assert drift_of(fresh_database) == {finding}
