"""The health check of backups: missing, old, not proved, in one place only."""

from cryokit.db.health.catalogue import Check
from cryokit.db.health.probe import Probe
from cryokit.db.health.report import Finding
from cryokit.db.queries import queries

_CHECK = "backups"
_OBJECT = "cryo.backup_set"
GRACE_HOURS = 24
"""How long a new installation may be without its first backup."""
OLD_HOURS = 36
"""A nightly backup that is this old has been missed."""


def protection_checks() -> list[Check]:
    """Return the check of backups."""
    return [Check(_CHECK, _protection)]


def _protection(probe: Probe) -> list[Finding]:
    [found] = probe.ask(queries("backups")["protection"])
    findings = []
    if found["proved_hours"] is None:
        if found["age_hours"] is not None and found["age_hours"] > GRACE_HOURS:
            findings.append(_finding("error", "there is no proved backup", "run `cryokit backup create`"))
    elif found["proved_hours"] > OLD_HOURS:
        message = f"the newest proved backup is {found['proved_hours']:.0f} hours old"
        findings.append(_finding("error", message, "run `cryokit backup create`; see why `ops/backup.sh` did not"))
    if found["from_the_future"]:
        message = f"said to be made later than now: {', '.join(found['from_the_future'])}; the clock was wrong"
        findings.append(_finding("warning", message, "run `cryokit backup create`, with `timedatectl` saying the time"))
    if found["unproved"]:
        message = f"not proved by restoring: {', '.join(found['unproved'])}"
        findings.append(_finding("warning", message, "run `cryokit backup verify ID --deep`"))
    if found["proved_hours"] is not None and (found["remote_hours"] is None or found["remote_hours"] > OLD_HOURS):
        age = "none" if found["remote_hours"] is None else f"the newest is {found['remote_hours']:.0f} hours old"
        message = f"backups that would outlive this machine: {age}"
        severity = "info" if found["remote_hours"] is None else "warning"
        findings.append(_finding(severity, message, "set CRYOKIT_BACKUP_REMOTE and run `cryokit backup sync`"))
    return findings


def _finding(severity: str, message: str, fix: str) -> Finding:
    return Finding(_CHECK, severity, _OBJECT, message, {}, fix)
