"""Repair: say what would be done, do it, write it down; nothing is deleted, rows move to quarantine."""

from collections.abc import Callable, Mapping
from itertools import batched
from typing import Any

import pandas as pd
import psycopg2.extensions
from psycopg2 import sql
from sqlalchemy import Connection, column, delete, func, select, table, tuple_
from sqlalchemy.dialects.postgresql import JSONB

from cryokit.db import migrations
from cryokit.db.engine import ADMIN, Database, errors_of_cryokit
from cryokit.db.integrity import (
    CLASSES,
    INDEXES,
    KEYS,
    LOCK_TIMEOUT,
    ORPHANS,
    POLICIES,
    Problem,
    Relationship,
    find_problems,
    named_relationship,
    refuse_to_wait,
    relationships,
)
from cryokit.db.queries import queries
from cryokit.db.structure import expected
from cryokit.db.tables import frame_of, json_text
from cryokit.errors import ConflictError, InputError, NotFoundError

_BATCH = 1000


def plan(database: Database, only: str | None = None) -> list[dict[str, Any]]:
    """Return what repair would do, in its order, with the rows that would move."""
    problems = _wanted(find_problems(database), only)
    return [problem.as_dict() | {"action": _action(problem, _would_move(database, problem))} for problem in problems]


def repair(database: Database, only: str | None = None) -> list[dict[str, Any]]:
    """
    Mend what `plan` lists and return what was done; a second run finds nothing to do.

    Each problem is mended in a transaction of its own that also writes the audit, so an interruption leaves some
    mended whole and the others as they were.
    """
    done = []
    for kind in _kinds(only):
        # Looked at anew: rows that moved may have taken the reason for the next problem with them.
        for problem in _wanted(find_problems(database), kind):
            detail = _MENDERS[kind](database, problem)
            done.append(problem.as_dict() | {"action": _action(problem, detail.get("moved", {})), "detail": detail})
    return done


def _action(problem: Problem, moved: Mapping[str, int]) -> str:
    """Say what mends a problem, the number of rows that move by table included."""
    if problem.kind == ORPHANS:
        rows = ", ".join(f"{count} of {name}" for name, count in moved.items())
        return f"move rows to quarantine: {rows or 'none is left'}"
    if problem.kind == POLICIES and "row level security" in problem.message:
        return "enable and force row level security"
    if problem.kind == KEYS and "not validated" in problem.message:
        return "validate the key"
    return _ACTIONS[problem.kind]


def _kinds(only: str | None) -> tuple[str, ...]:
    if only is not None and only not in CLASSES:
        msg = f"there is no class of repair {only!r}; there are {', '.join(CLASSES)}"
        raise InputError(msg)
    return CLASSES if only is None else (only,)


def _wanted(problems: list[Problem], only: str | None) -> list[Problem]:
    kinds = _kinds(only)
    return sorted((problem for problem in problems if problem.kind in kinds), key=lambda found: kinds.index(found.kind))


def _audit(connection: Connection, action: str, name: str, detail: Mapping[str, Any]) -> None:
    values = {"action": action, "object": name, "detail": json_text(detail)}
    connection.execute(queries("integrity")["audit"], values)


# Orphans


def _quarantine_orphans(database: Database, problem: Problem) -> dict[str, Any]:
    relationship = named_relationship(problem.object)
    reason = f"{' and '.join(relationship.child_columns)} names no row of {relationship.parent}"
    with database.service() as connection:
        refuse_to_wait(connection)
        keys = list(connection.execute(queries("orphans")[problem.object]).scalars())
        moved = _move(connection, relationship.child, keys, reason)
        for name, ids in moved.items():
            _audit(connection, "quarantine_rows", name, {"quarantined_row_ids": ids, "reason": reason})
    return {"moved": {name: len(ids) for name, ids in moved.items()}}


def _move(connection: Connection, name: str, keys: list[dict[str, Any]], reason: str) -> dict[str, list[int]]:
    """Move rows to quarantine, first those that refer to them; return the numbers in quarantine by table."""
    moved: dict[str, list[int]] = {}
    for batch in batched(keys, _BATCH):
        for dependent in relationships():
            if dependent.parent == name and (of_them := _referring(connection, dependent, batch)):
                because = f"{' and '.join(dependent.child_columns)} names a row of {name} that was moved: {reason}"
                _merge(moved, _move(connection, dependent.child, of_them, because))
        _merge(moved, {name: _move_batch(connection, name, list(batch), reason)})
    return moved


