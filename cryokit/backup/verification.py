"""Verify a database that was restored: everything that the issue of trust rests on, each line with what was found."""

import contextlib
import contextvars
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
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
from cryokit.db.queries import queries
from cryokit.errors import CommandError, CryokitError, IntegrityCheckError

_AMCHECK = "CREATE EXTENSION IF NOT EXISTS amcheck WITH SCHEMA pg_catalog"
_NO_AMCHECK = "DROP EXTENSION IF EXISTS amcheck"
_EVERY_SECONDS = 0.1
_CHECKS_BESIDE = 3


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
    # These read, and only the check of pages makes an extension for itself, which none of the others looks at. Those of
    # access change rows, which are rolled back, so what the others found is known before.
    with beside(database) as side:
        health = side.begin(_error_findings, database)
        problems = side.begin(_line, "relationships, keys, policies", lambda: _no_problems(database))
        contents = side.begin(_contents, database)
        tell("verifying pages and indexes, health, relationships, rows and content", 0.0)
        pages = _line("pages and indexes", lambda: _amcheck(database, settings))
        findings, broken = health.result(), problems.result()
        tell("verifying access", 0.6)
        access = _line("access", lambda: _access(database))
        tell("verifying rows and content", 0.8)
        found = contents.result()
    rows = _line("rows and content", lambda: _equal(expected, found))
    known = _line("health", lambda: _no_new(findings, known_findings))
    return Verification((rows, broken, access, pages, known), found, findings)


class _Side:
    """Threads beside the main one, in which checks are made."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_CHECKS_BESIDE)
        self._begun: list[Future] = []

    def begin(self, check: Callable[..., Any], *given: Any) -> Future:
        """Have a check made; what it raises comes with its result."""
        self._begun.append(self._pool.submit(contextvars.copy_context().run, check, *given))
        return self._begun[-1]

    def end(self, database: Database) -> None:
        """Begin no more checks, and have the server end those that are being made."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        while under_way := [check for check in self._begun if not check.done()]:
            with contextlib.suppress(CryokitError), database.bootstrap() as connection:
                connection.execute(queries("backups")["end_others"])
            wait(under_way, _EVERY_SECONDS)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown()


@contextlib.contextmanager
def beside(database: Database) -> Iterator[_Side]:
    """Let checks be made beside others; when these end early, by an error or a cancellation, so do those."""
    side = _Side()
    try:
        yield side
    except BaseException:
        side.end(database)
        raise
    finally:
        side.close()


def _contents(database: Database) -> dict[str, Any]:
    with database.bootstrap() as connection, connection.begin():
        return contents_of(connection)


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
    argv += ["--jobs", str(os.cpu_count() or 1)]
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
