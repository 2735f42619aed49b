"""Relationships as declared against relationships as they are: what is broken, found by scanning."""

import csv
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection

from cryokit.db.engine import Database
from cryokit.db.queries import queries
from cryokit.db.structure import expected
from cryokit.errors import ConfigError
from cryokit.paths import shared_folder

ORPHANS, KEYS, INDEXES, POLICIES = "orphans", "keys", "indexes", "policies"
CLASSES = (ORPHANS, POLICIES, KEYS, INDEXES)
"""Kinds of problems, in the order of their repair: rows move before keys are checked against them."""
MANUAL = "manual"
"""Kind of what only people can decide: keys that nobody declared, and the audit, which repair never rewrites."""
LOCK_TIMEOUT = "4s"
_NEVER_REWRITTEN = {"cryo.audit_event"}
_POLICY = re.compile(r"^CREATE POLICY (\w+) ON (\w+\.\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Relationship:
    """One declared foreign key with its rule and the reason for it."""

    name: str
    child: str
    child_columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    on_delete: str
    reason: str


@dataclass(frozen=True)
class Problem:
    """One thing that repair can mend: its class, the object, what is wrong, and the keys of the rows concerned."""

    kind: str
    object: str
    message: str
    keys: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as JSON holds it."""
        return asdict(self)


def relationships() -> list[Relationship]:
    """Return what sql/relationships.csv declares."""
    file = shared_folder("sql") / "relationships.csv"
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    try:
        return [
            Relationship(**row | {name: tuple(row[name].split()) for name in ("child_columns", "parent_columns")})
            for row in rows
        ]
    except TypeError as error:
        msg = f"{file.name} must have the columns name, child, child_columns, parent, parent_columns, on_delete, reason"
        raise ConfigError(msg) from error


def find_problems(database: Database) -> list[Problem]:
    """Return everything that is broken; every relationship is scanned, whatever its key says about itself."""
    with database.service() as connection:
        refuse_to_wait(connection)
        connection.exec_driver_sql("SET LOCAL search_path = ''")  # definitions are then written out in full
        return [
            *_orphans(connection),
            *_missing_policies(connection),
            *_broken_keys(connection),
            *_missing_indexes(connection),
            *_unvalidated(connection),
        ]


def refuse_to_wait(connection: Connection) -> None:
    """Let this transaction fail rather than queue, and others behind it, for a table that somebody holds."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")


def _orphans(connection: Connection) -> list[Problem]:
    problems = []
    for name, query in queries("orphans").items():
        keys = list(connection.execute(query).scalars())
        if keys:
            relationship = named_relationship(name)
            columns = " and ".join(relationship.child_columns)
            message = f"{len(keys)} rows of {relationship.child} whose {columns} names no row of {relationship.parent}"
            kind = MANUAL if relationship.child in _NEVER_REWRITTEN else ORPHANS
            problems.append(Problem(kind, name, message, keys))
    return problems


def named_relationship(name: str) -> Relationship:
    """Return the declared relationship of this name."""
    return {relationship.name: relationship for relationship in relationships()}[name]


def _broken_keys(connection: Connection) -> list[Problem]:
    held = {(row["child"], row["name"]): row for row in connection.execute(queries("integrity")["keys"]).mappings()}
    declared = {(wanted.child, wanted.name): wanted for wanted in relationships()}
    problems = [
        Problem(KEYS, f"{child}.{name}", problem)
        for (child, name), wanted in declared.items()
        if (problem := _broken(wanted, held.get((child, name))))
    ]
    return problems + [
        Problem(MANUAL, f"{child}.{name}", "sql/relationships.csv does not declare this key")
        for child, name in held.keys() - declared.keys()
    ]


def _broken(wanted: Relationship, held: Mapping[str, Any] | None) -> str | None:
    if held is None:
        return f"the key to {wanted.parent} is missing"
    definition = (held["child_columns"], held["parent"], held["parent_columns"], held["on_delete"])
    expected = (" ".join(wanted.child_columns), wanted.parent, " ".join(wanted.parent_columns), wanted.on_delete)
    if definition != expected:
        return f"the key is {' '.join(definition)}, but declared {' '.join(expected)}"
    if not held["is_enforced"]:
        return "the triggers of the key are disabled, so nothing enforces it"
    if not held["is_validated"]:
        return "the key is not validated, so old rows may break it"
    return None


def _missing_indexes(connection: Connection) -> list[Problem]:
    served = [(row.table_name, row.columns) for row in connection.execute(queries("integrity")["indexes"])]
    return [
        Problem(INDEXES, f"{wanted.child}.{wanted.name}", f"no index begins with {', '.join(wanted.child_columns)}")
        for wanted in relationships()
        if not any(
            table == wanted.child and set(columns[: len(wanted.child_columns)]) == set(wanted.child_columns)
            for table, columns in served
        )
    ]


def _unvalidated(connection: Connection) -> list[Problem]:
    message = "the constraint is not validated, so old rows may break it; correct them, then VALIDATE CONSTRAINT"
    return [
        Problem(MANUAL, name, message) for name in connection.execute(queries("integrity")["unvalidated"]).scalars()
    ]


def _missing_policies(connection: Connection) -> list[Problem]:
    held = {(row.table_name, row.name): row.definition for row in connection.execute(queries("integrity")["policies"])}
    definitions = expected("policy")
    changed = [".".join(key) for key in held if held[key] != definitions.get(".".join(key), held[key])]
    sql = (shared_folder("sql") / "policies.sql").read_text()
    declared = {(table, name) for name, table in _POLICY.findall(sql)}
    unforced = connection.execute(queries("integrity")["unforced"]).scalars()
    return [
        *(Problem(POLICIES, table, "row level security is not enabled and forced") for table in unforced),
        *(Problem(POLICIES, ".".join(gone), "the policy is missing") for gone in sorted(declared - held.keys())),
        *(Problem(POLICIES, name, "the policy was changed") for name in changed),
        *(
            Problem(POLICIES, ".".join(extra), "sql/policies.sql does not declare this policy")
            for extra in sorted(held.keys() - declared)
        ),
    ]
