"""The tables that ship with cryokit, checked row by row when they are read."""

import csv
import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from cryokit import paths
from cryokit.chemistry import molecules
from cryokit.domain import Molecule, Target, target_named
from cryokit.errors import InputError
from cryokit.sources import rows

FILES = {
    "tg": "glass_transition.csv",
    "iri": "ice_recrystallization.csv",
    "viability": "exposure_survival.csv",
}

COMPONENT_COLUMNS = ("name", "aliases", "cas", "smiles", "inchikey", "role", "source")
EXCEPTION_COLUMNS = ("name", "smiles", "inchikey", "other_smiles", "other_inchikey", "kind", "reason")
OTHER_ROLES = ("electrolyte (carrier)", "screening", "screening-negative", "solvent")
"""Roles of components that are not known to protect."""
EXCEPTION_KINDS = ("tautomer", "stereo", "salt", "false hit")

_TRUTH = {"true": True, "false": False}


def bundled_rows(target: str) -> pd.DataFrame:
    """Return the bundled rows of `target`; a row that breaks a rule is refused with its file, line and reason."""
    return _target_table(target_named(target)).copy()


def known_components() -> pd.DataFrame:
    """Return the components known by name: aliases (joined by ``|``), CAS number, structure, role, source."""
    return _components().copy()


def known_cryoprotectants(target: str) -> pd.DataFrame:
    """Return the bundled, curated rows of `target` that hold nothing but components known to protect."""
    table = bundled_rows(target)
    components = _components()
    known = set(components.loc[~components["role"].isin(OTHER_ROLES), "inchikey"])
    is_known = [set(keys.split("+")) <= known for keys in table["inchikey"]]
    is_curated = table.get("is_curated", True)
    return table[is_curated & pd.Series(is_known)].reset_index(drop=True)


def reviewed_exceptions() -> pd.DataFrame:
    """Return the disagreements of name and structure that were looked at and found to be right, with the reason."""
    return _exceptions().copy()


def component_named(name: str) -> Molecule | None:
    """Return the bundled component with this name, alias or CAS number, or None."""
    return _by_name().get(molecules.normalised_name(name))


def read_target_table(path: Path, target: Target) -> pd.DataFrame:
    """Read one table of measured figures and refuse the first row that breaks a rule."""
    columns = rows.frame_columns(target)
    checked = [_row(raw, target, _where(path, line)) for line, raw in read_lines(path, columns)]
    return pd.DataFrame(checked, columns=columns)


def read_lines(path: Path, columns: tuple[str, ...] | list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and cells of each row of a bundled table, after checking its header."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"the bundled table {path.name} cannot be read: {error.strerror}; install cryokit again"
        raise InputError(msg) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if list(reader.fieldnames or ()) != list(columns):
        msg = f"{path.name} has the columns {reader.fieldnames}; they must be {list(columns)}"
        raise InputError(msg)
    for raw in reader:
        if None in raw or None in raw.values():
            _refuse(_where(path, reader.line_num), "the number of cells differs from the header")
        yield reader.line_num, raw


def _row(raw: dict[str, str], target: Target, where: str) -> dict[str, object]:
    checked = rows.checked_row(raw, target, component_named)
    for column in ("unit", "evidence", "name", "count"):
        if not raw[column].strip():
            checked.problems.append(f"{column} is empty")
    if raw["inchikey"].strip() == "" and checked.values["inchikey"]:
        checked.problems.append("inchikey is empty")
    if target.name == "tg":
        _read_selections(raw, checked)
    if found := checked.problems + checked.doubts:
        _refuse(where, "; ".join(found))
    return checked.values


def _read_selections(raw: dict[str, str], checked: rows.CheckedRow) -> None:
    for column in ("is_published", "is_curated"):
        if raw[column] not in _TRUTH:
            checked.problems.append(f"{column} is {raw[column]!r}; it must be true or false")
        checked.values[column] = _TRUTH.get(raw[column], False)


def _where(path: Path, line: int) -> str:
    return f"{path.name}, line {line}"


def _refuse(where: str, reason: str) -> None:
    msg = f"{where}: {reason}; correct the table"
    raise InputError(msg)


@cache
def _target_table(target: Target) -> pd.DataFrame:
    return read_target_table(paths.bundled_data() / FILES[target.name], target)


@cache
def _components() -> pd.DataFrame:
    path = paths.bundled_data() / "component.csv"
    table = []
    for line, raw in read_lines(path, COMPONENT_COLUMNS):
        _check_structure(raw["smiles"], raw["inchikey"], _where(path, line))
        for column in ("name", "role", "source"):
            if not raw[column]:
                _refuse(_where(path, line), f"{column} is empty")
        table.append(raw)
    return pd.DataFrame(table, columns=list(COMPONENT_COLUMNS))


@cache
def _exceptions() -> pd.DataFrame:
    path = paths.bundled_data() / "reviewed_exceptions.csv"
    table = []
    for line, raw in read_lines(path, EXCEPTION_COLUMNS):
        _check_structure(raw["smiles"], raw["inchikey"], _where(path, line))
        _check_structure(raw["other_smiles"], raw["other_inchikey"], _where(path, line))
        if raw["kind"] not in EXCEPTION_KINDS or not raw["reason"]:
            _refuse(_where(path, line), f"kind must be one of {', '.join(EXCEPTION_KINDS)} and a reason must be given")
        table.append(raw)
    return pd.DataFrame(table, columns=list(EXCEPTION_COLUMNS))


def _check_structure(smiles: str, inchikey: str, where: str) -> None:
    try:
        found = molecules.parse(smiles).inchikey
    except InputError as error:
        msg = f"{where}: {error}"
        raise InputError(msg) from error
    if found != inchikey:
        _refuse(where, f"the InChIKey is {inchikey!r}, but the structure gives {found}")


@cache
def _by_name() -> dict[str, Molecule]:
    found: dict[str, Molecule] = {}
    for row in _components().itertuples():
        molecule = Molecule(row.smiles, row.inchikey)
        for name in (row.name, *row.aliases.split("|"), row.cas):
            key = molecules.normalised_name(name)
            if key and found.setdefault(key, molecule) != molecule:
                _refuse("component.csv", f"{name!r} names two substances")
    return found