def _would_move(database: Database, problem: Problem) -> dict[str, int]:
    """Return how many rows would move with an orphan, by table."""
    if problem.kind != ORPHANS:
        return {}
    found: dict[str, set[tuple]] = {}
    with database.service() as connection:
        refuse_to_wait(connection)
        _collect(connection, named_relationship(problem.object).child, problem.keys, found)
    return {name: len(keys) for name, keys in found.items()}


def _collect(connection: Connection, name: str, keys: list[dict[str, Any]], found: dict[str, set[tuple]]) -> None:
    for batch in batched(keys, _BATCH):
        for dependent in relationships():
            if dependent.parent == name and (of_them := _referring(connection, dependent, batch)):
                _collect(connection, dependent.child, of_them, found)
        found.setdefault(name, set()).update(tuple(key.values()) for key in batch)


def _merge(moved: dict[str, list[int]], more: Mapping[str, list[int]]) -> None:
    for name, ids in more.items():
        moved.setdefault(name, []).extend(ids)


def _described(connection: Connection, name: str) -> Mapping[str, Any]:
    rows = connection.execute(queries("integrity")["tables"]).mappings()
    return {row["name"]: row for row in rows}[name]


def _table(name: str, columns: list[str]) -> Any:
    schema, bare = name.split(".")
    return table(bare, *map(column, columns), schema=schema)


def _referring(connection: Connection, dependent: Relationship, keys: tuple[dict[str, Any], ...]) -> list[dict]:
    described = _described(connection, dependent.child)
    child = _table(dependent.child, described["columns"])
    parent = _table(dependent.parent, _described(connection, dependent.parent)["columns"])
    its_key = [parent.c[part] for part in keys[0]]
    matching = [
        child.c[mine] == parent.c[theirs]
        for mine, theirs in zip(dependent.child_columns, dependent.parent_columns, strict=True)
    ]
    wanted = tuple_(*its_key).in_([tuple(key.values()) for key in keys])
    found = connection.execute(select(*(child.c[part] for part in described["key"])).where(*matching, wanted))
    return [dict(row) for row in found.mappings()]


def _move_batch(connection: Connection, name: str, keys: list[dict[str, Any]], reason: str) -> list[int]:
    described = _described(connection, name)
    held = _table(name, described["columns"])
    chosen = tuple_(*(held.c[part] for part in described["key"])).in_(
        [tuple(key[part] for part in described["key"]) for key in keys]
    )
    key = func.jsonb_build_object(*(item for part in described["key"] for item in (part, held.c[part])), type_=JSONB)
    content = func.to_jsonb(column(held.name), type_=JSONB)
    removed = delete(held).where(chosen).returning(key.label("key"), content.label("content"))
    moved = [dict(row) for row in connection.execute(removed).mappings()]
    schema, bare = name.split(".")
    values = {"table_schema": schema, "table_name": bare, "reason": reason, "moved": json_text(moved)}
    return list(connection.execute(queries("integrity")["quarantine"], values).scalars())


def quarantined_rows(database: Database) -> pd.DataFrame:
    """Return what is in quarantine, newest first."""
    with database.service() as connection:
        result = connection.execute(queries("integrity")["quarantined_rows"])
        return frame_of(result.mappings().all(), result.keys())


def restore(database: Database, quarantined_row_id: int) -> dict[str, Any]:
    """Put a row back into its table, as it was; its parent must be there again."""
    with database.service() as connection:
        refuse_to_wait(connection)
        asked = queries("integrity")
        row = connection.execute(asked["quarantined_row"], {"id": quarantined_row_id}).mappings().one_or_none()
        if row is None:
            msg = f"there is no row {quarantined_row_id} in quarantine; `cryokit db quarantine` lists them"
            raise NotFoundError(msg)
        if row["restored_at"] is not None:
            msg = f"row {quarantined_row_id} was put back already, at {row['restored_at']:%Y-%m-%d %H:%M} UTC"
            raise ConflictError(msg)
        if row["table_name"].startswith("legacy."):
            msg = f"row {quarantined_row_id} was never in a table here; correct it in its database and adopt that again"
            raise ConflictError(msg)
        _put_back(connection, row)
        connection.execute(asked["mark_restored"], {"id": quarantined_row_id})
        _audit(connection, "restore_row", row["table_name"], {"quarantined_row_id": row["id"], "key": row["key"]})
    return {"id": row["id"], "table": row["table_name"], "key": row["key"]}


