"""Health of any PostgreSQL database: what was checked, what was found, what to do about it."""

from cryokit.db.health.report import CheckResult, Finding, HealthReport
from cryokit.db.health.run import check_health

__all__ = ["CheckResult", "Finding", "HealthReport", "check_health"]
