"""Checks of integrity that read rows: orphans, half empty keys, sequences."""

from collections.abc import Callable, Iterable
from typing import Any

from psycopg2 import sql

from cryokit.db.health import plausible, references, structures
from cryokit.db.health.probe import Probe
from cryokit.db.health.references import is_of_predictions
from cryokit.db.health.report import Finding
from cryokit.db.health.scan import SAMPLE, WHOLE_NUMBERS, Row, Scans, keys_of, only
from cryokit.db.queries import queries

_SCANS = "health_scans"
_LARGEST = {"int2": 2**15 - 1, "int4": 2**31 - 1, "int8": 2**63 - 1}
_NEAR, _VERY_NEAR = 0.8, 0.95


# Rows whose key names nothing


def orphan_rows(probe: Probe) -> list[Finding]:
    """Find rows whose foreign key refers to no row, whatever the key says about itself."""
    return _orphans(probe, "orphan_rows", of_predictions=False)


def prediction_without_model(probe: Probe) -> list[Finding]:
    """Find predictions whose foreign key to a model refers to no row: the model is gone."""
    return _orphans(probe, "prediction_without_model", of_predictions=True)


def _orphans(probe: Probe, check: str, of_predictions: bool) -> list[Finding]:
    scans, findings = Scans(probe), []
    for key in keys_of(probe):
        if key["is_of_periods"] or is_of_predictions(key["child"], key["parent"]) != of_predictions:
            continue
        name = key["object"]
        if scans.may_read(name, key["is_readable"], (key["child_oid"], key["parent_oid"])):
            findings += _orphans_of(scans, check, key)
    scans.close()
    return findings + references.dangling(probe, check, of_predictions)


def _orphans_of(scans: Scans, check: str, key: Row) -> list[Finding]:
    child = only(key["child_schema"], key["child"], key["is_child_partitioned"])
    broken = sql.SQL(" FROM {} AS c WHERE {}").format(child, _without_row(key))
    count = _number(scans.ask(key["object"], sql.SQL("SELECT count(*) AS number") + broken))
    if not count:
        return []
    named = [column["child"] for column in key["columns"]]
    shown = sql.SQL(", ").join(sql.Identifier("c", name) for name in named)
    sample = sql.SQL("SELECT {}").format(shown) + broken + sql.SQL(f" LIMIT {SAMPLE}")
    rows = [{name: str(value) for name, value in row.items()} for row in scans.ask(key["object"], sample)]
    columns = ", ".join(named)
    message = f"orphans: {count} rows of {key['child']} whose {columns} names no row of {key['parent']}"
    if check == "prediction_without_model":
        message = f"predictions whose model is gone: {count} rows whose {columns} names no row of {key['parent']}"
    evidence = {"rows": count, "definition": key["definition"], "is_valid": key["is_validated"], "sample": rows}
    fix = f"{key['finder']} -- then restore the rows of {key['parent_object']}, or correct or delete these rows"
    if not key["is_validated"]:
        fix += f", then ALTER TABLE {key['child_object']} VALIDATE CONSTRAINT {key['quoted']}"
    return [Finding(check, "error", key["object"], message, evidence, fix)]


def _without_row(key: Row) -> sql.Composable:
    own = [sql.Identifier("c", column["child"]) for column in key["columns"]]
    filled = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(name) for name in own)
    parent = only(key["parent_schema"], key["parent"], key["is_parent_partitioned"])
    missing = sql.SQL("{} AND NOT EXISTS (SELECT FROM {} AS p WHERE {})").format(
        filled, parent, sql.SQL(" AND ").join(_same(column) for column in key["columns"])
    )
    if not key["is_match_full"] or len(own) == 1:
        return missing
    half = sql.SQL("num_nulls({}) BETWEEN 1 AND {}").format(sql.SQL(", ").join(own), sql.Literal(len(own) - 1))
    return sql.SQL("({} OR {})").format(half, missing)


def _same(column: dict[str, Any]) -> sql.Composable:
    child = sql.Identifier("c", column["child"])
    if column["collation"] is not None:
        collation = sql.Identifier(column["collation_schema"], column["collation"])
        child = sql.SQL("{} COLLATE {}").format(child, collation)
    operator = sql.SQL("OPERATOR({}.{})").format(
        sql.Identifier(column["operator_schema"]),
        sql.SQL(column["operator"]),
    )
    return sql.SQL("{} {} {}").format(sql.Identifier("p", column["parent"]), operator, child)


def _number(rows: list[Row]) -> int:
    return rows[0]["number"] if rows else 0


# Keys of which a part is empty


def foreign_key_half_null(probe: Probe) -> list[Finding]:
    """Find rows that escape a foreign key of several columns because one of the columns is empty."""
    scans, findings = Scans(probe), []
    for key in keys_of(probe):
        may_be_half = _columns_that_tell(key)
        if key["is_match_full"] or len(may_be_half) < 2:
            continue
        if not scans.may_read(key["object"], key["is_readable"], (key["child_oid"],)):
            continue
        names = sql.SQL(", ").join(sql.Identifier(name) for name in may_be_half)
        count = _number(
            scans.ask(
                key["object"],
                sql.SQL("SELECT count(*) AS number FROM {} WHERE num_nulls({}) BETWEEN 1 AND {}").format(
                    only(key["child_schema"], key["child"], key["is_child_partitioned"]),
                    names,
                    sql.Literal(len(may_be_half) - 1),
                ),
            )
        )
        if count:
            findings.append(_half_null(key, may_be_half, count))
    scans.close()
    return findings


