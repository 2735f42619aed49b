"""Checks of space and speed that need more than one question: superfluous indexes, bloat, slow statements, damage."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError

from cryokit.db.health.probe import CannotCheck, Probe, once
from cryokit.db.health.report import Finding
from cryokit.db.queries import queries

_DETAILS = "health_details"
_DESCENDING_NULLS_FIRST = 3
_LEAST_PAGES = 64
"""Bloat of less than half a megabyte hurts nobody."""
_BLOAT_OF_TABLE, _BLOAT_OF_INDEX = 2.0, 2.5
"""How many times the space that the rows need; one update of all rows leaves less."""
_FREE_PERCENT = 55
_MEASURED_PAGES = 131_072
"""Larger tables (1 GB) are measured only in a deep check."""
_DAMAGED = {"XX000", "XX001", "XX002", "58P01"}
_GONE = "could not open relation with OID"


# Indexes that do the same


@dataclass(frozen=True)
class Index:
    """An index as far as it matters for whether another one can do its work."""

    oid: int
    table_oid: int
    object: str
    table_name: str
    method: str
    pages: int
    is_unique: bool
    is_immediate: bool
    is_null_equal: bool
    is_primary: bool
    is_replica_identity: bool
    is_partitioned: bool
    is_part: bool
    constraint_name: str | None
    is_referenced: bool
    keys: list[str]
    options: list[int]
    included: list[str]
    predicate: str

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, bool, bool, int]:
        """Order in which equal indexes are worth keeping, the best last."""
        is_constraint = self.constraint_name is not None
        worth = self.is_part, self.is_primary, self.is_replica_identity, self.is_referenced, is_constraint
        return *worth, self.is_unique, -self.oid

    @property
    def columns(self) -> list[str]:
        """Key columns or expressions without the numbers of operator class and collation."""
        return [key.rsplit(" ", 2)[0] for key in self.keys]

    def does_the_same_as(self, other: "Index") -> bool:
        """Whether it has the keys of the other one, guarantees no less and holds what the other one holds."""
        return len(self.keys) == len(other.keys) and self._begins_like(other) and self._guarantees(other)

    def begins_with(self, other: "Index") -> bool:
        """Whether the keys of the other one, which guarantees nothing, are the first of this one's."""
        is_longer = self.method == "btree" and len(self.keys) > len(other.keys)
        return is_longer and not other.is_unique and other.constraint_name is None and self._begins_like(other)

    def _begins_like(self, other: "Index") -> bool:
        count = len(other.keys)
        mirrored = [option ^ _DESCENDING_NULLS_FIRST for option in other.options]
        is_ordered = self.options[:count] == other.options or (
            self.method == "btree" and self.options[:count] == mirrored
        )
        held = {*self.columns, *self.included}
        same_place = self.oid != other.oid and self.table_oid == other.table_oid and self.method == other.method
        same_rows = self.predicate == other.predicate
        return same_place and same_rows and is_ordered and self.keys[:count] == other.keys and held >= {*other.included}

    def _guarantees(self, other: "Index") -> bool:
        if not other.is_unique:
            return other.constraint_name is None  # else it excludes rows that overlap
        is_as_early = self.is_immediate or not other.is_immediate
        return self.is_unique and is_as_early and (self.is_null_equal or not other.is_null_equal)

    @property
    def removal(self) -> str:
        """Statement that drops it."""
        if self.constraint_name is not None:
            quoted = '"' + self.constraint_name.replace('"', '""') + '"'
            return f"ALTER TABLE {self.table_name} DROP CONSTRAINT {quoted}"
        return f"DROP INDEX {'' if self.is_partitioned else 'CONCURRENTLY '}{self.object}"


@once
def _indexes(probe: Probe) -> list[Index]:
    rows = [dict(row) for row in probe.ask(queries(_DETAILS)["indexes"])]
    for row in rows:
        if row["is_locked"]:
            probe.skip_part(f"{row['object']}: {row['table_name']} is locked by another session")
    return [Index(**row) for row in rows if not row.pop("is_locked")]


def _superfluous(
    indexes: list[Index], is_made_so_by: Callable[[Index, Index], bool]
) -> Iterator[tuple[Index, list[Index]]]:
    by_table: dict[int, list[Index]] = {}
    for index in indexes:
        by_table.setdefault(index.table_oid, []).append(index)
    for index in (index for index in indexes if not index.is_part):  # a part goes with the index of the whole
        if others := [other for other in by_table[index.table_oid] if is_made_so_by(index, other)]:
            yield index, others


