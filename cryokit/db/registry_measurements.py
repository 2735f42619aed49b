"""The registry's measurements: row frames in, the same row frames out."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Result

from cryokit.chemistry import molecules
from cryokit.db.queries import queries
from cryokit.db.registry_base import RegistryBase
from cryokit.db.tables import json_text, plain, records, sha256_of
from cryokit.domain import Component, Molecule, Target, target_named
from cryokit.errors import AccessError, InputError

_TOPIC = "measurements"
_BATCH = 2000
_PROPERTY = {"tg": "glass_transition_temperature", "iri": "mean_grain_size"}
# Columns of a row frame that have a column of their own in the table; all others are kept under `details`.
_COLUMNS = ("name", "value", "unit", "spread", "source", "evidence", "is_published", "is_curated")
_DEFAULTS = {"is_published": True, "is_curated": True}
_LAST = ["conditions", "spread", "count", "source", "evidence"]


@dataclass(frozen=True)
class _Subject:
    """What was measured: a molecule or the components of a formulation."""

    molecule: Molecule | None
    components: tuple[Component, ...] = ()

    @property
    def key(self) -> str:
        """InChIKey, or the checksum of the composition whatever the order in which it is written."""
        if self.molecule is not None:
            return self.molecule.inchikey
        parts = [(_substance(part), plain(part.amount), part.unit) for part in self.components]
        return sha256_of(sorted(parts))


def _substance(component: Component) -> str:
    return component.molecule.inchikey if component.molecule else component.name.casefold()


class Measurements(RegistryBase):
    """Storing and reading what was measured."""

    def store_measurements(
        self, rows: pd.DataFrame, target: str, is_public: bool, team_id: str | None = None, renew: bool = False
    ) -> int:
        """
        Keep rows with their substances and return how many were new.

        A row with the same target, substance, name, value, conditions and source is not kept twice; only with `renew`
        is what else it says (spread, count, evidence, flags, notes) taken over. Rows of recipes need a column
        `components`.
        """
        specification = target_named(target)
        if self.person is not None and not self.person.may("researcher"):
            msg = f"{self.person.name} is a {self.person.role}; storing measurements needs the role researcher"
            raise AccessError(msg)
        _refuse_unusable(rows, specification)
        subjects = [_subject(row, specification) for row in rows.to_dict("records")]
        found = _unique_rows(rows, subjects, specification)
        batches = [found[start : start + _BATCH] for start in range(0, len(found), _BATCH)]
        given = {"target": target, "owner_id": self.owner_id, "team_id": team_id, "is_public": is_public}
        known = queries(_TOPIC)
        new = 0
        with self.transaction() as connection:
            for batch in batches:
                with self._substances(connection) as register:
                    numbered = json_text(_numbered(register, batch, is_public))
                new += connection.execute(known["store_measurements"], given | {"rows": numbered}).rowcount
                if renew:
                    connection.execute(known["renew_measurements"], {"rows": numbered, "is_public": is_public})
        return new

    def _substances(self, connection: Connection) -> contextlib.AbstractContextManager[Connection]:
        """Substances are one register for all, written by maintenance; who sees them follows from the measurements."""
        return self.database.service() if self.person else contextlib.nullcontext(connection)

    def contradictions(
        self, rows: pd.DataFrame, target: str, is_public: bool, team_id: str | None = None
    ) -> dict[int, str]:
        """Return for rows, by position, that are there already in what they say otherwise."""
        specification = target_named(target)
        _refuse_unusable(rows, specification)
        subjects = [_subject(row, specification) for row in rows.to_dict("records")]
        plain_rows = records(rows.drop(columns="components", errors="ignore"))
        entries = [_entry(row, *rest) for row, *rest in zip(plain_rows, subjects, repeat(specification))]
        checksums = [entry["row_sha256"] for entry in entries]
        found = self.frame(_TOPIC, "known_measurements", checksums=checksums, owner_id=self.owner_id)
        known = {row["row_sha256"]: row for row in records(found)}
        said = {
            position: _contradiction(entry, known[entry["row_sha256"]], is_public, team_id)
            for position, entry in enumerate(entries)
            if entry["row_sha256"] in known
        }
        return {position: text for position, text in said.items() if text}

    def row_checksums(self, rows: pd.DataFrame, target: str) -> list[str]:
        """Return for each row what it is known by: the checksum over subject, name, value, conditions and source."""
        specification = target_named(target)
        subjects = [_subject(row, specification) for row in rows.to_dict("records")]
        plain_rows = records(rows.drop(columns="components", errors="ignore"))
        return [_entry(row, *rest)["row_sha256"] for row, *rest in zip(plain_rows, subjects, repeat(specification))]

    def keep_molecules(self, found: list[Molecule]) -> set[str]:
        """Keep structures for maintenance alone and return the InChIKeys of those that were new."""
        keys = [molecule.inchikey for molecule in found]
        with self.transaction() as connection:
            known = _pairs(connection.execute(queries(_TOPIC)["molecule_ids"], {"inchikeys": keys}))
            _store_molecules(connection, [_Subject(molecule) for molecule in found], is_public=False)
        return set(keys) - known.keys()

    def keep_mixtures(self, found: list[tuple[Component, ...]]) -> tuple[list[str], set[str]]:
        """Keep compositions for maintenance alone; return their checksums in order, and which of them were new."""
        subjects = [_Subject(None, components) for components in found]
        keys = [subject.key for subject in subjects]
        with self.transaction() as connection:
            known = _pairs(connection.execute(queries(_TOPIC)["mixture_ids"], {"checksums": keys}))
            firsts = list({subject.key: subject for subject in reversed(subjects)}.values())
            molecule_ids = _store_molecules(connection, firsts, is_public=False)
            _store_mixtures(connection, firsts, molecule_ids, is_public=False)
        return keys, set(keys) - known.keys()

    def training_rows(self, target: str, team_id: str | None = None) -> pd.DataFrame:
        """Return the rows of a target as a row frame, always in the same order; a team's own only if it is named."""
        specification = target_named(target)
        found = self.frame(_TOPIC, "training_rows", target=target, team_id=team_id)
        return row_frame(found.to_dict("records"), specification)

    def datasets(self) -> pd.DataFrame:
        """Return how many rows of each target there are, as far as one may see them."""
        return self.frame(_TOPIC, "datasets")

    def rows_after(self, target: str, after: int, limit: int) -> pd.DataFrame:
        """Return the next rows of a target by number, as a row frame with the column `id`."""
        specification = target_named(target)
        found = self.frame(_TOPIC, "rows_after", target=target, after=after, limit=limit)
        frame = row_frame(found.drop(columns="id").to_dict("records"), specification)
        frame.insert(0, "id", found["id"].astype("int64"))
        return frame

    def team_id(self, name: str) -> str:
        """Return the number of a team."""
        missing = f"there is no team {name!r}; `cryokit team list` shows which there are"
        return self.one(_TOPIC, "team_named", missing, name=name).id


