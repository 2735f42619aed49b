"""Adoption: rows of a legacy database become rows of ours, or are quarantined with the reason."""

from collections import Counter
from pathlib import Path
from typing import Any

from cryokit import accounts
from cryokit.db.engine import place_of
from cryokit.db.legacy import LegacyContent, Progress, WantedTable, read_legacy
from cryokit.db.registry_adoption import Adoption as AdoptionRegistry
from cryokit.errors import IntegrityCheckError, NotFoundError
from cryokit.paths import shared_folder
from cryokit.sources.legacy import SortedRows, sort_rows
from cryokit.sources.legacy_map import KINDS, LegacyMap, read_map
from cryokit.workbench.integrity import Integrity

LOADED, ALREADY_THERE, QUARANTINED = "loaded", "already_there", "quarantined"


class Adoption(Integrity):
    """Adopt legacy databases; for maintenance and admins."""

    def adopt(
        self, url: str, map_file: Path | None = None, apply: bool = False, progress: Progress | None = None
    ) -> dict[str, Any]:
        """
        Bring the rows of a legacy database into ours, in one transaction; without `apply` it is rolled back.

        Parameters
        ----------
        url : str
            Address of the legacy database, which is only read.
        map_file : Path, optional
            What its tables and columns correspond to; the map for CryoProtect if missing.
        apply : bool
            Whether to keep what was done.
        progress : callable, optional
            Told how far reading and checking are.

        Returns
        -------
        dict
            Counts by table, and for each row what became of it.
        """
        self._refuse_unless_admin()
        wanted = read_map(map_file or shared_folder("sql") / "adoption" / "cryoprotect_map.yml")
        content = read_legacy(url, wanted.schema_name, _tables(wanted), wanted.condition_columns(), progress)
        database = self.database.maintained_by(self.identity) if self.identity else self.database
        registry = AdoptionRegistry(database)
        with registry.transaction() as connection:
            report = _adopted(registry, wanted, content, progress) | {"place": place_of(url), "applied": apply}
            if not apply:
                connection.get_transaction().rollback()
        return report


def _tables(wanted: LegacyMap) -> dict[str, WantedTable]:
    found = {}
    for kind, table in wanted.read_tables().items():
        columns = tuple(column for column in table.columns.model_dump().values() if column is not None)
        found[kind] = WantedTable(table.table, columns, f"tables.{kind}")
    return found


def _adopted(
    registry: AdoptionRegistry, wanted: LegacyMap, content: LegacyContent, progress: Progress | None
) -> dict[str, Any]:
    registry.wait_for_others()
    known_accounts, teams = registry.account_ids(), registry.team_ids()
    new_team = wanted.team if wanted.create_team and wanted.team.lower() not in teams else None
    if new_team:
        teams[new_team.lower()] = registry.add_team(new_team)
    _refuse_unknown(wanted, known_accounts, teams)
    rows = sort_rows(wanted, content.rows, known_accounts, teams, progress)
    team_id = teams[wanted.team.lower()] if wanted.team else None
    are_new = registry.adopt(rows.accepted, team_id, wanted.people.new_accounts, _unknown_hash)
    refused = _refused(rows, wanted)
    fresh = registry.quarantine(wanted.source, refused, _accepted(rows, wanted))
    registry.check(wanted.source, refused)
    outcomes = _outcomes(rows, are_new, wanted)
    report = {
        "source": wanted.source,
        "tables": _counts(outcomes, content),
        "new_in_quarantine": fresh,
        "new_team": new_team,
        "new_accounts": _new_accounts(rows, are_new),
        "columns_not_read": content.secret_columns,
        "tables_not_read": content.other_tables,
    }
    registry.record_adoption(wanted.source, report)
    return report | {"rows": outcomes}


def _unknown_hash() -> str:
    """Return the hash of a password that nobody will ever know."""
    return accounts.hash_password(accounts.random_password())


def _refuse_unknown(wanted: LegacyMap, known_accounts: dict[str, str], teams: dict[str, str]) -> None:
    for name in wanted.people.accounts.values():
        if name.lower() not in known_accounts:
            msg = f"people.accounts names {name!r}, but there is no such account; see `cryokit user list`"
            raise NotFoundError(msg)
    for name in [*wanted.teams.values(), *([wanted.team] if wanted.team else [])]:
        if name.lower() not in teams:
            msg = f"the map names the team {name!r}, but there is no such team; make it, or let create_team make `team`"
            raise NotFoundError(msg)


def _refused(rows: SortedRows, wanted: LegacyMap) -> list[dict[str, Any]]:
    tables = wanted.read_tables()
    return [
        {
            "table_name": tables[row.kind].table,
            "key": {"source": wanted.source, "key": row.key},
            "reason": row.reason,
            "content": row.content,
        }
        for row in rows.refused
    ]


def _accepted(rows: SortedRows, wanted: LegacyMap) -> set[tuple[str, str]]:
    tables = wanted.read_tables()
    return {(tables[kind].table, row["key"]) for kind in KINDS for row in rows.accepted[kind]}


def _outcomes(rows: SortedRows, are_new: dict[str, list[bool]], wanted: LegacyMap) -> list[dict[str, Any]]:
    """Return what became of each row, by kind in their order."""
    found = []
    for kind, table in wanted.read_tables().items():
        named = {"kind": kind, "table": table.table}
        for row, is_new in zip(rows.accepted.get(kind, []), are_new.get(kind, []), strict=True):
            outcome = LOADED if is_new else ALREADY_THERE
            found.append(named | {"key": row["key"], "outcome": outcome, "reason": ""})
        refused = (row for row in rows.refused if row.kind == kind)
        found += [named | {"key": row.key, "outcome": QUARANTINED, "reason": row.reason} for row in refused]
    return found


def _counts(outcomes: list[dict[str, Any]], content: LegacyContent) -> dict[str, dict[str, int]]:
    """Return the counts by kind; every row that was read must have become one of the three."""
    ends = Counter((row["kind"], row["outcome"]) for row in outcomes)
    counts = {}
    for kind in content.rows.keys() & set(KINDS):
        parts = {outcome: ends[kind, outcome] for outcome in (LOADED, ALREADY_THERE, QUARANTINED)}
        counts[kind] = {"in": len(content.rows[kind])} | parts
        if sum(parts.values()) != counts[kind]["in"]:
            msg = f"{kind}: {counts[kind]['in']} rows were read, but {sum(parts.values())} were decided on"
            raise IntegrityCheckError(msg, [msg])
    return {kind: counts[kind] for kind in KINDS if kind in counts}


def _new_accounts(rows: SortedRows, are_new: dict[str, list[bool]]) -> list[str]:
    pairs = zip(rows.accepted["user_profiles"], are_new["user_profiles"], strict=True)
    return sorted(row["name"] for row, is_new in pairs if is_new)