def _is_duplicate(index: Index, other: Index) -> bool:
    is_worse = index.rank < other.rank or not index.does_the_same_as(other)
    return other.does_the_same_as(index) and is_worse


def _index_finding(check: str, severity: str, index: Index, others: list[Index], relation: str) -> Finding:
    names = ", ".join(other.object for other in others)
    evidence = {
        "table": index.table_name,
        "columns": index.columns,
        "pages": index.pages,
        "others": {other.object: other.columns for other in others},
    }
    return Finding(check, severity, index.object, f"the index {relation} {names}", evidence, index.removal)


def duplicate_index(probe: Probe) -> list[Finding]:
    """Find indexes that do what another one does too, under another name."""
    return [
        _index_finding("duplicate_index", "warning", index, others, "does the same as")
        for index, others in _superfluous(_indexes(probe), _is_duplicate)
    ]


def redundant_index(probe: Probe) -> list[Finding]:
    """Find indexes whose columns are the first of another one's."""
    indexes = _indexes(probe)
    duplicates = {index.oid for index, _ in _superfluous(indexes, _is_duplicate)}
    return [
        _index_finding("redundant_index", "warning", index, others, "is the beginning of")
        for index, others in _superfluous(indexes, lambda index, other: other.begins_with(index))
        if index.oid not in duplicates
    ]


# Bloat


def table_bloat(probe: Probe) -> list[Finding]:
    """Find tables that take about twice the space of their rows, measured by pgstattuple or estimated."""
    found, rest = [], []
    can_measure = _may_call(probe, "pgstattuple", "pgstattuple_approx")
    for table in probe.ask(queries(_DETAILS)["sizes"], {"pages": _LEAST_PAGES}):
        is_open = table["oid"] not in probe.locked
        if can_measure and is_open and (probe.deep or table["pages"] <= _MEASURED_PAGES):
            found += _measured_bloat(probe, table)
        else:
            rest.append(table)
    return found + _estimated_bloat(probe, "table_bloat", rest)


def index_bloat(probe: Probe) -> list[Finding]:
    """Find B-trees that take several times the space of their entries, estimated from the widths of the columns."""
    return _estimated_bloat(probe, "index_bloat", probe.ask(queries(_DETAILS)["index_sizes"], {"pages": _LEAST_PAGES}))


def _estimated_bloat(probe: Probe, check: str, rows: list[Any]) -> list[Finding]:
    unknown = [row["object"] for row in rows if row["needed_pages"] is None and not row["is_readable"]]
    if unknown:
        count = f"{len(unknown)} of them" if len(unknown) > 1 else unknown[0]
        probe.skip_part(f"how much of {count} is empty: that needs the right to read the table")
    return [finding for row in rows if row["needed_pages"] is not None for finding in _if_too_large(check, row)]


def _measured_bloat(probe: Probe, table: dict[str, Any]) -> list[Finding]:
    try:
        measured = _ask_extension(probe, "pgstattuple", "measured_space", {"oid": table["oid"]})[0]
    except CannotCheck as reason:
        probe.skip_part(f"{table['object']}: {reason}")
        return []
    wasted = measured["free"] + measured["dead"] - (100 - table["fillfactor"])
    if wasted < _FREE_PERCENT or wasted * table["pages"] / 100 < _LEAST_PAGES:
        return []
    evidence = {"pages": table["pages"], "free_percent": measured["free"], "dead_percent": measured["dead"]}
    return [_bloat_finding("table_bloat", table["object"], f"{wasted:.0f} % of the table is empty or dead", evidence)]


def _if_too_large(check: str, row: Any) -> list[Finding]:
    needed, pages = max(float(row["needed_pages"]), 1.0), row["pages"]
    limit = _BLOAT_OF_TABLE if check == "table_bloat" else _BLOAT_OF_INDEX
    if pages < limit * needed or pages - needed < _LEAST_PAGES:
        return []
    evidence = {"pages": pages, "needed_pages": round(needed), "rows": row["row_count"]}
    message = f"it takes about {pages / needed:.1f} times the space that its {row['row_count']} rows need"
    return [_bloat_finding(check, row["object"], message, evidence)]


