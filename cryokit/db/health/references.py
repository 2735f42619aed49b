"""References that no key declares: columns that name rows of other tables, alone or with the table's name beside."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from psycopg2 import sql

from cryokit.db.health.names import is_record, singular, stem, words_of
from cryokit.db.health.probe import Probe
from cryokit.db.health.report import Finding
from cryokit.db.health.scan import SAMPLE, WHOLE_NUMBERS, WORDS, Column, Scans, Table, only, tables_of

_IDENTITIES = {"id", "uuid", "guid", "key", "fk", "ref", "code", "no", "nr", "number", "pk"}
_ELSEWHERE = {"external", "ext", "legacy", "old", "previous", "remote", "upstream", "vendor", "foreign", "original"}
_ELSEWHERE |= {"stripe", "github", "google", "pubchem", "chembl", "cas", "supplier", "third", "orig", "new"}
_KINDS = ("type", "kind", "table", "class", "model", "entity", "tablename")
_MOST_KINDS = 100
_LEAST_NUMBERS = 3
"""Small numbers agree by chance; so many different ones hardly do."""


def is_of_predictions(child: str, parent: str) -> bool:
    """Whether one table holds predictions and the other one models."""
    made, makers = {singular(word) for word in words_of(child)}, {singular(word) for word in words_of(parent)}
    return bool(made & {"prediction", "forecast", "inference", "pred"}) and "model" in makers


# One column that names a row of one table


@dataclass(frozen=True)
class Reference:
    """Columns that by name and type refer to the key of another table."""

    child: Table
    columns: tuple[Column, ...]
    parent: Table
    keys: tuple[Column, ...]
    is_certain: bool
    """Whether the name alone says so; otherwise all values must agree."""

    @property
    def is_of_a_tree(self) -> bool:
        """Whether rows refer to rows of their own table."""
        return self.child is self.parent

    @property
    def object(self) -> str:
        """The column as findings name it, the table if there are several."""
        return self.columns[0].object if len(self.columns) == 1 else self.child.object

    @property
    def is_of_one_type(self) -> bool:
        """Whether a foreign key can be declared as the columns are."""
        return all(_family(own) == _family(key) for own, key in zip(self.columns, self.keys, strict=True))

    def named(self) -> str:
        """Return the names of the columns in words."""
        return ", ".join(column.name for column in self.columns)


@dataclass(frozen=True)
class Agreement:
    """How many values a reference has, and how many of them name a row."""

    rows: int
    values: int
    found_rows: int
    found_values: int

    @property
    def missing(self) -> int:
        """Rows that name no row."""
        return self.rows - self.found_rows


def _family(column: Column) -> object:
    if column.type in WHOLE_NUMBERS:
        return "whole number"
    return "text" if column.type in WORDS - {"enum", "citext"} else column.type_oid


def _can_refer(own: Column, key: Column, is_certain: bool) -> bool:
    if _family(own) == _family(key):
        return _family(own) in {"whole number", "text"} or own.type in {"uuid", "enum", "citext"}
    return is_certain and {_family(own), _family(key)} <= {"whole number", "text", *_uuids(own, key)}


def _uuids(*columns: Column) -> set[object]:
    return {column.type_oid for column in columns if column.type == "uuid"}


def undeclared(tables: list[Table]) -> Iterator[Reference]:
    """Yield the references that names and types suggest and no foreign key declares."""
    parents = [table for table in tables if not is_record(table.name)]
    by_word = _by_word(parents)
    for child in parents:
        for column in child.columns.values():
            # A reference shares a word with the table it names, or stays within its own table.
            alike = {table.oid: table for word in stem(column.name).split("_") for table in by_word.get(word, ())}
            alike[child.oid] = child
            if not column.is_referring and (found := _best(child, column, alike.values())):
                yield found
        yield from _of_several(child, parents)


def _by_word(tables: list[Table]) -> dict[str, list[Table]]:
    found: dict[str, list[Table]] = {}
    for table in tables:
        for word in set(stem(table.name).split("_")):
            found.setdefault(word, []).append(table)
    return found


def _best(child: Table, column: Column, parents: Iterable[Table]) -> Reference | None:
    ranked: dict[int, list[Reference]] = {}
    for parent in parents:
        key = parent.key
        if key is None or parent is child and column is key:
            continue
        rank = _rank(child, column, parent, key)
        is_certain = rank is not None and rank <= 1 and parent.schema == child.schema
        if rank is None or not _can_refer(column, key, is_certain) or not is_certain and column is child.key:
            continue
        place = rank * 2 + (parent.schema != child.schema)
        ranked.setdefault(place, []).append(Reference(child, (column,), parent, (key,), is_certain))
    if not ranked:
        return None
    best = ranked[min(ranked)]
    return best[0] if len(best) == 1 else None


def _rank(child: Table, column: Column, parent: Table, key: Column) -> int | None:
    """How well a name fits: 0 table and key, 1 table and a word for identity, 2 with words before, 3 parent."""
    words, table = stem(column.name).split("_"), stem(parent.name).split("_")
    key_words = stem(key.name).split("_")
    if parent is child:
        is_above = words == ["parent", *key_words] or words == ["parent", "id"]
        return 3 if is_above and "parent_type" not in child.columns else None
    if words == [*table, *key_words] or words == key_words and words[:-1] == table:
        return 0
    if len(words) == len(table) + 1 and words[:-1] == table and words[-1] in _IDENTITIES:
        return 1 if words[-1] in {"id", "uuid", "guid", "fk"} else 2
    tail = [*table, *key_words]
    if words == key_words and len(words) > 1 and set(table) & set(words[:-1]) and not key.is_referring:
        return 2
    if (
        len(words) > 1
        and words[-1] == key_words[-1]
        and len(words) <= len(table)
        and words[:-1] == table[1 - len(words) :]
    ):
        return 2
    is_prefixed = len(words) > len(tail) and words[-len(tail) :] == tail and not _ELSEWHERE & set(words)
    return 2 if is_prefixed else None


def _of_several(child: Table, parents: list[Table]) -> Iterator[Reference]:
    for parent in parents:
        for names in parent.unique_keys if parent.schema == child.schema and parent is not child else []:
            if len(names) == 1 and (names == parent.key_columns or not is_of_predictions(child.name, parent.name)):
                continue
            pairs = [(_named_like(child, parent, name), parent.columns[name]) for name in names]
            columns = tuple(own for own, _ in pairs if own is not None)
            is_whole = len(columns) == len(pairs) == len(set(map(id, columns)))
            is_named = any(own.name != key.name for own, key in pairs if own is not None)
            is_loose = not any(own.is_referring or own is child.key for own in columns)
            if is_whole and is_named and is_loose and all(_family(own) == _family(key) for own, key in pairs if own):
                yield Reference(child, columns, parent, tuple(key for _, key in pairs), False)


def _named_like(child: Table, parent: Table, name: str) -> Column | None:
    wanted = {f"{stem(parent.name)}_{stem(name)}"}
    if is_of_predictions(child.name, parent.name):
        wanted.add(f"model_{stem(name)}")
    for column in child.columns.values():
        if stem(column.name) in wanted or (name.startswith(f"{parent.name}_") and column.name == name):
            return column
    return child.columns.get(name)


def _compared(reference: Reference) -> sql.Composable:
    own = [sql.Identifier(column.name) for column in reference.columns]
    pairs = []
    for column, key in zip(reference.columns, reference.keys, strict=True):
        same = sql.SQL("{} = {}") if _family(column) == _family(key) else sql.SQL("CAST({} AS text) = CAST({} AS text)")
        if _family(column) == "text":
            same = sql.SQL('CAST({} AS text) COLLATE "C" = CAST({} AS text) COLLATE "C"')
        pairs.append(same.format(sql.Identifier("p", key.name), sql.Identifier("v", column.name)))
    return sql.SQL(
        "SELECT CAST(coalesce(sum(v.number), 0) AS bigint) AS rows, count(*) AS values,"
        " CAST(coalesce(sum(v.number) FILTER (WHERE p.{key} IS NOT NULL), 0) AS bigint) AS found_rows,"
        " count(p.{key}) AS found_values"
        " FROM (SELECT {names}, count(*) AS number FROM {child} WHERE {filled} GROUP BY {names}) AS v"
        " LEFT JOIN {parent} AS p ON {pairs}"
    ).format(
        names=sql.SQL(", ").join(own),
        child=only(reference.child.schema, reference.child.name, reference.child.is_partitioned),
        filled=sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(name) for name in own),
        key=sql.Identifier(reference.keys[0].name),
        parent=reference.parent.source,
        pairs=sql.SQL(" AND ").join(pairs),
    )


def _agreements(scans: Scans, tables: list[Table]) -> Iterator[tuple[Reference, Agreement]]:
    for reference in undeclared(tables):
        both = (reference.child, reference.parent)
        if scans.may_read(reference.object, all(table.is_readable for table in both), [table.oid for table in both]):
            for row in scans.ask(reference.object, _compared(reference)):
                agreement = Agreement(**row)
                if _is_believable(reference, agreement):
                    yield reference, agreement


def _is_believable(reference: Reference, agreement: Agreement) -> bool:
    all_found = agreement.found_values == agreement.values
    is_of_predictions_by_name = is_of_predictions(reference.child.name, reference.parent.name)
    if len(reference.columns) > 1 or reference.is_of_a_tree or is_of_predictions_by_name and not reference.is_certain:
        return agreement.found_values * 2 >= agreement.values > 0
    if not reference.is_of_one_type:
        return all_found and agreement.values > 0
    if reference.is_certain:
        return agreement.found_values > 0 or agreement.values < _LEAST_NUMBERS
    is_number = reference.columns[0].type in WHOLE_NUMBERS
    return all_found and agreement.values >= (_LEAST_NUMBERS if is_number else 1)


def foreign_key_missing(probe: Probe) -> list[Finding]:
    """Find columns that name rows of another table without a foreign key."""
    scans = Scans(probe)
    findings = [_missing_key(reference, agreement) for reference, agreement in _agreements(scans, tables_of(probe))]
    scans.close()
    return findings


def _missing_key(reference: Reference, agreement: Agreement) -> Finding:
    child, parent = reference.child, reference.parent
    columns = ", ".join(column.quoted for column in reference.columns)
    keys = ", ".join(key.quoted for key in reference.keys)
    message = f"no foreign key: {reference.named()} names rows of {parent.object}, and nothing keeps them together"
    fix = f"ALTER TABLE {child.object} ADD FOREIGN KEY ({columns}) REFERENCES {parent.object} ({keys})"
    types = {
        column.name: [column.type, key.type] for column, key in zip(reference.columns, reference.keys, strict=True)
    }
    if not reference.is_of_one_type:
        column, key = reference.columns[0], reference.keys[0]
        message += f"; {column.name} is {column.type}, but {key.name} is {key.type}"
        changed = f"ALTER COLUMN {columns} TYPE {key.type} USING {columns}::{key.type}"
        fix = f"ALTER TABLE {child.object} {changed}; {fix}"
    evidence = {"refers_to": parent.object, "types": types, "rows": agreement.rows, "without_row": agreement.missing}
    return Finding(
        "foreign_key_missing", "warning" if agreement.rows else "info", reference.object, message, evidence, fix
    )


def dangling(probe: Probe, check: str, of_predictions: bool) -> list[Finding]:
    """Find rows that name no row of the table that their column is about although no key declares it."""
    scans, findings = Scans(probe), []
    for reference, agreement in _agreements(scans, tables_of(probe)):
        if agreement.missing and is_of_predictions(reference.child.name, reference.parent.name) == of_predictions:
            named, parent = reference.named(), reference.parent.object
            kind = "predictions whose model is gone" if of_predictions else "orphans without a declared key"
            message = f"{kind}: {agreement.missing} of {agreement.rows} rows whose {named} names no row of {parent}"
            evidence = {"rows": agreement.missing, "of": agreement.rows, "refers_to": parent}
            fix = f"correct or delete these rows, or restore those of {parent}; then declare the foreign key"
            findings.append(Finding(check, "error", reference.object, message, evidence, fix))
    scans.close()
    return findings


# Two columns, of which one names the table


@dataclass(frozen=True)
class Pair:
    """A column that names a table and a column that names a row of it."""

    table: Table
    kind: Column
    identity: Column


def polymorphic_reference(probe: Probe) -> list[Finding]:
    """Find rows whose pair of columns names a row that is not there, or no table at all."""
    tables = tables_of(probe)
    scans, findings = Scans(probe), []
    for pair in _pairs(tables):
        if scans.may_read(pair.table.object, pair.table.is_readable, [pair.table.oid]):
            findings += _dangling_pairs(scans, pair, tables)
    scans.close()
    return findings


def _pairs(tables: list[Table]) -> Iterator[Pair]:
    for table in tables:
        if is_record(table.name):
            continue
        for column in table.columns.values():
            words = words_of(column.name)
            is_identity = words[-1:] in (["id"], ["uuid"], ["key"], ["pk"], ["guid"], ["ref"]) and len(words) > 1
            if not is_identity or column.is_referring or column.type not in WHOLE_NUMBERS | WORDS | {"uuid"}:
                continue
            for other in table.columns.values():
                if other.type in WORDS and not other.is_referring and _belong(words, words_of(other.name)):
                    yield Pair(table, other, column)
                    break


def _belong(identity: list[str], kind: list[str]) -> bool:
    if kind[:-1] == identity[:-1] and kind[-1:] and kind[-1] in _KINDS:
        return True
    is_row = identity[:-1] in (["row"], ["record"], ["object"], ["entity"], ["target"], ["item"], ["resource"])
    return is_row and kind in (["table", "name"], ["tablename"], ["table"], ["entity"], ["target"], ["resource"])


def _dangling_pairs(scans: Scans, pair: Pair, tables: list[Table]) -> list[Finding]:
    question = sql.SQL(
        "SELECT CAST({kind} AS text) AS kind, count(*) AS number FROM {table}"
        " WHERE {kind} IS NOT NULL AND {identity} IS NOT NULL GROUP BY {kind} ORDER BY number DESC LIMIT {most}"
    ).format(
        kind=sql.Identifier(pair.kind.name),
        identity=sql.Identifier(pair.identity.name),
        table=only(pair.table.schema, pair.table.name, pair.table.is_partitioned),
        most=sql.Literal(_MOST_KINDS),
    )
    counts = {row["kind"]: row["number"] for row in scans.ask(pair.table.object, question)}
    targets = {kind: target for kind in counts if (target := _target(kind, pair.table, tables))}
    if not targets or len(counts) == _MOST_KINDS:
        return []
    lost = {kind: number for kind, number in counts.items() if kind not in targets}
    findings = [_pair_finding(pair, kind, number, "no table of that name") for kind, number in lost.items()]
    for kind, target in targets.items():
        key = target.key
        if key is None or not scans.may_read(target.object, target.is_readable, [target.oid]):
            continue
        rows = scans.ask(pair.table.object, _without_target(pair, kind, target, key))
        findings += [
            _pair_finding(pair, kind, row["number"], f"no row of {target.object}") for row in rows if row["number"]
        ]
    return _joined(findings)


def _joined(findings: list[Finding]) -> list[Finding]:
    if len(findings) < 2:
        return findings
    first = findings[0]
    severity = "error" if any(finding.severity == "error" for finding in findings) else "warning"
    kinds = [kind for finding in findings for kind in finding.evidence["kinds"]]
    message = "; ".join(finding.message for finding in findings[:SAMPLE])
    return [Finding(first.check, severity, first.object, message, {"kinds": kinds}, first.fix)]


def _target(kind: str, table: Table, tables: list[Table]) -> Table | None:
    parts = [part for part in kind.replace("::", ".").replace("\\", ".").replace("/", ".").split(".") if part]
    wanted = stem(parts[-1]) if parts else ""
    found = [other for other in tables if stem(other.name) == wanted]
    for schema in (parts[-2] if len(parts) > 1 else table.schema, table.schema):
        if near := [other for other in found if other.schema == schema]:
            return near[0]
    return found[0] if len(found) == 1 else None


def _without_target(pair: Pair, kind: str, target: Table, key: Column) -> sql.Composable:
    is_same = _family(key) == _family(pair.identity) and _family(key) != "text"
    same = sql.SQL("{} = {}") if is_same else sql.SQL('CAST({} AS text) COLLATE "C" = CAST({} AS text) COLLATE "C"')
    return sql.SQL(
        "SELECT count(*) AS number FROM {table} AS c WHERE CAST({kind} AS text) = {value} AND {identity} IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM {target} AS p WHERE {same})"
    ).format(
        table=only(pair.table.schema, pair.table.name, pair.table.is_partitioned),
        kind=sql.Identifier("c", pair.kind.name),
        value=sql.Literal(kind),
        identity=sql.Identifier("c", pair.identity.name),
        target=target.source,
        same=same.format(sql.Identifier("p", key.name), sql.Identifier("c", pair.identity.name)),
    )


def _pair_finding(pair: Pair, kind: str, number: int, reason: str) -> Finding:
    names = f"{pair.kind.name} and {pair.identity.name}"
    message = (
        f"polymorphic reference dangles: {number} rows with {pair.kind.name} {kind!r} refer by {names} to {reason}"
    )
    evidence = {"kinds": [{"kind": kind, "rows": number, "names": reason}]}
    fix = f"correct or delete these rows of {pair.table.object}; better, give each kind a foreign key column of its own"
    severity = "error" if reason.startswith("no row") else "warning"
    return Finding("polymorphic_reference", severity, pair.identity.object, message, evidence, fix)


CHECKS: dict[str, Callable[[Probe], Iterable[Finding]]] = {
    "foreign_key_missing": foreign_key_missing,
    "polymorphic_reference": polymorphic_reference,
}
