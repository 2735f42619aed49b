"""Structures against the InChIKeys beside them."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from psycopg2 import sql

from cryokit.db.health.names import words_of
from cryokit.db.health.probe import Probe
from cryokit.db.health.report import Finding
from cryokit.db.health.scan import SAMPLE, WORDS, Column, Row, Scans, Table, only, tables_of
from cryokit.errors import InputError

_MOST_ROWS = 10_000
"""As many structures as can be computed in a few seconds; a deep check takes all."""
_SECONDS = 4.0
_BATCH = 2_000
_KEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_FLAT = {"canonical", "connectivity", "flat", "nonisomeric", "nostereo"}
_STEREO = re.compile(r"[@/\\]")


@dataclass(frozen=True)
class Pair:
    """A column of structures and a column of their InChIKeys."""

    table: Table
    smiles: tuple[Column, ...]
    key: Column


def _pairs(table: Table) -> Iterator[Pair]:
    texts = {column.name: words_of(column.name) for column in table.columns.values() if column.type in WORDS}
    structures = {name: words for name, words in texts.items() if "smiles" in words or "smile" in words}
    for name, words in texts.items():
        if not ("inchikey" in words or words[-2:] == ["inchi", "key"]) or not structures:
            continue
        about = {word for word in words if word not in {"inchikey", "inchi", "key", "standard", "std"}}
        near = [other for other, said in structures.items() if about <= set(said)] if about else list(structures)
        subjects = {word for other in near for word in structures[other]} - {
            "smiles",
            "smile",
            *_FLAT,
            "isomeric",
            "raw",
        }
        if near and (about or len(near) == 1 or not subjects):
            yield Pair(table, tuple(table.columns[other] for other in near), table.columns[name])


def structure_mismatch(probe: Probe) -> list[Finding]:
    """Find rows whose InChIKey is not that of the structure beside it."""
    scans, findings = Scans(probe), []
    for table in tables_of(probe):
        for pair in _pairs(table):
            if scans.may_read(table.object, table.is_readable, [table.oid]):
                findings += _compared(probe, scans, pair)
    scans.close()
    return findings


def _compared(probe: Probe, scans: Scans, pair: Pair) -> list[Finding]:
    limit = None if probe.deep else _MOST_ROWS
    rows = _rows(scans, pair, limit)
    until, looked_at, wrong, unread = time.monotonic() + _SECONDS, 0, [], []
    for looked_at, row in enumerate(rows, start=1):
        verdict = _verdict(row, pair)
        if verdict is None:
            unread.append(row)
        elif not verdict:
            wrong.append(row)
        if not probe.deep and looked_at % 100 == 0 and time.monotonic() > until:
            break
    if looked_at < len(rows) or len(rows) == limit:
        _note_rest(probe, scans, pair, looked_at)
    said = (("structures do not match their InChIKey", wrong), ("structures cannot be read as SMILES", unread))
    return [_finding(pair, f"{len(found)} of {looked_at} {what}", found) for what, found in said if found]


def _note_rest(probe: Probe, scans: Scans, pair: Pair, looked_at: int) -> None:
    question = sql.SQL("SELECT count(*) AS number FROM {} WHERE {} IS NOT NULL").format(
        _source(pair), sql.Identifier(pair.key.name)
    )
    for row in scans.ask(pair.table.object, question):
        if row["number"] > looked_at:
            whole = f"{looked_at} of {row['number']} structures of {pair.table.object} were compared; --deep takes all"
            probe.take_sample(whole)


def _source(pair: Pair) -> sql.Composable:
    return only(pair.table.schema, pair.table.name, pair.table.is_partitioned)


def _rows(scans: Scans, pair: Pair, limit: int | None) -> list[Row]:
    """Return the different pairs of structure and key, as many as the limit allows."""
    texts = [sql.SQL("CAST({} AS text)").format(sql.Identifier(column.name)) for column in pair.smiles]
    key = sql.SQL("CAST({} AS text)").format(sql.Identifier(pair.key.name))
    question = sql.SQL(
        "SELECT DISTINCT {key} AS inchikey, {smiles} FROM {table} WHERE {key} <> '' AND {filled}"
    ).format(
        key=key,
        smiles=sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(text, sql.Identifier(f"smiles{place}")) for place, text in enumerate(texts)
        ),
        table=_source(pair),
        filled=sql.SQL("({})").format(sql.SQL(" OR ").join(sql.SQL("{} <> ''").format(text) for text in texts)),
    )
    if limit is not None:
        question += sql.SQL(" LIMIT {}").format(sql.Literal(limit))
    return scans.ask(pair.table.object, question)


def _verdict(row: Row, pair: Pair) -> bool | None:
    """Whether one of the structures has the key; None if none of them can be read."""
    key, is_read = row["inchikey"].strip().removeprefix("InChIKey=").upper(), False
    for place, column in enumerate(pair.smiles):
        if not (smiles := row[f"smiles{place}"]):
            continue
        computed = _inchikey(smiles)
        if computed is None and _is_out_of_reach(smiles):
            return True
        is_read = is_read or computed is not None
        if computed == key or computed is not None and _is_flat(column, smiles) and computed[:14] == key[:14]:
            return True
    return False if is_read else None


def _is_flat(column: Column, smiles: str) -> bool:
    return bool(_FLAT & set(words_of(column.name))) and not _STEREO.search(smiles)


def _is_out_of_reach(smiles: str) -> bool:
    from cryokit.chemistry.molecules import MAX_SMILES_LENGTH

    return len(smiles) > MAX_SMILES_LENGTH or "*" in smiles or not re.search(r"[A-GI-Zbcnops]", smiles)


def _inchikey(smiles: str) -> str | None:
    from cryokit.chemistry.molecules import parse  # with RDKit, which takes a second

    try:
        return parse(smiles).inchikey
    except InputError:
        return None


def _finding(pair: Pair, message: str, rows: list[Row]) -> Finding:
    names = [column.name for column in pair.smiles]
    sample = [
        {
            **{name: row[f"smiles{place}"] for place, name in enumerate(names)},
            pair.key.name: row["inchikey"],
            "computed": _inchikey(row["smiles0"] or ""),
            "is_well_formed": _KEY.fullmatch(row["inchikey"].strip()) is not None,
        }
        for row in rows[:SAMPLE]
    ]
    fix = f"find out which of {', '.join(names)} and {pair.key.name} is right for each row, then correct the other one"
    return Finding("structure_mismatch", "error", pair.key.object, message, {"rows": len(rows), "sample": sample}, fix)


CHECKS: dict[str, Callable[[Probe], Iterable[Finding]]] = {"structure_mismatch": structure_mismatch}