def _put_back(connection: Connection, row: Mapping[str, Any]) -> None:
    described = _described(connection, row["table_name"])
    name = sql.Identifier(*row["table_name"].split("."))
    columns = sql.SQL(", ").join(map(sql.Identifier, described["columns"]))
    statement = sql.SQL(
        "INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE"
        " SELECT {columns} FROM jsonb_populate_record(CAST(NULL AS {name}), CAST(%s AS jsonb))"
    ).format(name=name, columns=columns)
    with connection.connection.cursor() as cursor:
        cursor.execute(statement, (json_text(row["content"]),))


# Keys, indexes, policies


def _as_owner(database: Database, *statements: sql.Composable) -> None:
    """Run statements as the owner of the tables, each in a transaction of its own, CONCURRENTLY too."""
    with database.connection_of(ADMIN) as connection, errors_of_cryokit(database.place()):
        raw: psycopg2.extensions.connection = connection.connection.dbapi_connection
        raw.rollback()
        raw.autocommit = True
        with raw.cursor() as cursor:
            for statement in (
                sql.SQL("SET ROLE cryokit_owner"),
                sql.SQL("SET lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)),
                *statements,
            ):
                cursor.execute(statement)


def _parts(wanted: Relationship) -> dict[str, sql.Composable]:
    def listed(names: tuple[str, ...]) -> sql.Composable:
        return sql.SQL(", ").join(map(sql.Identifier, names))

    return {
        "child": sql.Identifier(*wanted.child.split(".")),
        "parent": sql.Identifier(*wanted.parent.split(".")),
        "name": sql.Identifier(wanted.name),
        "columns": listed(wanted.child_columns),
        "referred": listed(wanted.parent_columns),
        "rule": sql.SQL(wanted.on_delete),
    }


def _declared(problem: Problem) -> Relationship:
    schema, child, name = problem.object.split(".")
    return {(wanted.child, wanted.name): wanted for wanted in relationships()}[f"{schema}.{child}", name]


def _mend_key(database: Database, problem: Problem) -> dict[str, Any]:
    if "not validated" in problem.message:
        return _validate_key(database, problem)
    parts = _parts(_declared(problem))
    add = sql.SQL(
        "ALTER TABLE {child} DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} FOREIGN KEY ({columns})"
        " REFERENCES {parent} ({referred}) ON DELETE {rule} NOT VALID"
    )
    _as_owner(database, add.format(**parts))
    return _validate_key(database, problem)


def _validate_key(database: Database, problem: Problem) -> dict[str, Any]:
    validate = sql.SQL("ALTER TABLE {child} VALIDATE CONSTRAINT {name}")
    _as_owner(database, validate.format(**_parts(_declared(problem))))
    return _written_down(database, "mend_key", problem)


def _add_index(database: Database, problem: Problem) -> dict[str, Any]:
    wanted = _declared(problem)
    name = _name_of_index(wanted)
    parts = _parts(wanted) | {
        "index": sql.Identifier(wanted.child.split(".")[0], name),
        "bare": sql.Identifier(name),
    }
    _as_owner(
        database,
        sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {index}").format(**parts),  # one that is invalid or serves less
        sql.SQL("CREATE INDEX CONCURRENTLY {bare} ON {child} ({columns})").format(**parts),
    )
    return _written_down(database, "add_index", problem)


def _name_of_index(wanted: Relationship) -> str:
    """Return the name that the migrations give the index, so that repair leaves the schema as they make it."""
    ending = f"ON {wanted.child} USING btree ({', '.join(wanted.child_columns)})"
    named = [name for name, definition in expected("index").items() if definition.endswith(ending)]
    return named[0].rsplit(".", 1)[-1] if named else f"{wanted.name.removesuffix('_fkey')}_idx"


def _apply_policies(database: Database, problem: Problem) -> dict[str, Any]:
    if "row level security" in problem.message:
        force = sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        _as_owner(database, force.format(sql.Identifier(*problem.object.split("."))))
    else:
        migrations.apply_policies(database)
    return _written_down(database, "apply_policy", problem)


def _written_down(database: Database, action: str, problem: Problem) -> dict[str, Any]:
    with database.service() as connection:
        _audit(connection, action, problem.object, {"problem": problem.message})
    return {}


_MENDERS: dict[str, Callable[[Database, Problem], dict[str, Any]]] = {
    ORPHANS: _quarantine_orphans,
    KEYS: _mend_key,
    INDEXES: _add_index,
    POLICIES: _apply_policies,
}
_ACTIONS = {
    KEYS: "put the declared key in place without looking at old rows, then validate it",
    INDEXES: "create the index concurrently",
    POLICIES: "apply sql/policies.sql",
}
