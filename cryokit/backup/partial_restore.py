"""Restore a part of a backup into the live database or a new one beside it: planned, written, compared."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class of the driver with a small name

from cryokit.backup.files import Cipher
from cryokit.backup.partial import Part, Plan, Table, apply_plan, chosen_tables, make_structure, make_tables, plan_part
from cryokit.backup.restore import fill
from cryokit.backup.scratch import RecoveryTarget, Scratch
from cryokit.backup.sets import BackupSet, Sets
from cryokit.config import Settings
from cryokit.db import drift
from cryokit.db.engine import Database, errors_of_cryokit
from cryokit.errors import ConflictError, IntegrityCheckError


def restore_part(
    settings: Settings,
    database: Database,
    found: BackupSet,
    part: Part,
    to: str | None = None,
    new_database: str | None = None,
    apply: bool = False,
    keep_conflicts: bool = False,
) -> dict[str, Any]:
    """
    Bring back tables that are gone and rows that are missing, with every row that these refer to.

    Parameters
    ----------
    settings : Settings
        The installation that the set belongs to.
    database : Database
        The live one.
    found : BackupSet
        Where the part comes from.
    part : Part
        Tables, schemas or a team.
    to : str, optional
        A later point than the set's own.
    new_database : str, optional
        Name of a database to make for it on the same server; the live one if missing.
    apply : bool
        Whether to write; otherwise only the plan is returned.
    keep_conflicts : bool
        Whether rows that differ here stay as they are; otherwise nothing is written if there are any.
    """
    _refuse_early(found, part, to)
    if new_database and apply:
        _refuse_taken(database, new_database)
    with Scratch(settings, Cipher(settings.backup_key_file)).opened() as scratch:
        fill(scratch, Sets(settings), found, RecoveryTarget.at(to))
        target = database
        if new_database:
            target = Database(settings, new_database)
            if apply:
                _make_database(database, new_database)
                make_structure(scratch, target)
        seen = target if apply or not new_database else None
        plan = _plan(scratch, seen, part)
        answer = {"backup": found.id, "plan": plan.as_rows(), "inserted": 0, "is_applied": apply}
        if apply:
            answer["inserted"] = _write(scratch, target, plan, keep_conflicts)
            _compare_again(scratch, target, part, plan)
        target.dispose()
        return answer


def _refuse_early(found: BackupSet, part: Part, to: str | None) -> None:
    """Refuse what the manifest does not know before minutes of restoring; at a later point there may be more."""
    known = found.manifest.get("contents")
    if known and to is None and found.kind != "dump":  # a dump holds rows of tables that are not counted, unlogged ones
        chosen_tables({(schema, table) for schema, _, table in (name.partition(".") for name in known["tables"])}, part)


def _refuse_taken(database: Database, name: str) -> None:
    with _cursor(database) as cursor:
        cursor.execute("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", (name,))
        if cursor.fetchone():
            raise ConflictError(_taken(name))


def _taken(name: str) -> str:
    return f"there is a database {name!r} already; name another, or drop it by hand"


@contextlib.contextmanager
def _cursor(database: Database) -> Iterator[Cursor]:
    """Open one transaction as who may do all; the connection is closed at its end."""
    with (
        errors_of_cryokit(database.place()),
        database.bootstrap() as connection,
        connection.begin(),
        connection.connection.dbapi_connection.cursor() as cursor,
    ):
        cursor.execute("SET LOCAL row_security = off")
        yield cursor


def _make_database(database: Database, name: str) -> None:
    with database.bootstrap() as connection:
        driver = connection.connection.dbapi_connection
        driver.autocommit = True
        with driver.cursor() as cursor:
            try:
                cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
            except psycopg2.errors.DuplicateDatabase as error:
                raise ConflictError(_taken(name)) from error


def _plan(scratch: Scratch, target: Database | None, part: Part) -> Plan:
    with _cursor(scratch.database) as source:
        if target is None:  # a database that is not made yet holds nothing
            return plan_part(source, source, part, is_empty=True)
        with _cursor(target) as live:
            return plan_part(source, live, part)


def _write(scratch: Scratch, target: Database, plan: Plan, keep_conflicts: bool) -> int:
    if plan.gone_tables:
        make_tables(scratch, target, plan.gone_tables)
    with _cursor(target) as live:
        return apply_plan(live, plan, keep_conflicts)


def _compare_again(scratch: Scratch, target: Database, part: Part, plan: Plan) -> None:
    """Look at what was brought back: nothing is missing any more, and tables are as they were."""
    again = _plan(scratch, target, part)
    wrong = [".".join(table) for table, rows in again.missing.items() if rows]
    wrong += [".".join(table) for table in again.gone_tables]
    wrong += _changed(scratch.database, target, plan.gone_tables)
    if wrong:
        msg = f"what was brought back is not what the backup holds: {', '.join(wrong)}"
        raise IntegrityCheckError(msg, wrong)


def _changed(source: Database, target: Database, tables: list[Table]) -> list[str]:
    """Return what of the structure of tables differs: columns, keys, indexes, policies, grants, triggers."""
    found = []
    for database in (source, target):
        with database.bootstrap() as connection, connection.begin():
            lines = drift.structure_of(connection).splitlines()
        names = [".".join(table) for table in tables]
        found.append({line for line in lines if any(f",{name}." in line or f",{name}," in line for name in names)})
    return sorted(found[0] ^ found[1])
