"""Integrity: what is broken in the database, repair of it, and who can do what."""

from typing import Any

import pandas as pd

from cryokit.db import repair
from cryokit.db.access import AccessReport, verify_access
from cryokit.db.access_matrix import declared_cells
from cryokit.db.integrity import CLASSES, find_problems
from cryokit.workbench.core import Core

__all__ = ["CLASSES", "Integrity"]


class Integrity(Core):
    """Verify, repair, and try who may do what; for maintenance and admins."""

    def verify_integrity(self) -> list[dict[str, Any]]:
        """Return broken relationships, keys, indexes and policies; an empty list says that all were looked at."""
        self._refuse_unless_admin()
        return [problem.as_dict() for problem in find_problems(self.database)]

    def repair(self, apply: bool = False, only: str | None = None) -> list[dict[str, Any]]:
        """Return what repair would do, or do it and return what was done."""
        self._refuse_unless_admin()
        database = self.database.maintained_by(self.identity) if self.identity else self.database
        return repair.repair(database, only) if apply else repair.plan(database, only)

    def quarantined_rows(self) -> pd.DataFrame:
        """Return what is in quarantine, newest first."""
        self._refuse_unless_admin()
        return repair.quarantined_rows(self.database)

    def restore_row(self, quarantined_row_id: int) -> dict[str, Any]:
        """Put a row from quarantine back."""
        self._refuse_unless_admin()
        return repair.restore(self.database, quarantined_row_id)

    def access_matrix(self) -> pd.DataFrame:
        """Return who may do what, as declared."""
        cells = pd.DataFrame(declared_cells())
        return cells[cells["is_declared"]].drop(columns="is_declared")

    def verify_access(self) -> AccessReport:
        """Return how the database differs from what is declared about access; all of it is tried out."""
        self._refuse_unless_admin()
        return verify_access(self.database)
