"""What checks that read rows share: tables and columns, SQL with quoted names, and a limit on the time they take."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg2 import sql

from cryokit.db.health.probe import CannotCheck, Probe, once
from cryokit.db.queries import queries

SECONDS = 120.0
"""Longest time for all scans of one check; a deep check has no such limit."""
SAMPLE = 5
"""How many of the rows found are shown."""
WHOLE_NUMBERS = {"int2", "int4", "int8"}
NUMBERS = WHOLE_NUMBERS | {"numeric", "float4", "float8"}
WORDS = {"text", "varchar", "bpchar", "citext", "name", "enum"}
Row = Mapping[str, Any]


@dataclass
class Column:
    """A column with its type below all domains."""

    name: str
    quoted: str
    object: str
    type: str
    type_oid: int
    is_required: bool
    is_referring: bool


@dataclass
class Table:
    """A table that is not a part of another one."""

    oid: int
    schema: str
    name: str
    object: str
    is_partitioned: bool
    row_estimate: int
    is_readable: bool
    key_columns: list[str] | None
    unique_keys: list[list[str]]
    columns: dict[str, Column] = field(default_factory=dict)

    @property
    def key(self) -> Column | None:
        """The column that alone is the primary key."""
        return self.columns.get(self.key_columns[0]) if self.key_columns and len(self.key_columns) == 1 else None

    @property
    def source(self) -> sql.Composable:
        """The table as FROM names it."""
        return sql.Identifier(self.schema, self.name)


@once
def keys_of(probe: Probe) -> list[Row]:
    """Return the foreign keys with both tables, the columns and the operators that compare them."""
    return probe.ask(queries("health_scans")["keys"])


@once
def tables_of(probe: Probe) -> list[Table]:
    """Return the tables with their columns."""
    tables = {row["oid"]: Table(**row) for row in probe.ask(queries("health_scans")["tables"])}
    for row in probe.ask(queries("health_scans")["columns"]):
        if row["table_oid"] in tables:
            values = {name: value for name, value in row.items() if name != "table_oid"}
            tables[row["table_oid"]].columns[row["name"]] = Column(**values)
    return list(tables.values())


class Scans:
    """
    The reading part of one check: what is in the way of one table does not keep it from the others.

    Parameters
    ----------
    probe : Probe
        Where to read.
    """

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._until = time.monotonic() + SECONDS
        self._unreadable: set[str] = set()
        self._locked: set[str] = set()
        self._late: set[str] = set()

    def may_read(self, name: str, is_readable: bool, oids: Iterable[int]) -> bool:
        """Whether a table can be read now; if not, that is noted."""
        if set(oids) & set(self._probe.locked):
            self._locked.add(name)
        elif not is_readable:
            self._unreadable.add(name)
        elif not self._probe.deep and time.monotonic() > self._until:
            self._late.add(name)
        else:
            return True
        return False

    def ask(self, name: str, question: sql.Composable) -> list[Row]:
        """Return the rows of a query, none if something is in the way, which is noted."""
        try:
            return self._probe.ask_composed(question)
        except CannotCheck as reason:
            self._probe.skip_part(f"{name}: {reason}")
            return []

    def close(self) -> None:
        """Say what was left out."""
        for names, reason in (
            (self._locked, "locked by another session"),
            (self._unreadable, "this login may not read all rows"),
            (self._late, f"no time left after {SECONDS:.0f} s; --deep takes longer"),
        ):
            if names:
                self._probe.skip_part(f"{_listed(names)}: {reason}")


def _listed(names: set[str]) -> str:
    shown = ", ".join(sorted(names)[:SAMPLE])
    return f"{shown} and {len(names) - SAMPLE} more" if len(names) > SAMPLE else shown


def only(schema: str, name: str, is_partitioned: bool) -> sql.Composable:
    """Return a table without those that inherit from it, as keys see it, but with its own parts."""
    source = sql.Identifier(schema, name)
    return source if is_partitioned else sql.SQL("ONLY {}").format(source)