# Frames to rows


def _refuse_unusable(rows: pd.DataFrame, target: Target) -> None:
    subject = "components" if target.subject == "recipe" else "smiles"
    needed = ["name", "value", "source", subject, *(condition.name for condition in target.conditions)]
    if missing := [name for name in needed if name not in rows]:
        msg = f"rows of {target.name} need the columns {', '.join(needed)}; missing are {', '.join(missing)}"
        raise InputError(msg)
    if rows.empty:
        return
    if bad := np.flatnonzero(~np.isfinite(rows["value"].to_numpy(dtype=float))).tolist():
        msg = f"row {bad[0]} of {target.name} (counted from 0) has no finite value; a measurement is a number"
        raise InputError(msg)
    sources = rows["source"].map(lambda text: isinstance(text, str) and bool(text.strip()))
    if bad := np.flatnonzero(~sources.to_numpy(dtype=bool)).tolist():
        msg = f"row {bad[0]} of {target.name} (counted from 0) has no source; say where the value is from"
        raise InputError(msg)


def _subject(row: dict[str, Any], target: Target) -> _Subject:
    if target.subject == "smiles":
        return _Subject(molecules.parse(row["smiles"]))
    return _Subject(None, tuple(row["components"]))


def _unique_rows(rows: pd.DataFrame, subjects: list[_Subject], target: Target) -> list[tuple[_Subject, dict]]:
    found = {}
    for row, subject in zip(records(rows.drop(columns="components", errors="ignore")), subjects, strict=True):
        entry = _entry(row, subject, target)
        found.setdefault(entry["row_sha256"], (subject, entry))
    return list(found.values())


