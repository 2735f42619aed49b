"""Health: what answers, what the database holds, which models can be loaded."""

from collections.abc import Callable, Collection
from typing import Any

import pandas as pd

from cryokit.backup.health import file_checks
from cryokit.db import drift, migrations
from cryokit.db.engine import Database, connection_to, place_of
from cryokit.db.health import HealthReport, check_health
from cryokit.db.health.report import SEVERITIES, STATUSES
from cryokit.db.protection import protection_checks
from cryokit.errors import ConflictError, CryokitError
from cryokit.workbench import outside
from cryokit.workbench.core import Core

__all__ = ["SEVERITIES", "STATUSES", "Health", "HealthReport"]


class Health(Core):
    """Check the parts that a prediction needs."""

    def readiness(self) -> dict[str, dict[str, str]]:
        """Return for each part whether it passes, and what was found."""
        return {name: _result(check) for name, check in self._checks().items()}

    def require_ready(self) -> None:
        """Raise the error of the first part that does not pass."""
        for check in self._checks().values():
            check()

    def _checks(self) -> dict[str, Callable[[], str]]:
        return {
            "database": self._check_database,
            "schema": self._check_schema,
            "models": self._check_models,
            "dask": lambda: outside.check_dask(self.settings.dask_address),
            "disk": lambda: outside.check_disk(self.settings.state_dir),
        }

    def _check_database(self) -> str:
        self.database.ping()
        return f"PostgreSQL {self.registry.server_version()} answers"

    def _check_schema(self) -> str:
        if missing := migrations.pending(self.database):
            msg = f"not applied yet: {', '.join(missing)}; run `cryokit db migrate`"
            raise ConflictError(msg)
        return f"revision {migrations.revision(self.database)}"

    def _check_models(self) -> str:
        from cryokit.models import artifacts  # with scikit-learn, which takes seconds

        versions = self.models()
        current = versions[versions["is_current"].astype(bool)]
        for sha256 in current["artifact_sha256"]:
            artifacts.verify(sha256, self.settings.artifacts_dir)
        return f"{len(current)} current artifacts present, checksums equal"

    def database_health(
        self,
        url: str | None = None,
        schemas: list[str] | None = None,
        deep: bool = False,
        only: Collection[str] = (),
    ) -> HealthReport:
        """Return what is wrong with a database: this one, or another PostgreSQL database that an address names."""
        if url is not None:
            return check_health(lambda: connection_to(url), place_of(url), schemas, deep, only=only)
        database = self._database or Database.open(self.settings, start=False)
        own_checks = [*drift.drift_checks(), *protection_checks(), *file_checks(self.settings)]
        return check_health(database.maintenance, database.place(), schemas, deep, own_checks, only)

    def check_database(self) -> HealthReport:
        """Check this database, remember what was found, and forget what is kept for a time only, if it answers."""
        self._refuse_unless_admin()
        report = self.database_health()
        if report.is_reachable:
            self.registry.store_health_run(report)
            self.maintenance.forget_request_keys()
        return report

    def findings_table(self, report: HealthReport) -> pd.DataFrame:
        """Return the findings of a report, the worst first."""
        columns = ["severity", "object", "message", "fix", "check"]
        return pd.DataFrame([vars(finding) for finding in report.findings], columns=columns).set_index("severity")

    def unanswered_checks(self, report: HealthReport) -> pd.DataFrame:
        """Return the checks that were skipped or failed, and why: none of them says that all is well."""
        left = [vars(check) for check in report.checks if check.status in ("skipped", "error")]
        return pd.DataFrame(left, columns=["name", "status", "detail"]).set_index("name")

    def newest_health_report(self) -> dict[str, Any] | None:
        """Return the newest report on this database that was remembered, None if there is none."""
        return self.registry.newest_health_report()

    def health_history(self, limit: int = 200) -> pd.DataFrame:
        """Return when the database was checked and how many findings there were, oldest first."""
        return self.registry.health_runs(limit)

    def health_checks(self) -> pd.DataFrame:
        """Return the checks of `readiness` as a table."""
        return pd.DataFrame({"check": name, **result} for name, result in self.readiness().items())

    def table_sizes(self) -> pd.DataFrame:
        """Return the tables with their rows and bytes, the largest first."""
        return self.registry.table_sizes()


def _result(check: Callable[[], str]) -> dict[str, str]:
    try:
        return {"status": "pass", "detail": check()}
    except CryokitError as error:
        return {"status": "fail", "detail": str(error)}
