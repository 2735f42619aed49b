"""Parts of a backup: tables with all that belongs to them, rows and teams with what they refer to."""

import contextlib
from collections.abc import Iterator

import psycopg2
import pytest

from cryokit.config import Settings
from cryokit.db.server import SUPERUSER, Server
from cryokit.errors import ConflictError, NotFoundError
from cryokit.workbench import Workbench


@contextlib.contextmanager
def superuser(settings: Settings) -> Iterator[psycopg2.extensions.cursor]:
    with contextlib.closing(psycopg2.connect(Server(settings).url(SUPERUSER))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


@pytest.fixture(scope="module")
def with_teams(make_settings):
    """An installation with two teams, each with an experiment, and its proved dump."""
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        workbench.add_user("anna", "researcher")
        for team in ("Ice", "Glass"):
            workbench.add_team(team, "anna")
        with superuser(workbench.settings) as cursor:
            chosen = "SELECT 'of ' || team.name, team.id, app_user.id FROM cryo.team, cryo.app_user"
            cursor.execute(f"INSERT INTO cryo.experiment (name, team_id, owner_id) {chosen}")
        workbench.create_backup("full")
        yield workbench


@contextlib.contextmanager
def nothing_restored(workbench: Workbench) -> Iterator[None]:
    """See that no restore is begun, which takes minutes where there is much data: each begins by taking a lock."""
    lock = workbench.settings.state_dir / ".restores.lock"
    before = lock.stat().st_mtime_ns
    yield
    assert lock.stat().st_mtime_ns == before


def lines_of(answer):
    return {line["table"]: line for line in answer["plan"]}


def test_a_team_that_was_deleted_comes_back_with_what_is_its_own(with_teams):
    with superuser(with_teams.settings) as cursor:
        cursor.execute("DELETE FROM cryo.experiment WHERE name = 'of Ice'")
        cursor.execute("DELETE FROM cryo.membership WHERE team_id = (SELECT id FROM cryo.team WHERE name = 'Ice')")
        cursor.execute("DELETE FROM cryo.team WHERE name = 'Ice'")
    planned = lines_of(with_teams.restore_part(team="Ice"))
    done = with_teams.restore_part(team="Ice", apply=True)
    again = with_teams.restore_part(team="Ice", apply=True)

    assert {name: planned[f"cryo.{name}"]["to_insert"] for name in ("team", "membership", "experiment")} == {
        "team": 1,
        "membership": 1,
        "experiment": 1,
    }
    assert planned["cryo.app_user"]["equal"] == 1
    assert done["inserted"] == 3
    assert again["inserted"] == 0


def test_rows_that_differ_are_told_and_nothing_is_written(with_teams):
    with superuser(with_teams.settings) as cursor:
        cursor.execute("UPDATE cryo.experiment SET name = 'renamed' WHERE name = 'of Glass'")
        cursor.execute("DELETE FROM cryo.experiment WHERE name = 'of Ice'")
    [line] = [line for line in with_teams.restore_part(("cryo.experiment",))["plan"] if line["conflicts"]]
    with pytest.raises(ConflictError, match=r"1 of cryo\.experiment; nothing was written"):
        with_teams.restore_part(("cryo.experiment",), apply=True)
    done = with_teams.restore_part(("cryo.experiment",), apply=True, keep_conflicts=True)

    assert (line["table"], line["conflicts"], line["to_insert"]) == ("cryo.experiment", 1, 1)
    assert done["inserted"] == 1
    with superuser(with_teams.settings) as cursor:
        cursor.execute("SELECT name FROM cryo.experiment ORDER BY name")
        assert cursor.fetchall() == [("of Ice",), ("renamed",)]


@pytest.mark.parametrize(
    "table",
    [
        "cryo.share",
        *(pytest.param(table, marks=pytest.mark.drill) for table in ("cryo.audit_event", "cryo.lab_verification")),
    ],
)
def test_a_table_that_is_gone_comes_back_with_all_that_belongs_to_it(with_teams, table):
    before = with_teams.structure()
    with superuser(with_teams.settings) as cursor:
        cursor.execute(f"DROP TABLE {table} CASCADE")
    assert with_teams.structure() != before
    planned = lines_of(with_teams.restore_part((table,)))
    with_teams.restore_part((table,), apply=True)

    assert planned[table]["is_gone"]
    assert with_teams.structure() == before
    assert not with_teams.verify_access().mismatches


def test_a_part_comes_to_a_new_database_too(with_teams):
    done = with_teams.restore_part(("cryo.experiment",), new_database="rescued", apply=True)

    with contextlib.closing(psycopg2.connect(Server(with_teams.settings).url(SUPERUSER, "rescued"))) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM cryo.experiment")
        assert cursor.fetchall() == [(2,)]
    assert lines_of(done)["cryo.team"]["to_insert"] == 2
    with nothing_restored(with_teams), pytest.raises(ConflictError, match="a database 'rescued' already"):
        with_teams.restore_part(("cryo.experiment",), new_database="rescued", apply=True)


@pytest.mark.parametrize("table", ["cryo.nothing", 'x"; drop table y', "nothing.at_all"])
def test_a_table_that_the_backup_does_not_hold_is_refused(with_teams, table):
    with nothing_restored(with_teams), pytest.raises(NotFoundError, match="holds no table"):
        with_teams.restore_part((table,))


def test_a_schema_that_the_backup_does_not_hold_is_refused(with_teams):
    with nothing_restored(with_teams), pytest.raises(NotFoundError, match="holds no schema 'nowhere'"):
        with_teams.restore_part(schemas=("nowhere",))
