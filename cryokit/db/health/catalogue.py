"""The catalogue of checks: each named query of sql/queries/health_*.sql, and the checks that need a program."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import TextClause

from cryokit.db.health.probe import CannotCheck, Probe
from cryokit.db.health.report import Finding
from cryokit.db.queries import queries

TOPICS = ("health_schema", "health_integrity", "health_access", "health_rights", "health_performance")
_NEEDS = re.compile(r"^-- needs: (server|extension|role) (\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Check:
    """A named question to a database, answered by findings."""

    name: str
    ask: Callable[[Probe], Iterable[Finding]]


def query_checks() -> list[Check]:
    """Return a check for each query of the catalogue."""
    return [Check(name, _asker(name, query)) for topic in TOPICS for name, query in queries(topic).items()]


def program_checks() -> list[Check]:
    """Return the checks that ask several questions and compare the answers."""
    # Here: a parser of SQL and a reader of structures come with them, and most commands check nothing.
    from cryokit.db.health import access, integrity, performance

    return [
        Check(name, ask)
        for checks in (integrity.CHECKS, access.CHECKS, performance.CHECKS)
        for name, ask in checks.items()
    ]


def _asker(name: str, query: TextClause) -> Callable[[Probe], list[Finding]]:
    needs = _NEEDS.findall(str(query))

    def ask(probe: Probe) -> list[Finding]:
        for kind, wanted in needs:
            _refuse_unless_present(probe, kind, wanted)
        if "locked" in query._bindparams:
            for table in probe.locked_names():
                probe.skip_part(f"{table} is locked by another session")
        return [Finding(check=name, **row) for row in probe.ask(query)]

    return ask


def _refuse_unless_present(probe: Probe, kind: str, wanted: str) -> None:
    if kind == "server" and probe.server_version < int(wanted) * 10_000:
        msg = f"needs PostgreSQL {wanted} or newer"
        raise CannotCheck(msg)
    if kind == "role":
        probe.require_role(wanted)
    if kind == "extension" and wanted not in probe.extensions:
        msg = f"needs the extension {wanted}, which this database does not have"
        raise CannotCheck(msg)
