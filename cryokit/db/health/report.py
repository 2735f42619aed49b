"""What a health check says: results of checks, findings, and one verdict over them."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from cryokit.errors import InputError

SEVERITIES = ("info", "warning", "error")
STATUSES = ("ok", "finding", "skipped", "error")
UNFINISHED, CONNECTION = "unfinished", "connection"
"""Check names of findings that say what could not be looked at."""
_ABOUT_THE_RUN = {UNFINISHED, CONNECTION}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the object it is about, why, how it was seen, and what to do."""

    check: str
    severity: str
    object: str
    message: str
    evidence: dict[str, Any] = field(default_factory=dict)
    fix: str = ""


@dataclass(frozen=True)
class CheckResult:
    """How one check ended: ok, finding, skipped or error; `detail` says why it was skipped or failed."""

    name: str
    status: str
    seconds: float
    detail: str = ""
    is_unfinished: bool = False
    """Whether something that applies here could not be looked at: a lock, a missing right, a time limit, a failure."""


@dataclass(frozen=True)
class HealthReport:
    """Everything that one run found."""

    checked_at: str
    server: str
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]

    @property
    def status(self) -> str:
        """Verdict: error if a check failed, findings if there are any, ok if all that applies was checked and clean."""
        if not self.checks or any(check.status == "error" for check in self.checks):
            return "error"
        return "findings" if self.findings else "ok"

    @property
    def is_reachable(self) -> bool:
        """Whether the server answered."""
        return all(check.name != CONNECTION for check in self.checks)

    @property
    def verdict(self) -> str:
        """One line: how many findings of each severity, and what could not be looked at."""
        unfinished = sum(check.is_unfinished for check in self.checks)
        missed = f"; {unfinished} of {len(self.checks)} checks could not be finished" if unfinished else ""
        if not self.is_reachable:
            return "error: the database does not answer"
        counts = self.counts()
        if not any(counts.values()):
            return f"{self.status}: {len(self.checks)} checks, nothing found{missed}"
        shown = ", ".join(f"{counts[name]} {name}" for name in reversed(SEVERITIES) if counts[name])
        return f"{self.status}: {shown}, by {len(self.checks)} checks{missed}"

    def counts(self) -> dict[str, int]:
        """Return the number of findings of each severity."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    def exit_code(self, fail_on: str = "error") -> int:
        """Return 1 for findings at or above a severity, 2 if something could not be checked, otherwise 0."""
        if fail_on not in SEVERITIES:
            msg = f"severity {fail_on!r} is unknown; use {', '.join(SEVERITIES)}"
            raise InputError(msg)
        at_or_above = SEVERITIES[SEVERITIES.index(fail_on) :]
        if any(finding.severity in at_or_above for finding in self.findings if finding.check not in _ABOUT_THE_RUN):
            return 1
        is_unfinished = self.status == "error" or any(check.is_unfinished for check in self.checks)
        return 2 if is_unfinished else 0

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON holds it."""
        return {
            "status": self.status,
            "checked_at": self.checked_at,
            "server": self.server,
            "checks": [_without_empty(check) for check in self.checks],
            "findings": [asdict(finding) for finding in self.findings],
        }


def _without_empty(check: CheckResult) -> dict[str, Any]:
    shown = {"name": check.name, "status": check.status, "seconds": round(check.seconds, 3)}
    return shown | ({"detail": check.detail} if check.detail else {})


def unreachable(checked_at: str, place: str, message: str) -> HealthReport:
    """Return the report on a server that does not answer: nothing was checked, so nothing is healthy."""
    finding = Finding(CONNECTION, "error", place, message, fix="start the server, or check address, login and network")
    check = CheckResult(CONNECTION, "error", 0.0, message, is_unfinished=True)
    return HealthReport(checked_at, "unknown", (check,), (finding,))
