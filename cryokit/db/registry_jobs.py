"""The registry's jobs: long work that somebody asked for, how far it is and what came of it."""

from typing import Any

import pandas as pd

from cryokit.db.registry_base import RegistryBase
from cryokit.db.tables import json_text
from cryokit.errors import ConflictError

_TOPIC = "jobs"


class Jobs(RegistryBase):
    """Writing down long work; only maintenance may, on behalf of the job's owner."""

    def begin_job(self, kind: str, parameters: dict[str, Any], owner_id: str | None = None) -> str:
        """Write down that work on an output begins, that earlier work on it was interrupted; return its identifier."""
        with self.transaction():
            self.frame(_TOPIC, "fail_interrupted_jobs", kind=kind, out=parameters["out"])
            given = {"kind": kind, "parameters": json_text(parameters), "owner_id": owner_id}
            return self.one(_TOPIC, "begin_job", "the job was not kept", **given).id

    def job_progress(self, job_id: str, done_fraction: float) -> None:
        """Write down how much is done; a job that its owner cancelled says so."""
        if self.one_or_none(_TOPIC, "job_progress", id=job_id, done_fraction=done_fraction) is None:
            msg = f"job {job_id} was cancelled; run the same command again to go on from what is done"
            raise ConflictError(msg)

    def finish_job(self, job_id: str, result: dict[str, Any] | None = None, error: str | None = None) -> None:
        """Write down the result of a job, or its error; a cancelled job stays cancelled."""
        given = {"result": None if result is None else json_text(result), "error": error}
        self.one_or_none(_TOPIC, "finish_job", id=job_id, **given)

    def jobs(self, kind: str | None = None, limit: int = 200) -> pd.DataFrame:
        """Return the jobs of one kind or of all, newest first."""
        return self.frame(_TOPIC, "jobs", kind=kind, limit=limit)
