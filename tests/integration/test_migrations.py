import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from cryokit.db import migrations
from cryokit.db.engine import ADMIN, Database
from cryokit.domain import TARGETS
from cryokit.errors import ConfigError, ConflictError, UnavailableError
from cryokit.paths import shared_folder
from cryokit.workbench import Workbench

ALL = [file.name for file in migrations.migration_files()]

MIGRATE = """
import sys
from pathlib import Path
from cryokit.config import load_settings
from cryokit.db import migrations
from cryokit.db.engine import Database
migrations.migrate(Database(load_settings(), name=sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture
def empty_database(database, clone_of, superuser_runs) -> Database:
    """A database without the schema, in a cluster that has the roles."""
    empty = clone_of("template0")
    superuser_runs(f"GRANT CREATE ON DATABASE {empty.name} TO cryokit_owner")
    return empty


@pytest.fixture
def sql_copy(tmp_path):
    """A copy of sql/ that a test may change."""
    return shutil.copytree(shared_folder("sql"), tmp_path / "sql")


def tables_of(database: Database) -> set[str]:
    query = text("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('cryo', 'app')")
    with database.connection_of(ADMIN) as connection:
        return set(connection.execute(query).scalars())


def test_from_zero_all_are_applied_in_order_and_policies_last(empty_database):
    assert migrations.migrate(empty_database) == [*ALL, "policies"]


def test_second_run_does_nothing(empty_database):
    migrations.migrate(empty_database)

    assert migrations.migrate(empty_database) == []


def test_roles_are_made_again_for_a_second_database(database, clone_of):
    second = clone_of("template0")

    assert migrations.migrate(second) == [*ALL, "policies"]


def test_revision_is_the_newest_number(empty_database):
    before = migrations.revision(empty_database)
    migrations.migrate(empty_database)

    assert (before, migrations.revision(empty_database)) == (None, ALL[-1][:4])


def test_pending_names_what_is_not_applied(empty_database):
    before = migrations.pending(empty_database)
    migrations.migrate(empty_database)

    assert (before, migrations.pending(empty_database)) == (ALL, [])


def test_two_runners_at_once_both_succeed(empty_database, settings):
    runners = [Database(settings, name=empty_database.name) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(migrations.migrate, runners))

    assert sorted(outcomes) == [[], [*ALL, "policies"]]


def test_edited_migration_is_refused_by_name(empty_database, sql_copy):
    migrations.migrate(empty_database, sql_copy)
    edited = sql_copy / "migrations" / f"{ALL[1]}.sql"
    edited.write_text(edited.read_text() + "-- edited\n")

    with pytest.raises(ConflictError, match=f"{ALL[1]}.sql was edited after it had been applied"):
        migrations.migrate(empty_database, sql_copy)


def test_applied_migration_that_is_gone_is_refused(empty_database, sql_copy):
    extra = sql_copy / "migrations" / f"{len(ALL) + 1:04}_pre_extra.sql"
    extra.write_text("CREATE TABLE cryo.extra (id integer);")
    migrations.migrate(empty_database, sql_copy)
    extra.unlink()

    with pytest.raises(ConflictError, match="this version of cryokit does not have it"):
        migrations.migrate(empty_database, sql_copy)


def test_changed_policies_are_applied_again(empty_database, sql_copy):
    migrations.migrate(empty_database, sql_copy)
    policies = sql_copy / "policies.sql"
    policies.write_text(policies.read_text() + "-- changed\n")

    assert migrations.migrate(empty_database, sql_copy) == ["policies"]


def test_failing_migration_leaves_those_before_it_and_nothing_of_itself(empty_database, sql_copy):
    broken = sql_copy / "migrations" / f"{len(ALL) + 1:04}_pre_broken.sql"
    broken.write_text("CREATE TABLE cryo.half (id integer); SELECT 1 / 0;")

    with pytest.raises(Exception, match="division by zero"):
        migrations.migrate(empty_database, sql_copy)
    assert migrations.revision(empty_database) == ALL[-1][:4]
    assert "cryo.half" not in tables_of(empty_database)


def test_text_in_a_migration_is_not_taken_for_parameters(empty_database, sql_copy):
    strange = sql_copy / "migrations" / f"{len(ALL) + 1:04}_pre_strange.sql"
    strange.write_text("CREATE TABLE cryo.strange AS SELECT '100 % of :name, %s' AS words;")

    assert strange.stem in migrations.migrate(empty_database, sql_copy)


def test_migration_that_waits_for_a_lock_gives_up(empty_database, sql_copy):
    migrations.migrate(empty_database, sql_copy)
    waiting = sql_copy / "migrations" / f"{len(ALL) + 1:04}_pre_waiting.sql"
    waiting.write_text("SET LOCAL lock_timeout = '100ms'; ALTER TABLE cryo.target ADD COLUMN more text;")
    with empty_database.service() as holder:
        holder.execute(text("SELECT * FROM cryo.target"))

        with pytest.raises(UnavailableError, match="a lock was not free"):
            migrations.migrate(empty_database, sql_copy)


def test_runner_killed_midway_is_followed_by_one_that_completes(empty_database, sql_copy, settings):
    slow = sql_copy / "migrations" / f"{len(ALL) + 1:04}_pre_slow.sql"
    slow.write_text("CREATE TABLE cryo.slow AS SELECT 1 AS one, pg_sleep(30);")
    environment = os.environ | {"CRYOKIT_STATE_DIR": str(settings.state_dir)}
    runner = subprocess.Popen([sys.executable, "-c", MIGRATE, empty_database.name, str(sql_copy)], env=environment)
    deadline = time.monotonic() + 30
    while migrations.revision(empty_database) != ALL[-1][:4] and time.monotonic() < deadline:
        time.sleep(0.05)
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    slow.write_text("CREATE TABLE cryo.slow AS SELECT 2 AS one;")

    assert migrations.migrate(empty_database, sql_copy) == [slow.stem, "policies"]


def test_misnamed_migration_is_refused(sql_copy):
    (sql_copy / "migrations" / "0099_pre_far.sql").write_text("SELECT 1;")

    with pytest.raises(ConfigError, match="0099_pre_far.sql must be named"):
        migrations.migration_files(sql_copy / "migrations")


def test_roles_of_a_policy_are_dumped_in_the_order_of_their_names():
    line = "CREATE POLICY a_select ON cryo.a FOR SELECT TO cryokit_owner, authenticated USING (true);"

    assert "TO authenticated, cryokit_owner USING" in migrations._without_noise(line)


def test_schema_file_is_what_the_migrations_make(database):
    dumped = migrations.dump_schema(database)
    if not dumped_by_18(database):
        pytest.skip("sql/schema.sql is written by the programs of PostgreSQL 18")

    assert dumped == (shared_folder("sql") / "schema.sql").read_text()


def dumped_by_18(database: Database) -> bool:
    with database.service() as connection:
        return connection.execute(text("SHOW server_version_num")).scalar().startswith("18")


def test_targets_of_the_database_are_those_of_the_code(database):
    with database.service() as connection:
        rows = connection.execute(text("SELECT name, subject, unit FROM cryo.target ORDER BY name"))
        found = [tuple(row) for row in rows]

    assert found == sorted((target.name, target.subject, target.unit) for target in TARGETS.values())


def test_plausible_ranges_of_the_database_are_those_of_the_code(database):
    quantities = {"tg": ["glass_transition_temperature"], "iri": ["mean_grain_size"]}
    quantities["viability"] = ["viability", "recovery", "function", "exposure_survival"]
    with database.service() as connection:
        rows = connection.execute(text("SELECT name, plausible_lower, plausible_upper FROM cryo.property_type"))
        found = {row.name: (row.plausible_lower, row.plausible_upper) for row in rows}

    assert found == {
        name: (TARGETS[target].plausible_lower, TARGETS[target].plausible_upper)
        for target, names in quantities.items()
        for name in names
    }


FOREIGN_KEYS_WITHOUT_INDEX = text("""
    SELECT conrelid::regclass || ' ' || conname
      FROM pg_constraint
     WHERE contype = 'f' AND connamespace = 'cryo'::regnamespace
       AND NOT EXISTS (
           SELECT FROM pg_index
            WHERE indrelid = conrelid AND indisvalid AND indpred IS NULL
              AND (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey)
""")


def test_every_foreign_key_has_an_index(database):
    with database.connection_of(ADMIN) as connection:
        assert connection.execute(FOREIGN_KEYS_WITHOUT_INDEX).scalars().all() == []


def test_every_table_has_a_comment_and_a_primary_key(database):
    query = text("""
        SELECT relname FROM pg_class
         WHERE relnamespace = 'cryo'::regnamespace AND relkind = 'r'
           AND (obj_description(oid, 'pg_class') IS NULL
                OR NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = pg_class.oid AND contype = 'p'))
    """)
    with database.connection_of(ADMIN) as connection:
        assert connection.execute(query).scalars().all() == []


def test_every_time_has_a_time_zone(database):
    query = text("""
        SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema IN ('cryo', 'app') AND data_type = 'timestamp without time zone'
    """)
    with database.connection_of(ADMIN) as connection:
        assert connection.execute(query).scalars().all() == []


def test_slow_statements_are_looked_for_where_the_server_counts_them(fresh_database):
    report = Workbench(fresh_database.settings, fresh_database).check_database()
    status = {check.name: check.status for check in report.checks}

    assert status["slow_query"] in {"ok", "finding"}


@pytest.fixture
def next_release(sql_copy):
    """SQL of a release that takes a column away, once the release before it no longer serves."""
    number = len(ALL) + 1
    (sql_copy / "migrations" / f"{number:04}_pre_extra.sql").write_text("CREATE TABLE cryo.extra (id integer);")
    (sql_copy / "migrations" / f"{number + 1:04}_post_gone.sql").write_text("DROP TABLE cryo.extra;")
    return sql_copy


def test_post_migrations_wait_while_a_release_without_them_serves(empty_database, next_release):
    migrations.migrate(empty_database)
    post = sorted(path.stem for path in (next_release / "migrations").glob("*_post_*.sql"))

    first = migrations.migrate(empty_database, next_release, serving_folder=shared_folder("sql"))
    has_table = "cryo.extra" in tables_of(empty_database)
    again = migrations.migrate(empty_database, next_release, serving_folder=shared_folder("sql"))
    next_time = migrations.migrate(empty_database, next_release, serving_folder=next_release)

    assert first == [f"{len(ALL) + 1:04}_pre_extra", "policies"]
    assert (has_table, again) == (True, [])
    assert next_time == [*post, "policies"]
    assert "cryo.extra" not in tables_of(empty_database)


def test_a_migration_after_one_that_waits_is_refused_before_anything_is_applied(empty_database, next_release):
    migrations.migrate(empty_database)
    later = next_release / "migrations" / f"{len(ALL) + 3:04}_pre_later.sql"
    later.write_text("CREATE TABLE cryo.later (id integer);")

    with pytest.raises(ConfigError, match="_post_gone.sql waits for the next release"):
        migrations.migrate(empty_database, next_release, serving_folder=shared_folder("sql"))
    assert "cryo.extra" not in tables_of(empty_database)
