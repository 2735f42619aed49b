"""The registry's jobs: long work that somebody asked for, how far it is and what came of it."""

from typing import Any, NoReturn

import pandas as pd

from cryokit.db.registry_base import RegistryBase, as_uuid
from cryokit.db.tables import json_text
from cryokit.errors import CancelledError, ConflictError, NotFoundError

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
            self._say_why_it_ended(job_id)

    def finish_job(self, job_id: str, result: dict[str, Any] | None = None, error: str | None = None) -> None:
        """Write down the result of a job, or its error; a cancelled job stays cancelled, with how it ended."""
        given = {"result": None if result is None else json_text(result), "error": error}
        self.one_or_none(_TOPIC, "finish_job", id=job_id, **given)

    def jobs(self, kind: str | None = None, limit: int = 200) -> pd.DataFrame:
        """Return the jobs of one kind or of all, newest first."""
        return self.frame(_TOPIC, "jobs", kind=kind, limit=limit)

    def queue_job(self, kind: str, parameters: dict[str, Any], most_waiting: int | None = None) -> str:
        """
        Write down work for a process of its own, on behalf of the registry's person; return its identifier.

        It is refused when `most_waiting` jobs of this kind and person wait already.
        """
        given = {"kind": kind, "parameters": json_text(parameters), "owner_id": self.owner_id}
        with self.transaction():
            self.frame(_TOPIC, "lock_jobs", kind=kind)
            found = self.one_or_none(_TOPIC, "queue_job", most_waiting=most_waiting, **given)
        if found is None:
            msg = f"{most_waiting} jobs of the kind {kind} wait already, and no more may wait for one person; "
            msg += "ask again when one of them has begun, or cancel one: `cryokit job list` shows them"
            raise ConflictError(msg)
        return found.id

    def take_job(self, job_id: str, at_once: int | None = None) -> bool:
        """
        Begin queued work; false if it was cancelled or taken already, or if it is not its turn.

        Its turn comes in the order of asking, while fewer than `at_once` jobs of its kind run.
        """
        with self.transaction():
            if at_once is not None:
                self.frame(_TOPIC, "lock_jobs", kind=self.job(job_id)["kind"])
            return self.one_or_none(_TOPIC, "take_job", id=job_id, at_once=at_once) is not None

    def job_waits(self, job_id: str) -> bool:
        """Say that queued work waits for its turn; false when it does not any more."""
        return self.one_or_none(_TOPIC, "job_waits", id=job_id) is not None

    def job_alive(self, job_id: str, line: str = "") -> None:
        """Say that work goes on, with a line for its log; a job that its owner cancelled says so."""
        if self.one_or_none(_TOPIC, "job_alive", id=job_id, line=line and f"{line}\n") is None:
            self._say_why_it_ended(job_id)

    def _say_why_it_ended(self, job_id: str) -> NoReturn:
        again = "run the same command again to go on from what is done"
        status = self.job(job_id)["status"]
        if status == "cancelled":
            msg = f"job {job_id} was cancelled; {again}"
            raise CancelledError(msg)
        msg = (
            f"job {job_id} counts as {status}, because it gave no sign for too long or another took its place; {again}"
        )
        raise ConflictError(msg)

    def fail_silent_jobs(self, silent_seconds: float) -> None:
        """Mark work as interrupted whose process says nothing any more, and the runs of reports that it was to do."""
        with self.transaction():
            self.frame(_TOPIC, "fail_silent_jobs", silent_seconds=silent_seconds)
            self.frame("reports", "fail_silent_report_runs", silent_seconds=silent_seconds)

    def cancel_job(self, job_id: str) -> None:
        """Stop work that is not done, one's own or, for maintenance, anybody's."""
        missing = f"there is no unfinished job {job_id!r} of this account; `cryokit job list` shows which there are"
        if as_uuid(job_id) is None or self.one_or_none(_TOPIC, "cancel_job", id=job_id) is None:
            raise NotFoundError(missing)

    def job_is_cancelled(self, job_id: str) -> bool:
        """Whether somebody stopped a job."""
        return self.one(_TOPIC, "job_is_cancelled", f"there is no job {job_id!r}", id=job_id).is_cancelled

    def job(self, job_id: str) -> dict[str, Any]:
        """Return one job with its log."""
        missing = f"there is no job {job_id!r} that this account may see; `cryokit job list` shows which there are"
        if as_uuid(job_id) is None:
            raise NotFoundError(missing)
        return dict(self.one(_TOPIC, "job", missing, id=job_id)._mapping)
