"""Rows of a legacy database: which of them can be kept as what, which cannot, and why."""

import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from cryokit.chemistry import molecules, recipe
from cryokit.domain import Component, Molecule
from cryokit.errors import InputError
from cryokit.sources import legacy_measurements, names
from cryokit.sources.legacy_map import KINDS, LegacyMap
from cryokit.sources.rows import MAX_NAME_LENGTH

NOT_OUR_MODEL = "prediction of a model that is not here"

_WORDS = {
    "user_profiles": "person",
    "molecules": "molecule",
    "mixtures": "mixture",
    "molecular_properties": "property",
    "experiments": "experiment",
    "predictions": "prediction",
}
_NAME_LENGTHS = range(2, 101)
_PROGRESS_EVERY = 500

Progress = Callable[[str, int, int], None]
"""Called with what is done, the number of rows done and the number of all."""


@dataclass(frozen=True)
class Refused:
    """A row that cannot be kept: the row as it was, as JSON, and why."""

    kind: str
    key: str | None
    reason: str
    content: str


@dataclass
class SortedRows:
    """Rows that can be kept, by kind, and rows that cannot."""

    accepted: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    refused: list[Refused] = field(default_factory=list)


def legacy_id(source: str, kind: str, key: str) -> UUID:
    """Return the number that a legacy row has here: always the same one, so that nothing is adopted twice."""
    return uuid5(NAMESPACE_URL, f"cryokit:legacy:{source}:{kind}:{key}")


def sort_rows(
    legacy_map: LegacyMap,
    content: Mapping[str, list[str]],
    accounts: Mapping[str, str],
    teams: Mapping[str, str],
    progress: Progress | None = None,
) -> SortedRows:
    """
    Decide for each row of a legacy database whether it can be kept.

    Parameters
    ----------
    legacy_map : LegacyMap
        Which table and column is what.
    content : mapping of str to list of str
        Rows by kind, each as JSON.
    accounts : mapping of str to str
        Numbers of the accounts that there are, by name in lower case.
    teams : mapping of str to str
        Numbers of the teams that there are, by name in lower case.
    progress : callable, optional
        Told how many rows of a kind are decided on.

    Returns
    -------
    SortedRows
        Each row once: accepted or refused.
    """
    return _Sorting(legacy_map, content, accounts, teams, progress).result()