def _entry(row: dict[str, Any], subject: _Subject, target: Target) -> dict[str, Any]:
    named = {condition.name for condition in target.conditions} - {"endpoint"}
    conditions = {name: row[name] for name in sorted(named)}
    if row.get("conditions"):
        conditions["text"] = row["conditions"]
    entry = {name: row.get(name) if row.get(name) is not None else _DEFAULTS.get(name) for name in _COLUMNS}
    entry["unit"] = entry["unit"] or target.unit
    entry["evidence"] = entry["evidence"] or None
    entry["property_type"] = _PROPERTY.get(target.name) or row["endpoint"]
    entry["conditions"] = conditions
    entry["repeat_count"] = row.get("count") or 1
    apart = {*_COLUMNS, *named, "endpoint", "conditions", "count", "is_public"}
    entry["details"] = {name: value for name, value in row.items() if name not in apart and value is not None}
    entry["details"].setdefault("inchikey", _joined_inchikeys(subject))
    entry["row_sha256"] = sha256_of(
        [target.name, entry["property_type"], subject.key, row["name"], row["value"], conditions, row["source"]]
    )
    return entry


def _contradiction(entry: dict[str, Any], known: dict[str, Any], is_public: bool, team_id: str | None) -> str:
    """Say in what a row differs from the same one that is stored; what it leaves out is no difference."""
    given = {"spread": entry["spread"], "tm_kelvin": entry["details"].get("tm_kelvin")}
    other = [name for name, value in given.items() if value is not None and value != known[name]]
    if other:
        said = ", ".join(f"{name} {known[name] if known[name] is not None else 'none'}" for name in other)
        return f"the same measurement is stored already, with {said}; correct one of the two"
    if not known["is_public"] and (is_public or known["team_id"] != team_id):
        return "the same measurement is stored already, for other people to see; it cannot be there twice"
    return ""


def _joined_inchikeys(subject: _Subject) -> str:
    if subject.molecule is not None:
        return subject.molecule.inchikey
    return "+".join(sorted(part.molecule.inchikey for part in subject.components if part.molecule))


# Rows to numbers


def _numbered(connection: Connection, batch: list[tuple[_Subject, dict]], is_public: bool) -> list[dict]:
    """Return the entries with the numbers of their substances, which are kept first."""
    molecule_ids = _store_molecules(connection, [subject for subject, _ in batch], is_public)
    mixture_ids = _store_mixtures(connection, [subject for subject, _ in batch], molecule_ids, is_public)
    named = [
        {"molecule_id": molecule_ids[subject.molecule.inchikey], "kind": "name", "value": entry["name"]}
        for subject, entry in batch
        if subject.molecule is not None and entry["name"]
    ]
    _execute(connection, "store_identifiers", identifiers=_distinct(named), is_public=is_public)
    types = _pairs(connection.execute(queries(_TOPIC)["property_types"]))
    return [
        entry
        | {
            "property_type_id": _property_type_id(entry["property_type"], types),
            "molecule_id": molecule_ids[subject.key] if subject.molecule else None,
            "mixture_id": None if subject.molecule else mixture_ids[subject.key],
        }
        for subject, entry in batch
    ]


