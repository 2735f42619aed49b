"""What bringing back a part of a backup would do: tables that are gone, rows with what they refer to, conflicts."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class of the driver with a small name

from cryokit.backup.scratch import Scratch
from cryokit.db import programs
from cryokit.db.engine import Database
from cryokit.db.queries import queries
from cryokit.errors import ConflictError, InputError, NotFoundError

_TOPIC = "backups"
_BATCH_ROWS = 2000

Table = tuple[str, str]
Key = tuple[str, ...]
Rows = dict[Table, dict[Key, dict[str, Any]]]


@dataclass(frozen=True)
class Part:
    """What is wanted of a backup."""

    tables: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    team: str | None = None

    def __post_init__(self) -> None:
        if not (self.tables or self.schemas or self.team):
            msg = "name what to bring back: a table such as cryo.measurement, a schema, or a team"
            raise InputError(msg)


@dataclass(frozen=True)
class Reference:
    """A foreign key: which columns of a child name which columns of a parent."""

    child: Table
    child_columns: tuple[str, ...]
    parent: Table
    parent_columns: tuple[str, ...]


@dataclass
class Plan:
    """What bringing a part back would do, before anything is written."""

    gone_tables: list[Table] = field(default_factory=list)
    missing: Rows = field(default_factory=dict)
    equal_count: dict[Table, int] = field(default_factory=dict)
    conflicts: dict[Table, list[Key]] = field(default_factory=dict)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return one line for each table."""
        tables = sorted({*self.gone_tables, *self.missing, *self.equal_count, *self.conflicts})
        return [
            {
                "table": ".".join(table),
                "is_gone": table in self.gone_tables,
                "to_insert": len(self.missing.get(table, {})),
                "equal": self.equal_count.get(table, 0),
                "conflicts": len(self.conflicts.get(table, [])),
                "conflicting_keys": [" ".join(key) for key in self.conflicts.get(table, [])[:20]],
            }
            for table in tables
        ]