class _Sorting:
    def __init__(
        self,
        legacy_map: LegacyMap,
        content: Mapping[str, list[str]],
        accounts: Mapping[str, str],
        teams: Mapping[str, str],
        progress: Progress | None,
    ) -> None:
        self.progress = progress
        self.map = legacy_map
        self.tables = legacy_map.read_tables()
        self.accounts = accounts
        self.teams = teams
        self.content = {kind: list(content.get(kind, [])) for kind in (*KINDS, "property_types")}
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}
        self.copies: list[tuple[str, str, str]] = []
        self.sorted = SortedRows()
        self.accepted: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.reasons: dict[str, dict[str, str]] = {kind: {} for kind in (*KINDS, "property_types")}
        self.texts: dict[tuple[str, str], str] = {}

    def result(self) -> SortedRows:
        """Sort everything, each kind after those that it refers to."""
        for kind in (*KINDS, "property_types"):
            self.rows[kind] = self._by_key(kind)
        self.property_types = {
            key: (self._cell("property_types", row, "name"), self._cell("property_types", row, "unit"))
            for key, row in self.rows["property_types"].items()
        }
        self._each("user_profiles", self._person_row)
        self._refuse_conflicts("user_profiles", lambda row: row["name"].lower(), lambda row: row["id"], "name")
        self._each("molecules", self._molecule_row)
        self._refuse_conflicts("molecules", lambda row: row["inchikey"], lambda row: row["cas"], "structure")
        self._refuse_conflicts(
            "molecules", lambda row: molecules.normalised_name(row["name"]), lambda row: row["inchikey"][:14], "name"
        )
        self._mixtures()
        self._each("molecular_properties", self._property_row)
        if (table := self.map.tables.molecular_properties) and not table.repeats:
            self._refuse_conflicts(
                "molecular_properties", lambda row: row["signature"], lambda row: row["values"]["value"], "measurement"
            )
        self._each("experiments", self._experiment_row)
        self._each("lab_verifications", self._verification_row)
        self._each("predictions", self._prediction_row)
        self._each("shared_items", self._share_row)
        self._refuse_conflicts("shared_items", _item_and_grantee, lambda row: (row["may"], row["expires_at"]), "share")
        return self._finished()

    def _finished(self) -> SortedRows:
        for kind in KINDS:
            self.sorted.accepted[kind] = list(self.accepted[kind].values())
        for kind, key, text in self.copies:
            if (reason := self.reasons[kind].get(key)) is not None:
                self.sorted.refused.append(Refused(kind, key, reason, text))
            else:
                self.sorted.accepted[kind].append({"key": key, "is_copy": True})
        return self.sorted

    # Rows and cells

    def _by_key(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return rows by their key; a key that is missing, or there twice with other content, tells no row."""
        found: dict[str, list[str]] = {}
        for text in self.content[kind]:
            key = self._cell(kind, parsed_row(text), "key")
            if key:
                found.setdefault(key, []).append(text)
            else:
                self.sorted.refused.append(Refused(kind, None, "has no key", text))
        rows = {}
        for key, texts in found.items():
            if len(set(texts)) > 1:
                reason = f"{len(texts)} rows have this key and differ"
                self.reasons[kind][key] = reason
                self.sorted.refused += [Refused(kind, key, reason, text) for text in texts]
                continue
            rows[key] = parsed_row(texts[0])
            self.texts[kind, key] = texts[0]
            self.copies += [(kind, key, text) for text in texts[1:]]
        return rows

    def _cell(self, kind: str, row: Mapping[str, Any], name: str) -> str:
        """Return the text in the column that the map names, empty if there is none."""
        column = getattr(self.tables[kind].columns, name, None)
        return cell_text(row.get(column)) if column else ""

    def _each(self, kind: str, accept: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
        total = len(self.rows[kind])
        for done, (key, row) in enumerate(self.rows[kind].items(), start=1):
            try:
                self.accepted[kind][key] = {"key": key} | accept(key, row)
            except InputError as error:
                self._refuse(kind, key, str(error))
            if self.progress and (done == total or done % _PROGRESS_EVERY == 0):
                self.progress(f"checking {kind}", done, total)

    def _refuse(self, kind: str, key: str, reason: str) -> None:
        self.accepted[kind].pop(key, None)
        self.reasons[kind][key] = reason
        self.sorted.refused.append(Refused(kind, key, reason, self.texts[kind, key]))

    def _refuse_conflicts(
        self,
        kind: str,
        same: Callable[[dict[str, Any]], Hashable],
        differing: Callable[[dict[str, Any]], Hashable],
        what: str,
    ) -> None:
        """Refuse rows that are about the same and say something else: which of them is right cannot be told."""
        groups: dict[Hashable, list[dict[str, Any]]] = {}
        for row in self.accepted[kind].values():
            if same(row) not in ("", None):
                groups.setdefault(same(row), []).append(row)
        for rows in groups.values():
            said = {differing(row) for row in rows} - {"", None}
            if len(said) > 1:
                keys = ", ".join(row["key"] for row in rows)
                for row in rows:
                    self._refuse(kind, row["key"], f"conflicting rows with the same {what}: {keys}; keep one of them")

    def _referred(self, kind: str, key: str) -> dict[str, Any]:
        """Return the accepted row that another one names, or say what is the matter with it."""
        word = _WORDS[kind]
        if not key:
            msg = f"names no {word}"
            raise InputError(msg)
        if key in self.accepted[kind]:
            return self.accepted[kind][key]
        if key in self.reasons[kind]:
            msg = f"{word} {key} is in quarantine: {self.reasons[kind][key]}"
            raise InputError(msg)
        msg = f"{word} {key} is not there"
        raise InputError(msg)

    def _person(self, key: str) -> str:
        named = self.map.people.accounts.get(key)
        return self.accounts[named.lower()] if named else self._referred("user_profiles", key)["id"]

    # People and molecules

    def _person_row(self, key: str, row: dict[str, Any]) -> dict[str, Any]:
        if named := self.map.people.accounts.get(key):
            return {"id": self.accounts[named.lower()], "name": named, "is_new": False}
        if self.map.people.new_accounts is None:
            msg = "people.accounts names no account for this person, and people.new_accounts makes none"
            raise InputError(msg)
        name, own_id = self._cell("user_profiles", row, "name"), str(legacy_id(self.map.source, "user_profiles", key))
        if len(name) not in _NAME_LENGTHS or not name.isprintable():
            msg = f"{name!r} cannot be the name of an account; it must have 2 to 100 printable characters"
            raise InputError(msg)
        if self.accounts.get(name.lower(), own_id) != own_id:
            msg = f"there is an account {name!r} already; if it is the same person, say so in people.accounts"
            raise InputError(msg)
        return {"id": own_id, "name": name, "is_new": True}

    def _molecule_row(self, key: str, row: dict[str, Any]) -> dict[str, Any]:
        name, smiles, stated, cas = (
            self._cell("molecules", row, part) for part in ("name", "smiles", "inchikey", "cas")
        )
        molecule = molecules.parse(smiles)
        if stated and not molecules.matches(smiles, stated):
            msg = f"the InChIKey is {stated}, but the structure gives {molecule.inchikey}"
            raise InputError(msg)
        for text in (name, cas):
            if text and (mismatch := names.structure_mismatch(text, molecule.smiles)):
                raise InputError(mismatch)
        if len(name) > MAX_NAME_LENGTH:
            msg = f"name has {len(name)} characters; at most {MAX_NAME_LENGTH} are allowed"
            raise InputError(msg)
        return {"smiles": molecule.smiles, "inchikey": molecule.inchikey, "name": name, "cas": cas}

    # Mixtures stand or fall with their components: what is left of a composition is another composition.

    def _mixtures(self) -> None:
        parts: dict[str, dict[str, str]] = {}
        broken: dict[str, str] = {}
        for key, row in self.rows["mixture_components"].items():
            mixture = self._cell("mixture_components", row, "mixture")
            if mixture not in self.rows["mixtures"]:
                self._refuse("mixture_components", key, self._why_not("mixtures", mixture))
                continue
            try:
                parts.setdefault(mixture, {})[key] = self._component_text(row)
            except InputError as error:
                self._refuse("mixture_components", key, str(error))
                broken.setdefault(mixture, f"component {key}: {error}")
        for key, row in self.rows["mixtures"].items():
            own = parts.get(key, {})
            try:
                accepted = self._mixture_row(row, own, broken.get(key))
            except InputError as error:
                self._refuse("mixtures", key, str(error))
                for component in own:
                    self._refuse("mixture_components", component, f"mixture {key} is in quarantine: {error}")
                continue
            self.accepted["mixtures"][key] = {"key": key} | accepted
            for component in own:
                self.accepted["mixture_components"][component] = {"key": component, "mixture": key}

    def _why_not(self, kind: str, key: str) -> str:
        try:
            self._referred(kind, key)
        except InputError as error:
            return str(error)
        return ""

    def _component_text(self, row: dict[str, Any]) -> str:
        molecule = self._referred("molecules", self._cell("mixture_components", row, "molecule"))
        amount, unit = (self._cell("mixture_components", row, part) for part in ("amount", "unit"))
        stated = f"{amount} {self.map.tables.mixture_components.units.get(unit, unit)}"
        recipe.parse_amount(stated)
        return f"{_word_for(molecule)}={stated}"

    def _mixture_row(self, row: dict[str, Any], parts: Mapping[str, str], broken: str | None) -> dict[str, Any]:
        if broken:
            msg = f"its composition is not whole: {broken}"
            raise InputError(msg)
        components: tuple[Component, ...] = recipe.parse_recipe("; ".join(parts.values()), names.molecule_named)
        if not components:
            msg = "has no components, or none with an amount"
            raise InputError(msg)
        text = recipe.format_recipe(components)
        return {"name": self._cell("mixtures", row, "name"), "recipe": text, "components": components}

    # Measurements

    def _property_row(self, key: str, row: dict[str, Any]) -> dict[str, Any]:
        molecule = self._referred("molecules", self._cell("molecular_properties", row, "molecule"))
        source = self._cell("molecular_properties", row, "source") or f"{self.map.source}, source not given"
        return self._measurement("molecular_properties", key, row, molecule | {"source": source})

    def _measurement(self, kind: str, key: str, row: dict[str, Any], subject: Mapping[str, Any]) -> dict[str, Any]:
        quantity_name, unit = self._cell(kind, row, "property"), self._cell(kind, row, "unit")
        if "property_types" in self.tables:
            if quantity_name not in self.property_types:
                msg = f"property type {quantity_name or 'null'} is not there"
                raise InputError(msg)
            quantity_name, usual_unit = self.property_types[quantity_name]
            unit = unit or usual_unit
        quantity = self.map.quantity_named(quantity_name)
        if quantity is None:
            msg = f"{quantity_name!r} is not a quantity of the map, so it is not one that cryokit keeps"
            raise InputError(msg)
        stated = {
            "value": self._cell(kind, row, "value"),
            "unit": unit,
            "conditions": self._cell(kind, row, "conditions"),
            "evidence": self.tables[kind].evidence,
            "note": f"adopted from {self.map.source}, {self.tables[kind].table} {key}",
        }
        return legacy_measurements.measurement(quantity, row, stated, subject)

    def _experiment_row(self, key: str, row: dict[str, Any]) -> dict[str, Any]:
        name, protocol, day, owner, mixture, quantity, value = (
            self._cell("experiments", row, part)
            for part in ("name", "protocol", "performed_on", "owner", "mixture", "property", "value")
        )
        accepted = {
            "id": str(legacy_id(self.map.source, "experiments", key)),
            "name": name or f"{self.map.source} experiment {key}",
            "protocol": protocol,
            "performed_on": _day(day),
            "owner_id": self._person(owner) if owner else None,
        }
        subject = self._referred("mixtures", mixture) if mixture else None
        if not (quantity or value):
            return accepted
        if subject is None:
            msg = "states a result, but names no mixture"
            raise InputError(msg)
        source = f"{self.map.source}, experiment {key}"
        return accepted | self._measurement("experiments", key, row, subject | {"source": source})

    # What refers to experiments and measurements

    def _verification_row(self, key: str, row: dict[str, Any]) -> dict[str, Any]:
        experiment, verifier, outcome, note, when = (
            self._cell("lab_verifications", row, part)
            for part in ("experiment", "verifier", "outcome", "note", "verified_at")
        )
        return {
            "id": str(legacy_id(self.map.source, "lab_verifications", key)),
            "experiment_id": self._referred("experiments", experiment)["id"],
            "verifier_id": self._person(verifier),
            "outcome": _mapped(outcome, self.map.tables.lab_verifications.outcomes, "outcome"),
            "note": note,
            "verified_at": _moment(when, "verified_at"),
        }

    def _prediction_row(self, _key: str, _row: dict[str, Any]) -> dict[str, Any]:
        raise InputError(NOT_OUR_MODEL)

    def _share_row(self, key: str, row: dict[str, Any]) -> dict[str, Any]:
        item_type, item, granted_by, user, team, may, created, expires = (
            self._cell("shared_items", row, part)
            for part in ("item_type", "item", "granted_by", "user", "team", "may", "created_at", "expires_at")
        )
        kind = _mapped(item_type, self.map.tables.shared_items.items, "item type")
        shared = self._referred(kind, item)
        if kind not in ("experiments", "molecular_properties"):
            msg = f"a {_WORDS[kind]} is not shared by itself; share the experiments and measurements that it is in"
            raise InputError(msg)
        if bool(user) == bool(team):
            msg = "is shared with a person or with a team, one of the two; this row names " + (
                "both" if user else "none"
            )
            raise InputError(msg)
        began, ends = _moment(created, "created_at"), _moment(expires, "expires_at")
        if ends and ends <= (began or datetime.now(UTC).isoformat()):
            msg = f"has ended before it began: expires_at is {expires}"
            raise InputError(msg)
        return {
            "id": str(legacy_id(self.map.source, "shared_items", key)),
            "experiment_id": shared["id"] if kind == "experiments" else None,
            "measurement": item if kind == "molecular_properties" else None,
            "grantee_user_id": self._person(user) if user else None,
            "grantee_team_id": self._team(team) if team else None,
            "granted_by": self._person(granted_by),
            "may": _mapped(may, self.map.tables.shared_items.permissions, "permission"),
            "created_at": began,
            "expires_at": ends,
        }

    def _team(self, key: str) -> str:
        if key not in self.map.teams:
            msg = f"team {key} is not in teams of the map"
            raise InputError(msg)
        return self.teams[self.map.teams[key].lower()]


def parsed_row(text: str) -> dict[str, Any]:
    """Return a row with its numbers as they are written: no digit is lost, and none is too long."""
    return json.loads(text, parse_int=str, parse_float=str)


def cell_text(value: object) -> str:
    """Return a value of a row as text, empty for null."""
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, bool | dict | list) else str(value).strip()


def _item_and_grantee(row: Mapping[str, Any]) -> tuple:
    return tuple(row[name] for name in ("experiment_id", "measurement", "grantee_user_id", "grantee_team_id"))


def _word_for(row: Mapping[str, Any]) -> str:
    """Return the name of a molecule if a recipe is read back with it, its structure otherwise."""
    wanted = Molecule(row["smiles"], row["inchikey"])
    return row["name"] if row["name"] and _reads_as(row["name"], wanted) else row["smiles"]


def _reads_as(name: str, wanted: Molecule) -> bool:
    try:
        found = recipe.parse_recipe(f"{name}=1 mol/L", names.molecule_named)
    except InputError:
        return False
    return [part.molecule for part in found if part.molecule] == [wanted] and len(found) == 1


def _mapped(text: str, known: Mapping[str, str], what: str) -> str:
    if text not in known:
        msg = f"the {what} is {text or 'null'!r}; the map knows {_listed(known)}"
        raise InputError(msg)
    return known[text]


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts) or "none"


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text[:10]).isoformat() if text else None
    except ValueError as error:
        msg = f"{text!r} is not a day; it must be written 2025-03-31"
        raise InputError(msg) from error


def _moment(text: str, name: str) -> str | None:
    """Return a time in UTC, so that two of them can be compared as text."""
    try:
        found = datetime.fromisoformat(text) if text else None
        if found is None:
            return None
        return (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)).isoformat()
    except (ValueError, OverflowError) as error:
        msg = f"{name} is {text!r}, which is not a time; it must be written 2025-03-31T12:00:00+00:00"
        raise InputError(msg) from error
