"""The declared matrix of access: its cells, and the statement that tries each; nothing here needs a database."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from cryokit.db.access_scenario import PEOPLE
from cryokit.errors import ConfigError
from cryokit.paths import shared_folder

OPERATIONS = {"S": "select", "I": "insert", "U": "update", "D": "delete"}
ACTORS = ("anonymous", *PEOPLE, "service")
_PERSONAL = ("owner_id", "verifier_id", "granted_by", "actor_id")
_NO_RIGHT, _INTEGRITY = "42501", "23"
_SELECT = sql.SQL("SELECT {} FROM {} WHERE {}")
_UPDATE = sql.SQL("UPDATE {} SET {} = {} WHERE {} RETURNING 1")
_DELETE = sql.SQL("DELETE FROM {} WHERE {} RETURNING 1")


@dataclass(frozen=True)
class Cell:
    """One sentence of the matrix: whether an actor may do something with a row of a table."""

    table: str
    row: str
    actor: str
    operation: str
    is_declared: bool


def declared_cells() -> list[Cell]:
    """Return the cells of sql/access_matrix.csv, or say which line is wrong."""
    file = shared_folder("sql") / "access_matrix.csv"
    with file.open(newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != ("table", "row", *ACTORS):
            msg = f"{file.name} must have the columns table, row, {', '.join(ACTORS)}"
            raise ConfigError(msg)
        return [cell for line in reader for cell in _cells_of(line, f"{file.name} line {reader.line_num}")]


def _cells_of(line: Mapping[str, str], place: str) -> Iterator[Cell]:
    for actor in ACTORS:
        letters = set(line[actor]) - {"-"}
        if not letters <= set(OPERATIONS):
            msg = f"{place}: {line[actor]!r} is not made of {''.join(OPERATIONS)}, or -"
            raise ConfigError(msg)
        for letter, operation in OPERATIONS.items():
            yield Cell(line["table"], line["row"], actor, operation, letter in letters)


def statement_of(
    cell: Cell, described: Mapping[str, Any], content: Mapping[str, Any], person: str | None
) -> tuple[sql.Composable, list[Any]]:
    """
    Return the statement that tries a cell, and its values.

    `described` says which columns the table has, `content` is the row to try, `person` the actor's own identifier.
    """
    table = sql.Identifier(described["schema"], cell.table)
    if cell.operation == "insert":
        values = _own_copy(content, described["columns"], person)
        names = sql.SQL(", ").join(map(sql.Identifier, values))
        places = sql.SQL(", ").join(sql.Placeholder() * len(values))
        return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(table, names, places), list(values.values())
    its_key = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in described["key"])
    key = [content[name] for name in described["key"]]
    if cell.operation == "update":
        updatable = described["maintainable"] if cell.actor == "service" else described["updatable"]
        changed = sql.Identifier((updatable or described["columns"])[0])
        return _UPDATE.format(table, changed, changed, its_key), key
    if cell.operation == "delete":
        return _DELETE.format(table, its_key), key
    return _SELECT.format(sql.Identifier(described["key"][0]), table, its_key), key


def actor_of(name: str, query: str) -> str:
    """Return as whom a known escape is tried, as its first line says."""
    found = re.match(r"-- As (\w+): ", query)
    if not found or found.group(1) not in ACTORS:
        msg = f"access_escapes.sql: {name} does not begin with `-- As ACTOR: `; actors are {', '.join(ACTORS)}"
        raise ConfigError(msg)
    return found.group(1)


def _own_copy(content: Mapping[str, Any], columns: list[str], person: str | None) -> dict[str, Any]:
    """Return the values of a new row like another one, but one's own."""
    copied = {name: content[name] for name in columns if name != "id"}
    copied |= {name: person for name in _PERSONAL if person and copied.get(name) is not None}
    return {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in copied.items()}


def count_after(error: BaseException) -> int:
    """Return 0 for a refusal, 1 if only a constraint was in the way: access is decided before constraints are."""
    code = getattr(error, "pgcode", None) or ""
    if code == _NO_RIGHT:
        return 0
    if code.startswith(_INTEGRITY):
        return 1
    raise error
