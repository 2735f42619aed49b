"""Who may do what, tried out: the declared matrix is played row by row and rolled back."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import psycopg2
from psycopg2 import sql
from sqlalchemy import (
    Connection,
    Executable,
    TextClause,
    literal,
    select,
    table,
    text,
)
from sqlalchemy.exc import DBAPIError

from cryokit.db.access_matrix import ACTORS, Cell, actor_of, count_after, declared_cells, statement_of
from cryokit.db.access_scenario import Scenario
from cryokit.db.engine import ADMIN, Database
from cryokit.db.integrity import refuse_to_wait
from cryokit.db.queries import queries

_ROLES = {"anonymous": "anon", "service": "service_role"}


@dataclass(frozen=True)
class Mismatch:
    """Something that the database allows or refuses, other than declared."""

    object: str
    reason: str


@dataclass(frozen=True)
class AccessReport:
    """How much was tried, and what came out other than declared."""

    cells: int
    escapes: int
    mismatches: tuple[Mismatch, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON holds it."""
        return asdict(self) | {"status": "findings" if self.mismatches else "ok"}


def verify_access(database: Database) -> AccessReport:
    """
    Play every cell of the matrix and every known escape against the database; nothing of it stays.

    Returns
    -------
    AccessReport
        Without mismatches if the database does exactly what is declared.
    """
    cells = declared_cells()
    with database.connection_of(ADMIN) as connection:
        transaction = connection.begin()
        refuse_to_wait(connection)
        try:
            play = _Play(connection)
            mismatches = [*play.uncovered(cells), *play.unguarded(), *play.leaking_views()]
            mismatches += play.mismatches(cells)
            escapes = queries("access_escapes")
            mismatches += [found for name, query in escapes.items() if (found := play.escape(name, query))]
        finally:
            transaction.rollback()
            _vacuum(connection)
    return AccessReport(len(cells), len(escapes), tuple(mismatches))


def _vacuum(connection: Connection) -> None:
    """Clear away the rows of the play, which nobody ever saw: small tables would seem to be bloated."""
    tables = queries("access")["tables"]
    with connection.begin():
        names = [(row["schema"], row["name"]) for row in connection.execute(tables).mappings()]
    raw = connection.connection.dbapi_connection
    raw.autocommit = True
    with raw.cursor() as cursor:
        cursor.execute("SET ROLE cryokit_owner")
        for name in names:
            cursor.execute(sql.SQL("VACUUM (SKIP_LOCKED) {}").format(sql.Identifier(*name)))


_UNDO = sql.SQL("ROLLBACK TO SAVEPOINT attempt; ")


class _Play:
    """A scenario in an open transaction, and attempts that are each rolled back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._take("service_role")
        asked = queries("access")
        self._tables = {row["name"]: row for row in connection.execute(asked["tables"]).mappings()}
        self._cursor = connection.connection.dbapi_connection.cursor()
        self._views = [table(row.name, schema=row.schema) for row in connection.execute(asked["views"])]
        self._unguarded = [Mismatch(row.object, row.reason) for row in connection.execute(asked["unguarded"])]
        self._people: dict[str, str] = {}
        self._seen_before = self._seen_in_views()
        self._scenario = Scenario(connection)
        self._people = self._scenario.people

    def _take(self, role: str) -> None:
        self._connection.execute(text("SELECT set_config('role', :role, true)"), {"role": role})

    def _become(self, actor: str) -> None:
        if actor in self._people:
            self._connection.execute(queries("access_scenario")["act_as"], {"person": self._people[actor]})
        self._take(_ROLES.get(actor, "authenticated"))

    @contextlib.contextmanager
    def _as(self, actor: str) -> Iterator[None]:
        """Let attempts be an actor's: becoming somebody takes as long as the attempt itself, so once for many."""
        savepoint = self._connection.begin_nested()
        try:
            self._become(actor)
            self._connection.exec_driver_sql("SAVEPOINT attempt")
            yield
        finally:
            savepoint.rollback()  # with it goes the role

    def _attempt(self, query: Executable, parameters: Mapping[str, Any] | None = None) -> int:
        """Return how many rows the actor's statement finds or changes, and undo it; a refusal is none."""
        try:
            result = self._connection.execute(query, parameters or {})
            return len(result.all()) if result.returns_rows else 1
        except DBAPIError as error:
            return count_after(error.orig)
        finally:
            self._connection.exec_driver_sql("ROLLBACK TO SAVEPOINT attempt")

    # Around the matrix

    def uncovered(self, cells: list[Cell]) -> list[Mismatch]:
        """Return tables without a line in the matrix, and lines without a table."""
        declared = {cell.table for cell in cells}
        missing = [Mismatch(name, "the table has no line in the access matrix") for name in {*self._tables} - declared]
        extra = [
            Mismatch(name, "the access matrix names a table that is not there") for name in declared - {*self._tables}
        ]
        return sorted(missing + extra, key=lambda found: found.object)

    def unguarded(self) -> list[Mismatch]:
        """Return rights that pass by the policies."""
        return self._unguarded

    def leaking_views(self) -> list[Mismatch]:
        """Return views that show somebody outside of it more rows now that there is a team."""
        return [
            Mismatch(view, f"the view shows {actor} rows of a team that he does not belong to")
            for (view, actor), count in self._seen_in_views().items()
            if count > self._seen_before[view, actor]
        ]

    def _seen_in_views(self) -> dict[tuple[str, str], int]:
        seen = {}
        for actor in ("anonymous", "former_guest"):  # both see what is public, which the scenario adds to as well
            with self._as(actor):
                for view in self._views:
                    seen[view.fullname, actor] = self._attempt(select(literal(1)).select_from(view))
        return seen

    # The matrix

    def mismatches(self, cells: list[Cell]) -> list[Mismatch]:
        """Return how the database differs from the cells, in their order."""
        found = {}
        for actor in ACTORS:
            with self._as(actor):
                found |= {cell: self._mismatch(cell) for cell in cells if cell.actor == actor}
        return [wrong for cell in cells if (wrong := found[cell])]

    def _mismatch(self, cell: Cell) -> Mismatch | None:
        """Return how the database differs from one cell, None if it does not; the actor is its own."""
        if cell.table not in self._tables:
            return None
        content = self._scenario.rows.get((cell.table, cell.row))
        if content is None:
            return Mismatch(cell.table, f"the check has no {cell.row} row of this table to try")
        person = self._people.get(cell.actor)
        is_allowed = self._is_allowed(*statement_of(cell, self._tables[cell.table], content, person))
        if is_allowed == cell.is_declared:
            return None
        verb = "may" if is_allowed else "may not"
        reason = f"{cell.actor} {verb} {cell.operation} this row, which is not what sql/access_matrix.csv declares"
        return Mismatch(f"{cell.table} ({cell.row})", reason)

    def _is_allowed(self, statement: sql.Composable, values: Sequence[Any]) -> bool:
        """Whether the actor's statement finds or changes a row; what was tried before is undone on the same way."""
        try:
            self._cursor.execute(_UNDO + statement, values)
        except psycopg2.Error as error:
            return bool(count_after(error))
        return self._cursor.rowcount > 0

    # Escapes

    def escape(self, name: str, query: TextClause) -> Mismatch | None:
        """Return that a known escape works, None if it does not."""
        actor = actor_of(name, str(query))
        parameters = {key: value for key, value in self._scenario.parameters().items() if key in query._bindparams}
        with self._as(actor):
            works = bool(self._attempt(query, parameters))
        return Mismatch(name, f"the escape works for {actor}") if works else None
