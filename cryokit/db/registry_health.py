"""The registry's own state: server, tables, sizes."""

from typing import Any

import pandas as pd
from sqlalchemy import func, select, table

from cryokit.db.health import HealthReport
from cryokit.db.queries import queries
from cryokit.db.registry_base import RegistryBase
from cryokit.db.tables import json_text

_TOPIC = "health"


class Health(RegistryBase):
    """Reading what the database holds."""

    def server_version(self) -> str:
        """Return the version of the server."""
        return self.one(_TOPIC, "server_version", "the server did not say its version").version

    def store_health_run(self, report: HealthReport) -> None:
        """Remember what a check of the database found; only maintenance writes this."""
        seconds = sum(check.seconds for check in report.checks)
        given = {"checked_at": report.checked_at, "status": report.status, "seconds": seconds, **report.counts()}
        with self.database.service() as connection:
            connection.execute(queries(_TOPIC)["store_health_run"], given | {"report": json_text(report.as_dict())})

    def health_runs(self, limit: int = 200) -> pd.DataFrame:
        """Return what the newest checks found, as far as one may see them, oldest first."""
        return self.frame(_TOPIC, "health_runs", limit=limit)

    def newest_health_report(self) -> dict[str, Any] | None:
        """Return the newest report, None if there is none."""
        row = self.one_or_none(_TOPIC, "newest_health_report")
        return row.report if row else None

    def table_sizes(self) -> pd.DataFrame:
        """Return the tables with the rows that one may see and their bytes on disk, the largest first."""
        tables = self.frame(_TOPIC, "tables")
        with self.transaction() as connection:
            counts = [
                connection.execute(select(func.count()).select_from(table(name, schema="cryo"))).scalar_one()
                for name in tables["name"]
            ]
        return tables.assign(rows=counts)[["name", "rows", "bytes"]]