def _property_type_id(name: str, types: dict[str, int]) -> int:
    if name not in types:
        msg = f"there is no quantity {name!r}; known are {', '.join(sorted(types))}"
        raise InputError(msg)
    return types[name]


def _store_molecules(connection: Connection, subjects: list[_Subject], is_public: bool) -> dict[str, int]:
    alone = [subject.molecule for subject in subjects if subject.molecule]
    inside = [part.molecule for subject in subjects for part in subject.components if part.molecule]
    found = {molecule.inchikey: molecule.smiles for molecule in (*alone, *inside)}
    rows = [{"inchikey": inchikey, "smiles": smiles} for inchikey, smiles in found.items()]
    _execute(connection, "store_molecules", molecules=rows, is_public=is_public)
    return _pairs(connection.execute(queries(_TOPIC)["molecule_ids"], {"inchikeys": list(found)}))


def _store_mixtures(
    connection: Connection, subjects: list[_Subject], molecule_ids: dict[str, int], is_public: bool
) -> dict[str, int]:
    found = {subject.key: subject for subject in subjects if subject.molecule is None}
    rows = [
        {"composition_sha256": key, "components": _component_rows(subject.components, molecule_ids)}
        for key, subject in found.items()
    ]
    _execute(connection, "store_mixtures", mixtures=rows, is_public=is_public)
    return _pairs(connection.execute(queries(_TOPIC)["mixture_ids"], {"checksums": list(found)}))


def _component_rows(components: Iterable[Component], molecule_ids: dict[str, int]) -> list[dict]:
    return [
        {
            "position": position,
            "molecule_id": molecule_ids[part.molecule.inchikey] if part.molecule else None,
            "material": None if part.molecule else part.name,
            "name": part.name,
            "amount": part.amount,
            "unit": part.unit,
        }
        for position, part in enumerate(components, start=1)
    ]


def _execute(connection: Connection, name: str, is_public: bool, **rows: list[dict]) -> None:
    given = {parameter: json_text(value) for parameter, value in rows.items()}
    connection.execute(queries(_TOPIC)[name], given | {"is_public": is_public})


def _pairs(result: Result) -> dict[str, int]:
    return {name: number for name, number in result}


def _distinct(rows: list[dict]) -> list[dict]:
    return list({json_text(row): row for row in rows}.values())


# Rows to frames


def row_frame(found: list[dict[str, Any]], target: Target) -> pd.DataFrame:
    """Return rows of the database as a row frame of the target."""
    condition_names = [condition.name for condition in target.conditions]
    rows = [_row(item, target) for item in found]
    first = ["name", target.subject, "inchikey", "value", "unit"]
    last = [*_LAST, *(["is_published", "is_curated"] if target.name == "tg" else []), "note"]
    own = ["tm_kelvin"] if target.name == "tg" else []
    ordered = [*first, *own, *condition_names, *last]
    others = sorted({name for row in rows for name in row} - {*ordered, "is_published", "is_curated", "is_public"})
    frame = pd.DataFrame(rows, columns=[*ordered, *others, "is_public"])
    return typed(frame, target)


def _row(item: dict[str, Any], target: Target) -> dict[str, Any]:
    conditions = dict(item["conditions"])
    row = {name: item[name] for name in (*_COLUMNS, "is_public")}
    row |= {"count": item["repeat_count"], "conditions": conditions.pop("text", "")}
    if "endpoint" in {condition.name for condition in target.conditions}:
        row["endpoint"] = item["property_type"]
    return row | conditions | {"note": ""} | item["details"]


def typed(frame: pd.DataFrame, target: Target) -> pd.DataFrame:
    """Return a row frame whose numbers are numbers, also in columns that hold none."""
    numbers = {condition.name for condition in target.conditions if condition.kind is float}
    kinds = dict.fromkeys({"value", "spread", "tm_kelvin", *numbers} & set(frame), "float64") | {"count": "int64"}
    kinds |= dict.fromkeys({"is_published", "is_curated", "is_public"} & set(frame), "bool")
    return frame.astype(kinds)