def _bloat_finding(check: str, name: str, message: str, evidence: dict[str, Any]) -> Finding:
    remedies = {
        "table_bloat": f"VACUUM (FULL, ANALYZE) {name}; it locks the table, pg_repack does not",
        "index_bloat": f"REINDEX INDEX CONCURRENTLY {name}",
    }
    evidence = {name: float(value) if name.endswith("percent") else value for name, value in evidence.items()}
    return Finding(check, "warning", name, f"bloat: {message}", evidence, remedies[check])


# Slow statements


def slow_query(probe: Probe) -> list[Finding]:
    """Find statements that take long, as pg_stat_statements has counted them."""
    probe.require_role("pg_read_all_stats")
    if "pg_stat_statements" not in probe.extensions:
        msg = "needs the extension pg_stat_statements, which this database does not have"
        raise CannotCheck(msg)
    counting = probe.ask("SELECT pg_catalog.current_setting('pg_stat_statements.max', true) AS value")[0]["value"]
    if not counting:
        msg = "pg_stat_statements is not in shared_preload_libraries, so it counts nothing"
        raise CannotCheck(msg)
    rows = _ask_extension(probe, "pg_stat_statements", "slow_statements")
    return [Finding(check="slow_query", **row) for row in rows]


# Damage


def corruption(probe: Probe) -> Iterable[Finding]:
    """Read all tables and B-trees and find damaged ones."""
    if not probe.deep:
        msg = "reads everything: asked for by --deep only"
        raise CannotCheck(msg)
    if "amcheck" not in probe.extensions:
        msg = "needs the extension amcheck: CREATE EXTENSION amcheck"
        raise CannotCheck(msg, is_unfinished=True)
    for routine in ("bt_index_check", "verify_heapam"):
        if not _may_call(probe, "amcheck", routine):
            msg = f"needs a superuser, or GRANT EXECUTE on {routine}"
            raise CannotCheck(msg, is_unfinished=True)
    damaged: set[int] = set()  # an index cannot be compared with a damaged table
    for relation in probe.ask(queries(_DETAILS)["verifiable"]):
        if relation["table_oid"] in damaged:
            continue
        if {relation["oid"], relation["table_oid"]} & set(probe.locked):
            probe.skip_part(f"{relation['object']} is locked by another session")
            continue
        try:
            found = _damage(probe, relation)
        except CannotCheck as reason:
            probe.skip_part(f"{relation['object']}: {reason}")
            continue
        yield from found
        if found and not relation["is_index"]:
            damaged.add(relation["table_oid"])


def _damage(probe: Probe, relation: dict[str, Any]) -> list[Finding]:
    question = "verify_index" if relation["is_index"] else "verify_table"
    try:
        rows = _ask_extension(probe, "amcheck", question, {"oid": relation["oid"]})
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) not in _DAMAGED:
            raise
        said = str(error.orig).strip().splitlines()[0]
        if said.startswith(_GONE):  # dropped a moment ago
            return []
        return [_damage_finding(relation, said, {"said": said})]
    if relation["is_index"] or not rows:
        return []
    return [_damage_finding(relation, rows[0]["message"], {"places": [dict(row) for row in rows]})]


def _damage_finding(relation: dict[str, Any], said: str, evidence: dict[str, Any]) -> Finding:
    name = relation["object"]
    if relation["is_of_long_values"]:
        evidence |= {"part": "long values (TOAST)"}
    is_mendable = relation["is_index"] and not relation["is_of_long_values"]
    fix = f"REINDEX INDEX CONCURRENTLY {name}; look at the disk" if is_mendable else f"restore {name} from a backup"
    return Finding("corruption", "error", name, f"damaged: {said}", evidence, fix)


# Extensions


def _ask_extension(probe: Probe, extension: str, name: str, values: dict[str, Any] | None = None) -> list[Any]:
    """Ask a question with `extension_schema` replaced by the schema in which the extension lives."""
    schema = probe.ask(queries(_DETAILS)["extension_schema"], {"extension": extension})[0]["name"]
    question: TextClause = queries(_DETAILS)[name]
    return probe.ask(text(question.text.replace("extension_schema", schema.replace(":", r"\:"))), values)


def _may_call(probe: Probe, extension: str, routine: str) -> bool:
    return probe.ask(queries(_DETAILS)["may_call"], {"extension": extension, "routine": routine})[0]["may"]


CHECKS: dict[str, Callable[[Probe], Iterable[Finding]]] = {
    "duplicate_index": duplicate_index,
    "redundant_index": redundant_index,
    "table_bloat": table_bloat,
    "index_bloat": index_bloat,
    "slow_query": slow_query,
    "corruption": corruption,
}
