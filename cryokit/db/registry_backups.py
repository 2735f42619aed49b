"""The registry's backups: what was made and proved, and what drills found."""

from typing import Any

import pandas as pd

from cryokit.db.queries import queries
from cryokit.db.registry_base import RegistryBase
from cryokit.db.tables import json_text

_TOPIC = "backups"


class Backups(RegistryBase):
    """Writing down backups, which only maintenance may, and reading that."""

    def store_backup_set(self, manifest: dict[str, Any]) -> None:
        """Write down a backup as its manifest tells it."""
        remote = manifest["remote"]
        given = {name: manifest[name] for name in ("id", "kind", "started_at", "seconds", "bytes", "proved_at")}
        given |= {"removed_at": manifest["removed_at"], "remote_at": remote["at"] if remote else None}
        self._write("store_backup_set", given | {"manifest": json_text(manifest)})

    def store_backup_drill(self, set_id: str | None, report: dict[str, Any]) -> None:
        """Write down a restore that was tried."""
        given = {name: report[name] for name in ("is_passed", "recovery_seconds", "lost_seconds")}
        self._write("store_backup_drill", given | {"backup_set_id": set_id, "report": json_text(report)})

    def _write(self, name: str, given: dict[str, Any]) -> None:
        with self.database.service() as connection:
            connection.execute(queries(_TOPIC)[name], given)

    def backup_sets(self, limit: int = 500) -> pd.DataFrame:
        """Return the backups, newest first, removed ones too."""
        return self.frame(_TOPIC, "backup_sets", limit=limit)

    def backup_drills(self, limit: int = 100) -> pd.DataFrame:
        """Return the drills, newest first."""
        return self.frame(_TOPIC, "backup_drills", limit=limit)
