"""The registry's adoption of legacy rows: all of them in one transaction, none of them twice, counted at the end."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import batched
from typing import Any

import pandas as pd

from cryokit.db.queries import queries
from cryokit.db.registry import Registry
from cryokit.db.tables import json_text
from cryokit.domain import Molecule
from cryokit.errors import IntegrityCheckError

_TOPIC = "adoption"
_BATCH = 2000
_MEASURED = ("molecular_properties", "experiments")

Rows = list[dict[str, Any]]


class Adoption(Registry):
    """
    Keeping rows of a legacy database, as maintenance.

    `adopt` and `quarantine` belong inside one `transaction`, with `check` at its end.
    """

    def wait_for_others(self) -> None:
        """Let only one adoption at a time be under way."""
        self._run("one_at_a_time")

    def account_ids(self) -> dict[str, str]:
        """Return the numbers of the accounts by name in lower case."""
        return {row.name: row.id for row in self._run("account_ids")}

    def team_ids(self) -> dict[str, str]:
        """Return the numbers of the teams by name in lower case."""
        return {row.name: row.id for row in self._run("team_ids")}

    def add_team(self, name: str) -> str:
        """Make a team without members and return its number."""
        return self._run("add_team", name=name)[0].id

    def adopt(
        self, rows: Mapping[str, Rows], team_id: str | None, role: str | None, new_hash: Callable[[], str]
    ) -> dict[str, list[bool]]:
        """
        Keep rows and return for each of them, by kind, whether it was new.

        Parameters
        ----------
        rows : mapping of str to list of dict
            Rows by kind, each kind after those that it refers to.
        team_id : str or None
            Team of measurements and experiments; None for rows that are private to the installation.
        role : str or None
            Role of new accounts.
        new_hash : callable
            Gives the hash of a password that nobody knows.
        """
        self._role, self._new_hash, self._team_id = role, new_hash, team_id
        self._checksums: dict[tuple[str, str], str] = {}
        self._expected: dict[str, tuple[int, dict[str, Any]]] = {}
        steps = {kind: getattr(self, f"_keep_{kind}", None) for kind in rows}
        return {kind: self._with_copies(rows[kind], step) for kind, step in steps.items()}

    def _with_copies(self, rows: Rows, keep: Callable[[Rows], list[bool]] | None) -> list[bool]:
        """Keep what is not a copy of another row; a copy is there already."""
        own = [row for row in rows if not row.get("is_copy")]
        are_new = iter(keep(own) if own and keep else [])
        return [False if row.get("is_copy") else next(are_new) for row in rows]

    def _keep_user_profiles(self, rows: Rows) -> list[bool]:
        known = set(self.account_ids().values())
        fresh = [
            {"id": row["id"], "name": row["name"], "password_hash": self._new_hash()}
            for row in rows
            if row["is_new"] and row["id"] not in known
        ]
        new = self._ids_of("keep_accounts", fresh, role=self._role)
        self._expect("user_profiles", [row["id"] for row in rows])
        return [row["id"] in new for row in rows]

    def _keep_molecules(self, rows: Rows) -> list[bool]:
        new = self.keep_molecules([Molecule(row["smiles"], row["inchikey"]) for row in rows])
        for kind in ("name", "cas"):
            named = [{"inchikey": row["inchikey"], "kind": kind, "value": row[kind]} for row in rows if row[kind]]
            self._in_batches("keep_identifiers", named)
        self._expect("molecules", [row["inchikey"] for row in rows])
        return _first_of_each((row["inchikey"] for row in rows), new)

    def _keep_mixtures(self, rows: Rows) -> list[bool]:
        keys, new = self.keep_mixtures([row["components"] for row in rows])
        are_new = _first_of_each(keys, new)
        self._new_mixtures = {row["key"] for row, is_new in zip(rows, are_new, strict=True) if is_new}
        sizes = {key: len(row["components"]) for key, row in zip(keys, rows, strict=True)}
        self._expect("mixtures", keys)
        self._expected["mixture_components"] = (sum(sizes.values()), {"keys": list(sizes)})
        return are_new

    def _keep_mixture_components(self, rows: Rows) -> list[bool]:
        """Components were kept with their mixtures."""
        return [row["mixture"] in self._new_mixtures for row in rows]

    def _keep_molecular_properties(self, rows: Rows) -> list[bool]:
        new = self._keep_measurements("molecular_properties", rows)
        return _first_of_each((self._checksums["molecular_properties", row["key"]] for row in rows), new)

    def _keep_experiments(self, rows: Rows) -> list[bool]:
        plain = [{name: value for name, value in row.items() if name != "values"} for row in rows]
        new = self._ids_of("keep_experiments", plain, team_id=self._team_id)
        measured = [row for row in rows if "values" in row]
        self._keep_measurements("experiments", measured)
        links = [
            {"row_sha256": self._checksums["experiments", row["key"]], "experiment_id": row["id"]} for row in measured
        ]
        self._in_batches("link_measurements", links)
        self._expect("experiments", [row["id"] for row in rows])
        return [row["id"] in new for row in rows]

    def _keep_measurements(self, kind: str, rows: Rows) -> set[str]:
        """Keep the measured values of rows and return the checksums of those that were new."""
        new: set[str] = set()
        for target in sorted({row["target"] for row in rows}):
            own = [row for row in rows if row["target"] == target]
            frame = pd.DataFrame([row["values"] for row in own])
            checksums = self.row_checksums(frame, target)
            known = self.frame("measurements", "known_measurements", checksums=checksums, owner_id=None)
            new |= set(checksums) - set(known["row_sha256"])
            self.store_measurements(frame, target, is_public=False, team_id=self._team_id)
            self._checksums |= {(kind, row["key"]): found for row, found in zip(own, checksums, strict=True)}
        return new

    def _keep_lab_verifications(self, rows: Rows) -> list[bool]:
        new = self._ids_of("keep_verifications", rows)
        self._expect("lab_verifications", [row["id"] for row in rows])
        return [row["id"] in new for row in rows]

    def _keep_shared_items(self, rows: Rows) -> list[bool]:
        checksums = [self._checksums["molecular_properties", row["measurement"]] for row in rows if row["measurement"]]
        found = {row.row_sha256: row.id for row in self._run("measurement_ids", checksums=checksums)}
        full = [
            row | {"measurement_id": found.get(self._checksums.get(("molecular_properties", row["measurement"])))}
            for row in rows
        ]
        new = self._ids_of("keep_shares", full)
        self._expected["shared_items"] = (len(full), {"rows": json_text(full)})
        return [row["id"] in new for row in rows]

    # Quarantine

    def quarantine(self, source: str, refused: Rows, accepted: set[tuple[str, str]]) -> int:
        """
        Keep refused rows and return how many were new there.

        Parameters
        ----------
        source : str
            Name of the legacy database.
        refused : list of dict
            Table, key, reason, and the whole row as JSON.
        accepted : set of (str, str)
            Table and key of rows that were not refused; if they were before, that is over.
        """
        held = self._run("quarantined", source=source)
        ids = [row.id for row in held if (row.table_name, row.key) in accepted]
        self._run_many("leave_quarantine", ids)
        left = set(ids)
        known = {_as_held(row) for row in held if row.id not in left}
        new = [row for row in refused if _as_refused(row) not in known]
        self._in_batches("quarantine", new)
        return len(new)

    # Counting

    def _expect(self, kind: str, keys: Iterable[str]) -> None:
        distinct = sorted(set(keys))
        self._expected[kind] = (len(distinct), {"keys": distinct})

    def check(self, source: str, refused: Rows) -> None:
        """Count in the database what was adopted; raise if something is not there."""
        counted = {kind: (number, self._count(kind, given)) for kind, (number, given) in self._expected.items()}
        measured = sorted(set(self._checksums.values()))
        counted["measurements"] = (len(measured), self._count("measurements", {"keys": measured}))
        held = Counter(map(_as_held, self._run("quarantined", source=source)))
        wanted = Counter(map(_as_refused, refused))
        counted["quarantined rows"] = (wanted.total(), (wanted & held).total())
        wrong = [f"{kind}: {want} expected, {got} there" for kind, (want, got) in counted.items() if want != got]
        if wrong:
            msg = f"the counts do not agree, so nothing was adopted: {'; '.join(wrong)}; keep the message and report it"
            raise IntegrityCheckError(msg, wrong)

    def _count(self, kind: str, given: Mapping[str, Any]) -> int:
        return self._run(f"count_{kind}", **given)[0][0]

    def record_adoption(self, source: str, detail: Mapping[str, Any]) -> None:
        """Write down who adopted what."""
        given = {"action": "legacy_adopted", "object": source, "detail": json_text(detail)}
        with self.transaction() as connection:
            connection.execute(queries("integrity")["audit"], given)

    # Statements

    def _run(self, name: str, /, **parameters: object) -> list[Any]:
        with self.transaction() as connection:
            return list(connection.execute(queries(_TOPIC)[name], parameters))

    def _run_many(self, name: str, ids: list[int]) -> None:
        with self.transaction() as connection:
            for batch in batched(ids, _BATCH):
                connection.execute(queries(_TOPIC)[name], {"ids": list(batch)})

    def _ids_of(self, name: str, rows: Rows, /, **parameters: object) -> set[str]:
        found = (self._run(name, rows=json_text(batch), **parameters) for batch in batched(rows, _BATCH))
        return {row.id for batch in found for row in batch}

    def _in_batches(self, name: str, rows: Rows) -> None:
        """Run a statement that returns nothing over rows."""
        with self.transaction() as connection:
            for batch in batched(rows, _BATCH):
                connection.execute(queries(_TOPIC)[name], {"rows": json_text(batch)})


def _as_held(row: Any) -> tuple[str, ...]:
    return (row.table_name, row.key, row.reason, row.content_sha256)


def _as_refused(row: Mapping[str, Any]) -> tuple[str, ...]:
    checksum = hashlib.sha256(row["content"].encode()).hexdigest()
    return (row["table_name"], row["key"]["key"], row["reason"], checksum)


def _first_of_each(keys: Iterable[str], new: set[str]) -> list[bool]:
    """Say for each key whether it is new and comes for the first time."""
    left, found = set(new), []
    for key in keys:
        found.append(key in left)
        left.discard(key)
    return found
