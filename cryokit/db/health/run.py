"""Run the checks one after the other and say honestly how each of them ended."""

import difflib
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from time import perf_counter

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from cryokit.db.health.catalogue import Check, program_checks, query_checks
from cryokit.db.health.probe import CannotCheck, Probe
from cryokit.db.health.report import SEVERITIES, UNFINISHED, CheckResult, Finding, HealthReport, unreachable
from cryokit.errors import CryokitError, InputError

TESTED_VERSIONS = (15, 18)
SUPPORTED_VERSIONS = range(14, 19)
Progress = Callable[[int, int], None]


def check_health(
    connect: Callable[[], AbstractContextManager[Connection]],
    place: str,
    schemas: list[str] | None = None,
    deep: bool = False,
    more_checks: Iterable[Check] = (),
    only: Collection[str] = (),
) -> HealthReport:
    """
    Check a database.

    Parameters
    ----------
    connect : callable
        Opens a connection that no pool shares; its errors are those of cryokit.
    place : str
        Where the database is, without login and password, for messages.
    schemas : list of str, optional
        Schemas to look at; all that are not PostgreSQL's own if missing.
    deep : bool
        Whether to read all indexes and tables for corruption too.
    more_checks : iterable of Check
        Checks beside those that any database has.
    only : collection of str
        Names of the checks to ask, as after a fix; all if empty.

    Returns
    -------
    HealthReport
        Always: a server that does not answer is a report with the status error.

    Raises
    ------
    InputError
        If there is no check of a name in `only`.
    """
    checks = _chosen([*query_checks(), *program_checks(), *more_checks], only)
    checked_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        with connect() as connection:
            return _report(Probe(connection, schemas, deep), checked_at, checks)
    except CryokitError as error:
        return unreachable(checked_at, place, str(error))


def _chosen(checks: list[Check], only: Collection[str]) -> list[Check]:
    names = [check.name for check in checks]
    for name in only:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
            msg = f"there is no check {name!r}; names like it: {', '.join(near) or 'none'} (a finding names its check)"
            raise InputError(msg)
    return [check for check in checks if not only or check.name in only]


def _report(probe: Probe, checked_at: str, checks: list[Check]) -> HealthReport:
    results, findings = [], []
    for check in [Check("schemas", _missing_schemas), *checks]:
        result, found = _run(check, probe)
        results.append(result)
        findings += found
        if result.status == "error" and probe.is_broken():
            results += [CheckResult(left.name, "error", 0.0, "the connection was lost", True) for left in checks]
            break
    findings.sort(key=lambda finding: (-SEVERITIES.index(finding.severity), finding.check, finding.object))
    return HealthReport(checked_at, _server(probe), tuple(results), tuple(findings))


def _run(check: Check, probe: Probe) -> tuple[CheckResult, list[Finding]]:
    began = perf_counter()
    probe.limits, probe.samples = [], []
    try:
        found = list(check.ask(probe))
    except CannotCheck as reason:
        result = CheckResult(check.name, "skipped", perf_counter() - began, str(reason), reason.is_unfinished)
        return result, [_unfinished(check, f"not checked: {reason}")] if reason.is_unfinished else []
    except DBAPIError as error:
        said = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
        result = CheckResult(check.name, "error", perf_counter() - began, said, True)
        return result, [_unfinished(check, f"the check itself failed: {said}")]
    seconds = perf_counter() - began
    if probe.limits:
        limits = [
            Finding(UNFINISHED, "warning", check.name, f"not checked: {what}", fix=_REMEDY) for what in probe.limits
        ]
        return CheckResult(check.name, "skipped", seconds, "; ".join(probe.limits), True), found + limits
    status = "finding" if found else "skipped" if probe.samples else "ok"
    return CheckResult(check.name, status, seconds, "; ".join(probe.samples)), found


def _unfinished(check: Check, message: str) -> Finding:
    return Finding(UNFINISHED, "warning", check.name, message, fix=_REMEDY)


_REMEDY = "run the check again when the lock is gone, or with a login that may read (pg_monitor, pg_read_all_data)"


def _missing_schemas(probe: Probe) -> list[Finding]:
    return [
        Finding(
            "schemas", "error", name, "there is no schema of this name", fix="check the spelling; `\\dn` lists them"
        )
        for name in probe.missing_schemas
    ]


def _server(probe: Probe) -> str:
    version = probe.server_version
    major = version // 10_000
    shown = f"PostgreSQL {major}.{version % 10_000}"
    if major not in SUPPORTED_VERSIONS:
        return f"{shown} (not supported: 14 to 18 are)"
    return shown if major in TESTED_VERSIONS else f"{shown} (untested)"
