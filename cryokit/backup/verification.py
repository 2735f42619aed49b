"""Verify a database that was restored: everything that the issue of trust rests on, each line with what was found."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from cryokit.backup.contents import contents_of, differences
from cryokit.backup.progress import Teller, silent
from cryokit.config import Settings
from cryokit.db import drift, programs
from cryokit.db.access import verify_access
from cryokit.db.engine import Database
from cryokit.db.health import check_health
from cryokit.db.integrity import find_problems
from cryokit.errors import CommandError, IntegrityCheckError

_AMCHECK = "CREATE EXTENSION IF NOT EXISTS amcheck WITH SCHEMA pg_catalog"
_NO_AMCHECK = "DROP EXTENSION IF EXISTS amcheck"


@dataclass(frozen=True)
class Line:
    """One line of the table of a verification."""

    check: str
    status: str
    detail: str


@dataclass(frozen=True)
class Verification:
    """What a restored database holds and how it did in each check."""

    lines: tuple[Line, ...]
    contents: dict[str, Any]
    findings: list[str]

    @property
    def is_passed(self) -> bool:
        """Whether every check passed; one that could not be made did not."""
        return all(line.status == "pass" for line in self.lines)

    def as_rows(self) -> list[dict[str, str]]:
        """Return the lines as a table."""
        return [asdict(line) for line in self.lines]

    def require_passed(self, what: str) -> None:
        """Raise with every line that did not pass."""
        if not self.is_passed:
            wrong = [f"{line.check}: {line.detail}" for line in self.lines if line.status != "pass"]
            msg = f"{what} failed its verification: {'; '.join(wrong)}"
            raise IntegrityCheckError(msg, wrong)


def verify_restored(
    database: Database,
    settings: Settings,
    expected: dict[str, Any] | None,
    known_findings: list[str] | None = None,
    tell: Teller = silent,
) -> Verification:
    """
    Check a database that was just restored.

    Parameters
    ----------
    database : Database
        The restored one, with its server running.
    settings : Settings
        Whose programs are used.
    expected : dict, optional
        Contents that it must have; without them what is found is only noted, as at a set's first proof.
    known_findings : list of str, optional
        What the health check found when the set was proved: the database came with that.
    tell : Teller
        Hears of each step.
    """
    tell("counting and hashing the rows", 0.0)
    with database.bootstrap() as connection, connection.begin():
        found = contents_of(connection)
    tell("checking the health of the database", 0.2)
    findings = _error_findings(database)
    checks: dict[str, Callable[[], str]] = {
        "rows and content": lambda: _equal(expected, found),
        "relationships, keys, policies": lambda: _no_problems(database),
        "access": lambda: _access(database),
        "pages and indexes": lambda: _amcheck(database, settings),
        "health": lambda: _no_new(findings, known_findings),
    }
    lines = []
    for done, (name, check) in enumerate(checks.items()):
        tell(f"verifying {name}", 0.4 + 0.6 * done / len(checks))
        lines.append(_line(name, check))
    return Verification(tuple(lines), found, findings)


def _line(name: str, check: Callable[[], str]) -> Line:
    try:
        return Line(name, "pass", check())
    except (IntegrityCheckError, CommandError) as error:
        return Line(name, "fail", str(error))


def _equal(expected: dict[str, Any] | None, found: dict[str, Any]) -> str:
    rows = sum(table["rows"] for table in found["tables"].values())
    if expected is None:
        return f"noted: {len(found['tables'])} tables, {rows} rows"
    if wrong := differences(expected, found):
        raise IntegrityCheckError("; ".join(wrong), wrong)
    return f"{len(found['tables'])} tables, {rows} rows, structure and roles equal the manifest"


def _no_problems(database: Database) -> str:
    if problems := find_problems(database):
        words = [str(problem.as_dict()) for problem in problems]
        raise IntegrityCheckError("; ".join(words[:5]), words)
    return "all were scanned, none is broken"


def _access(database: Database) -> str:
    report = verify_access(database)
    if report.mismatches:
        raise IntegrityCheckError("; ".join(map(str, report.mismatches[:5])), list(map(str, report.mismatches)))
    return f"{report.cells} sentences and {report.escapes} escapes tried"


def _amcheck(database: Database, settings: Settings) -> str:
    with database.bootstrap() as connection, connection.begin():
        connection.exec_driver_sql(_AMCHECK)
    argv = [programs.pg_bindir(settings) / "pg_amcheck", "--heapallindexed", "--parent-check", "--no-dependent-toast"]
    try:
        programs.run_here([*argv, database.bootstrap_url()], database.bootstrap_secret())
    finally:
        with database.bootstrap() as connection, connection.begin():
            connection.exec_driver_sql(_NO_AMCHECK)
    return "pg_amcheck found no corruption"


def _error_findings(database: Database) -> list[str]:
    report = check_health(database.maintenance, database.place(), more_checks=drift.drift_checks())
    broken = [
        f"{check.name} could not be checked: {check.detail}" for check in report.checks if check.status == "error"
    ]
    return sorted(broken + [f"{one.check} {one.object}" for one in report.findings if one.severity == "error"])


def _no_new(findings: list[str], known: list[str] | None) -> str:
    if known is None:
        return f"noted: {len(findings)} findings of severity error"
    if fresh := [finding for finding in findings if finding not in known]:
        raise IntegrityCheckError("; ".join(fresh), fresh)
    return f"no finding of severity error that was not there before ({len(known)})"
