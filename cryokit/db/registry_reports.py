"""The registry's reports: which notebooks ran and what came of it."""

from typing import Any

import pandas as pd

from cryokit.db.registry_base import RegistryBase, as_uuid
from cryokit.db.tables import json_text
from cryokit.errors import NotFoundError

_TOPIC = "reports"


class Reports(RegistryBase):
    """Writing down runs of notebooks."""

    def store_report_run(self, name: str, parameters: dict[str, Any], job_id: str | None = None) -> str:
        """Write down that a notebook begins to run, perhaps for a job, and return the run's identifier."""
        given = {"name": name, "parameters": json_text(parameters), "owner_id": self.owner_id, "job_id": job_id}
        return self.one(_TOPIC, "store_report_run", "the run was not kept", **given).id

    def finish_report_run(self, run_id: str, path: str | None = None, error: str | None = None) -> None:
        """Write down the file that a run gave, or its error."""
        missing = f"there is no running report {str(run_id)!r}; it has ended or was never begun"
        if as_uuid(run_id) is None:
            raise NotFoundError(missing)
        self.one(_TOPIC, "finish_report_run", missing, id=str(run_id), path=path and str(path), error=error)

    def fail_interrupted_report_runs(self, older_than_seconds: float) -> int:
        """Mark runs as failed that began so long ago that their process must be gone; return how many."""
        return len(self.frame(_TOPIC, "fail_interrupted_report_runs", older_than_seconds=older_than_seconds))

    def report_run(self, run_id: str) -> dict[str, Any]:
        """Return one run that one may see."""
        missing = f"there is no run {str(run_id)!r} of a report that you may see"
        if as_uuid(run_id) is None:
            raise NotFoundError(missing)
        return dict(self.one(_TOPIC, "report_run", missing, id=str(run_id))._mapping)

    def has_rows_of_nobody(self, target: str | None) -> bool:
        """Whether rows of a target, or of any, are neither public nor a person's or a team's."""
        return self.one(_TOPIC, "has_rows_of_nobody", "", target=target).is_so

    def report_runs(self, name: str | None = None, limit: int = 200) -> pd.DataFrame:
        """Return the runs of one notebook or of all, newest first."""
        return self.frame(_TOPIC, "report_runs", name=name, limit=limit)
