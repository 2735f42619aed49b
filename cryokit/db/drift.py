"""Drift: the schema as it is against the schema as sql/ makes it."""

import csv
import io
from dataclasses import replace

from sqlalchemy import Connection

from cryokit.db.health.catalogue import Check
from cryokit.db.health.probe import Probe
from cryokit.db.health.report import Finding
from cryokit.db.integrity import relationships
from cryokit.db.migrations import POLICIES, SCHEMAS, SqlFile, migration_files
from cryokit.db.queries import queries
from cryokit.db.structure import COLUMNS, Structure, expected_structure
from cryokit.paths import shared_folder

_WARNINGS = {"index"}
"""Kinds whose loss makes things slow, not wrong."""


def structure_of(connection: Connection) -> str:
    """Return what makes up the schema of a database, as the text of sql/structure.csv."""
    rows = connection.execute(queries("structure")["structure"], {"schemas": list(SCHEMAS), "locked": []})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue()


def drift_checks() -> list[Check]:
    """Return the checks that only the database of cryokit can be given."""
    return [Check("schema_drift", _schema_drift), Check("edited_migration", _edited_migrations)]


def _schema_drift(probe: Probe) -> list[Finding]:
    query = queries("structure")["structure"]
    found = {(row["kind"], row["object"]): row["definition"] for row in probe.ask(query, {"schemas": list(SCHEMAS)})}
    locked = probe.locked_names()
    for name in locked:
        probe.skip_part(f"{name} is locked by another session")
    return compared(found, {key: value for key, value in expected_structure().items() if not _is_about(key[1], locked)})


def _is_about(name: str, tables: list[str]) -> bool:
    return any(name == table or name.startswith((f"{table}.", f"{table} ")) for table in tables)


def compared(found: Structure, expected: Structure) -> list[Finding]:
    """Return a finding for everything that is missing, changed or added."""
    gone_tables = [name for kind, name in expected.keys() - found.keys() if kind == "table"]
    findings = []
    for kind, name in sorted(found.keys() | expected.keys()):
        is_part_of_gone = kind != "table" and _is_about(name, gone_tables)
        if found.get((kind, name)) != expected.get((kind, name)) and not is_part_of_gone:
            finding = _finding(kind, name, found.get((kind, name)), expected.get((kind, name)))
            is_guarded = any(of == "policy" and other.startswith(f"{name}.") for of, other in found)
            if kind == "table" and (kind, name) not in expected and not is_guarded:
                finding = _unguarded(finding)
            findings.append(finding)
    return findings


def _finding(kind: str, name: str, found: str | None, expected: str | None) -> Finding:
    severity = "warning" if kind in _WARNINGS or expected is None and kind != "grant" else "error"
    if found is None:
        message = f"the {kind} is missing"
    elif expected is None:
        message = f"the {kind} is not part of the schema"
    else:
        message = f"the {kind} was changed"
    repaired = _class_of_repair(kind, name, expected)
    fix = f"`cryokit db fix --only {repaired} --apply`, or " if repaired else ""
    fix += "undo the change by hand, or make it a migration: sql/structure.csv says how it should be"
    return Finding("schema_drift", severity, name, message, {"found": found, "expected": expected}, fix)


def _unguarded(finding: Finding) -> Finding:
    """Return the finding of an added table whose rows nobody is kept from, or nobody sees, for want of a policy."""
    message = f"{finding.message} and has no policy: row level security does not say whose its rows are"
    fix = "drop it or move it to another schema, or make it a migration with policies in sql/policies.sql"
    return replace(finding, severity="error", message=message, fix=fix)


def _class_of_repair(kind: str, name: str, expected: str | None) -> str | None:
    """Return the class of repair that brings an object back, None if only people can."""
    if kind == "policy":
        return "policies"
    if expected is None:
        return None
    if kind == "key trigger" or kind == "constraint" and expected.startswith("FOREIGN KEY"):
        return "keys"
    serves_a_key = any(
        name.startswith(f"{wanted.child}.") and expected.endswith(f"USING btree ({', '.join(wanted.child_columns)})")
        for wanted in relationships()
    )
    return "indexes" if kind == "index" and serves_a_key and not expected.startswith("CREATE UNIQUE") else None


def _edited_migrations(probe: Probe) -> list[Finding]:
    applied = {row["name"]: row["sha256"] for row in probe.ask(queries("structure")["ledger"])}
    files = {file.name: file.sha256 for file in migration_files()}
    files[POLICIES] = SqlFile(shared_folder("sql") / "policies.sql").sha256
    findings = [_edited(name, "it is not applied", "run `cryokit db migrate`") for name in files if name not in applied]
    findings += [
        _edited(name, "it was applied by another version of cryokit", "use that version or a newer one")
        for name in applied
        if name not in files
    ]
    for name in files.keys() & applied.keys():
        if files[name] != applied[name]:
            remedy = (
                "run `cryokit db migrate`" if name == POLICIES else "restore the file; make the change a new migration"
            )
            findings.append(_edited(name, "the file was edited after it had been applied", remedy))
    return findings


def _edited(name: str, message: str, fix: str) -> Finding:
    return Finding("edited_migration", "error", name, message, fix=fix)