def _columns_that_tell(key: Row) -> list[str]:
    """Columns that are empty together or not at all; one that is always filled and has another use tells nothing."""
    columns = key["columns"]
    if all(column["is_required"] for column in columns):
        return []
    return [column["child"] for column in columns if not (column["is_required"] and column["has_other_use"])]


def _half_null(key: Row, columns: list[str], count: int) -> Finding:
    message = f"MATCH SIMPLE does not check {count} rows in which only some of {', '.join(columns)} are null"
    evidence = {"rows": count, "columns": columns, "definition": key["definition"]}
    fix = (
        f"complete or empty the rows, then ALTER TABLE {key['child_object']} DROP CONSTRAINT {key['quoted']}, "
        f"ADD CONSTRAINT {key['quoted']} {_with_match_full(key['definition'])}"
    )
    return Finding("foreign_key_half_null", "warning", key["object"], message, evidence, fix)


def _with_match_full(definition: str) -> str:
    for word in (" ON UPDATE", " ON DELETE", " DEFERRABLE", " NOT VALID"):
        if word in definition:
            before, _, after = definition.partition(word)
            return f"{before} MATCH FULL{word}{after}"
    return f"{definition} MATCH FULL"


# Sequences


def sequence_behind_column(probe: Probe) -> list[Finding]:
    """Find sequences whose next number a row has already."""
    return [
        Finding(
            "sequence_behind_column",
            "error" if column["is_unique"] else "warning",
            sequence["object"],
            f"the next number is {following}, but {column['object']} holds {highest} already",
            {"column": column["object"], "next": following, "highest": highest},
            f"SELECT setval({sequence['literal']}, {highest})",
        )
        for sequence, following, ends in _counted(probe, with_ends=True)
        for column, highest in ends
        if not sequence["is_cyclic"]
        if (following <= highest if sequence["step"] > 0 else following >= highest)
    ]


def sequence_near_end(probe: Probe) -> list[Finding]:
    """Find sequences that have used up most of the numbers that they, or their columns, can hold."""
    findings = []
    for sequence, following, _ in _counted(probe, with_ends=False):
        limits = [(sequence["most"] if sequence["step"] > 0 else sequence["least"], "the sequence ends there")]
        for column in sequence["columns"]:
            if column["type"] in _LARGEST:
                end = _LARGEST[column["type"]] if sequence["step"] > 0 else -_LARGEST[column["type"]] - 1
                limits.append((end, f"{column['object']} is {column['type']}"))
        limit, reason = min(limits, key=lambda found: abs(found[0])) if sequence["step"] > 0 else max(limits)
        start = sequence["least"] if sequence["step"] > 0 else sequence["most"]
        last = following - sequence["step"]
        used = (last - start) / (limit - start) if limit != start else 1.0
        if used >= _NEAR and not sequence["is_cyclic"]:
            findings.append(_near_end(sequence, last, limit, used, reason))
    return findings


def _near_end(sequence: Row, last: int, limit: int, used: float, reason: str) -> Finding:
    message = f"{min(used, 1):.0%} of the numbers are used: {last} of {limit}, {reason}"
    evidence = {"last": last, "limit": limit, "used": round(used, 4)}
    fix = "; ".join(column["widening"] for column in sequence["columns"] if column["type"] in {"int2", "int4"})
    widened = f"ALTER SEQUENCE {sequence['object']} AS bigint NO MAXVALUE NO MINVALUE"
    severity = "error" if used >= _VERY_NEAR else "warning"
    fix = f"{fix}; {widened}" if fix else widened
    return Finding("sequence_near_end", severity, sequence["object"], message, evidence, fix)


def _counted(probe: Probe, with_ends: bool) -> Iterable[tuple[Row, int, list[tuple[Row, int]]]]:
    """Yield sequences with their next number, and the highest number in each column that takes from them."""
    scans = Scans(probe)
    for sequence in probe.ask(queries(_SCANS)["sequences"]):
        if not scans.may_read(sequence["object"], sequence["is_readable"], (sequence["oid"],)):
            continue
        source = sql.Identifier(sequence["schema"], sequence["name"])
        for row in scans.ask(sequence["object"], sql.SQL("SELECT last_value, is_called FROM {}").format(source)):
            following = row["last_value"] + (sequence["step"] if row["is_called"] else 0)
            yield sequence, following, _ends(scans, sequence) if with_ends else []
    scans.close()


def _ends(scans: Scans, sequence: Row) -> list[tuple[Row, int]]:
    found = []
    for column in sequence["columns"]:
        if column["type"] not in WHOLE_NUMBERS | {"numeric"}:
            continue
        if scans.may_read(column["object"], column["is_readable"], (column["table_oid"],)):
            outermost = sql.SQL("max" if sequence["step"] > 0 else "min")
            question = sql.SQL("SELECT CAST({}({}) AS bigint) AS number FROM {}").format(
                outermost, sql.Identifier(column["name"]), sql.Identifier(column["schema"], column["table"])
            )
            found += [
                (column, row["number"]) for row in scans.ask(column["object"], question) if row["number"] is not None
            ]
    return found


CHECKS: dict[str, Callable[[Probe], Iterable[Finding]]] = {
    "orphan_rows": orphan_rows,
    "prediction_without_model": prediction_without_model,
    "foreign_key_half_null": foreign_key_half_null,
    "sequence_behind_column": sequence_behind_column,
    "sequence_near_end": sequence_near_end,
    **references.CHECKS,
    **plausible.CHECKS,
    **structures.CHECKS,
}
