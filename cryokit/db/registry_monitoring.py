"""What a monitor wants to know of the rows: last successes, last findings, the server's clock."""

from typing import Any

from cryokit.db.registry_base import RegistryBase

_TOPIC = "monitoring"


class Monitoring(RegistryBase):
    """Reading the state of jobs, reports and checks."""

    def last_runs(self) -> list[dict[str, Any]]:
        """Return for each kind of job and each report how its runs went."""
        return self.frame(_TOPIC, "last_runs").to_dict("records")

    def last_health_run(self) -> dict[str, Any] | None:
        """Return when the database was last checked and the number of findings, None if it never was."""
        row = self.one_or_none(_TOPIC, "last_health_run")
        return dict(row._mapping) if row else None

    def backup_ages(self) -> dict[str, Any]:
        """Return when the newest proved backup, the newest copy elsewhere and the last passed drill were."""
        return dict(self.one(_TOPIC, "backup_ages", "the database said nothing of its backups")._mapping)

    def server_clock(self) -> float:
        """Return the time of the database's machine as seconds of the Unix epoch."""
        return self.one(_TOPIC, "server_clock", "the server did not say the time").epoch_seconds