class Catalogue:
    """Tables, primary keys and references of one database."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.keys = {(row[0], row[1]): tuple(row[2]) for row in self._ask("primary_keys")}
        self.columns = {(row[0], row[1]): tuple(row[2]) for row in self._ask("written_columns")}
        self.references = [
            Reference((row[0], row[1]), tuple(row[2]), (row[3], row[4]), tuple(row[5]))
            for row in self._ask("references_between")
        ]

    def _ask(self, name: str) -> list[tuple]:
        self.cursor.execute(str(queries(_TOPIC)[name]))
        return self.cursor.fetchall()

    def fetch(self, table: Table, columns: tuple[str, ...] = (), values: Iterable[Key] = ()) -> Iterator[dict]:
        """Yield rows as JSON holds them: all, or those whose columns have one of the values."""
        every = sql.SQL("SELECT to_jsonb(t) FROM {} AS t").format(sql.Identifier(*table))
        if not columns:
            self.cursor.execute(every)
            yield from (row for (row,) in self.cursor.fetchall())
            return
        names = sql.SQL(", ").join(sql.SQL("CAST(t.{} AS text)").format(sql.Identifier(name)) for name in columns)
        for some in batched(values, _BATCH_ROWS):
            self.cursor.execute(every + sql.SQL(" WHERE ({}) IN %s").format(names), (tuple(some),))
            yield from (row for (row,) in self.cursor.fetchall())

    def key_of(self, table: Table, row: dict[str, Any]) -> Key:
        """Return the primary key of a row as texts."""
        if table not in self.keys:
            msg = f"{'.'.join(table)} has no primary key, so its rows cannot be told apart; restore the whole cluster"
            raise InputError(msg)
        return tuple(_text(row[name]) for name in self.keys[table])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def plan_part(source: Cursor, live: Cursor, part: Part, is_empty: bool = False) -> Plan:
    """Return what would be done: tables to make anew, rows to insert with their parents, rows that differ."""
    known, there = Catalogue(source), Catalogue(live)
    chosen = chosen_tables(known.columns, part)
    plan = Plan(gone_tables=[table for table in chosen if table not in there.columns])
    wanted: Rows = {}
    for table in chosen:
        if table not in plan.gone_tables:
            _add(known, wanted, table, known.fetch(table))
    if part.team:
        _add_team(known, wanted, part.team)
    _add_parents(known, wanted)
    for table, rows in wanted.items():
        if is_empty:
            plan.missing[table] = rows
        elif rows:
            _compare(there, table, rows, plan)
    return plan


def chosen_tables(held: Collection[Table], part: Part) -> list[Table]:
    """Return the tables that are wanted of those that a backup holds, or say which it does not hold."""
    chosen = []
    for name in part.tables:
        schema, _, table = name.rpartition(".")
        if (schema or "cryo", table) not in held:
            msg = f"the backup holds no table {name!r}; write it as schema.table"
            raise NotFoundError(msg)
        chosen.append((schema or "cryo", table))
    for schema in part.schemas:
        found = [table for table in held if table[0] == schema]
        if not found:
            msg = f"the backup holds no schema {schema!r} with tables"
            raise NotFoundError(msg)
        chosen += found
    return sorted(set(chosen))


def _add(known: Catalogue, wanted: Rows, table: Table, rows: Iterable[dict]) -> list[dict]:
    """Add rows to what is wanted; return those that are new there."""
    held = wanted.setdefault(table, {})
    fresh = []
    for row in rows:
        key = known.key_of(table, row)
        if key not in held:
            held[key] = row
            fresh.append(row)
    return fresh


def _add_team(known: Catalogue, wanted: Rows, name: str) -> None:
    """Add a team with all that is its own, and what hangs on that."""
    known.cursor.execute("SELECT CAST(id AS text) FROM cryo.team WHERE lower(name) = lower(%s)", (name,))
    found = known.cursor.fetchone()
    if found is None:
        msg = f"the backup holds no team {name!r}"
        raise NotFoundError(msg)
    team = ("cryo", "team")
    waiting = [(team, _add(known, wanted, team, known.fetch(team, ("id",), [found])))]
    while waiting:
        parent, rows = waiting.pop()
        for reference in known.references:
            if reference.parent == parent and rows:
                values = {tuple(_text(row[name]) for name in reference.parent_columns) for row in rows}
                children = known.fetch(reference.child, reference.child_columns, sorted(values))
                if fresh := _add(known, wanted, reference.child, children):
                    waiting.append((reference.child, fresh))


def _add_parents(known: Catalogue, wanted: Rows) -> None:
    """Add every row that a wanted one refers to, and what that one refers to."""
    waiting = [(table, list(rows.values())) for table, rows in wanted.items()]
    while waiting:
        child, rows = waiting.pop()
        for reference in known.references:
            if reference.child != child:
                continue
            named = {tuple(row[name] for name in reference.child_columns) for row in rows}
            values = sorted(tuple(map(_text, value)) for value in named if None not in value)
            parents = known.fetch(reference.parent, reference.parent_columns, values) if values else ()
            if fresh := _add(known, wanted, reference.parent, parents):
                waiting.append((reference.parent, fresh))


def _compare(there: Catalogue, table: Table, rows: dict[Key, dict], plan: Plan) -> None:
    live = {there.key_of(table, row): row for row in there.fetch(table, there.keys[table], list(rows))}
    plan.missing[table] = {key: row for key, row in rows.items() if key not in live}
    plan.conflicts[table] = [key for key in rows if key in live and live[key] != rows[key]]
    plan.equal_count[table] = len(rows) - len(plan.missing[table]) - len(plan.conflicts[table])


def apply_plan(live: Cursor, plan: Plan, keep_conflicts: bool) -> int:
    """Insert what is missing, parents first, in the transaction of the cursor; return how many rows."""
    disputed = {".".join(table): len(keys) for table, keys in plan.conflicts.items() if keys}
    if disputed and not keep_conflicts:
        words = ", ".join(f"{count} of {table}" for table, count in disputed.items())
        msg = (
            f"rows differ here from the backup: {words}; nothing was written; --keep-conflicts leaves them as they are"
        )
        raise ConflictError(msg)
    there = Catalogue(live)
    inserted = 0
    for table in _parents_first(list(plan.missing), there.references):
        rows = list(plan.missing[table].values())
        for some in batched(rows, _BATCH_ROWS):
            live.execute(_insertion(table, there.columns[table]), (json.dumps(some),))
        inserted += len(rows)
        _advance_sequences(live, table)
    return inserted


def _insertion(table: Table, columns: tuple[str, ...]) -> sql.Composable:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    template = (
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM jsonb_populate_recordset(NULL::{}, %s::jsonb)"
    )
    return sql.SQL(template).format(sql.Identifier(*table), names, names, sql.Identifier(*table))


def _advance_sequences(live: Cursor, table: Table) -> None:
    """Let numbers that are given automatically go on after the ones that came back."""
    live.execute(str(queries(_TOPIC)["own_sequences"]).replace(":table", "%s"), (".".join(table),))
    for column, sequence in live.fetchall():
        statement = "SELECT setval(%s, greatest((SELECT max({}) FROM {}), (SELECT last_value FROM {})))"
        names = (sql.Identifier(column), sql.Identifier(*table), sql.SQL(sequence))
        live.execute(sql.SQL(statement).format(*names), (sequence,))


def _parents_first(tables: list[Table], references: list[Reference]) -> list[Table]:
    ordered: list[Table] = []
    left = list(tables)
    while left:
        free = [
            table
            for table in left
            if not any(one.child == table and one.parent in left and one.parent != table for one in references)
        ]
        if not free:
            msg = f"tables refer to each other in a circle: {', '.join('.'.join(table) for table in left)}"
            raise InputError(msg)
        ordered += free
        left = [table for table in left if table not in free]
    return ordered


def make_tables(scratch: Scratch, target: Database, tables: list[Table]) -> None:
    """Make tables as the backup has them: rows, keys, indexes, policies, grants, triggers and sequences."""
    bindir = programs.pg_bindir(scratch.live)
    script = scratch.settings.state_dir / "tables.sql"
    words = [f'--table="{schema}"."{name}"' for schema, name in tables]
    programs.run_here([bindir / "pg_dump", *words, "-f", script, "-d", scratch.database.bootstrap_url()])
    _run_script(bindir, script, target)


def make_structure(scratch: Scratch, target: Database) -> None:
    """Make everything but rows in an empty database."""
    bindir = programs.pg_bindir(scratch.live)
    script = scratch.settings.state_dir / "structure.sql"
    programs.run_here([bindir / "pg_dump", "--schema-only", "-f", script, "-d", scratch.database.bootstrap_url()])
    _run_script(bindir, script, target)


def _run_script(bindir: Any, script: Any, target: Database) -> None:
    words = ["-X", "-q", "--single-transaction", "-v", "ON_ERROR_STOP=1", "-f", script]
    programs.run_here([bindir / "psql", *words, "-d", target.bootstrap_url()], target.bootstrap_secret())
