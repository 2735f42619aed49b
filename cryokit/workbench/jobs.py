"""Jobs: long work that a person asks for, done by a process of its own, with progress and log, and cancelled."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pandas as pd

from cryokit.db.registry import Registry
from cryokit.domain import Identity
from cryokit.errors import AccessError, ConflictError, CryokitError, InputError, UnavailableError
from cryokit.reports import kernel_environment
from cryokit.workbench.core import Core

SILENT_SECONDS = 60.0
"""A job that has said nothing for so long was interrupted."""
UNDER_WAY = ("queued", "running")
_SECONDS_BETWEEN_SIGNS = 5.0
_SECONDS_BETWEEN_TURNS = 1.0
_started: list[subprocess.Popen] = []
"""Processes that this one began; asked now and then, so that the system forgets those that ended."""

Doer = Callable[[Registry, dict[str, Any]], dict[str, Any]]
"""Does the work of a job, told as the registry keeps it, and returns the result."""


class Jobs(Core):
    """Begin jobs, look at them, cancel them; do one that was asked for."""

    def _doers(self) -> dict[str, Doer]:
        """Return who does the jobs of each kind; each use case adds its own."""
        return {}

    def _at_once(self) -> dict[str, int]:
        """Return how many jobs of a kind may run at once; kinds that are not here have no limit."""
        return {}

    def _start_job(self, kind: str, parameters: dict[str, Any], most_waiting: int | None = None) -> str:
        """
        Have work done by a process of its own on this person's behalf and return the job's identifier.

        `most_waiting` is how many jobs of the kind may wait for one person.
        """
        if most_waiting is not None:
            Registry(self.database).fail_silent_jobs(SILENT_SECONDS)  # whose process is gone waits no more
        job_id = self.registry.queue_job(kind, parameters, most_waiting)
        self._launch(job_id)
        return job_id

    def _launch(self, job_id: str) -> None:
        """Start the process; it outlives this one, and what it says beside its log lies in the folder of logs."""
        self.settings.log_dir.mkdir(parents=True, exist_ok=True)
        with (self.settings.log_dir / "jobs.log").open("ab") as log:
            _started[:] = [known for known in _started if known.poll() is None]
            process = subprocess.Popen(
                [sys.executable, "-m", "cryokit.cli", "job", "run", job_id],
                env=kernel_environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _started.append(process)

    def run_job(self, job_id: str) -> dict[str, Any]:
        """Do work that was asked for, in this process, and return its result; only maintenance calls this."""
        registry = Registry(self.database)
        job = registry.job(job_id)
        doers = self._doers()
        if job["kind"] not in doers:
            msg = f"job {job_id} is of the kind {job['kind']}, which is done where it is asked for; "
            msg += f"processes of their own do {', '.join(sorted(doers))}"
            raise InputError(msg)
        if not self._turn_came(registry, job):
            msg = f"job {job_id} is {registry.job(job_id)['status']}; only a queued one can be begun"
            raise ConflictError(msg)
        try:
            with _signs_of_life(registry, job_id):
                result = doers[job["kind"]](registry, job)
        except BaseException as error:
            registry.finish_job(job_id, error=str(error) or type(error).__name__)
            raise
        registry.finish_job(job_id, result=result)
        return result

    def _turn_came(self, registry: Registry, job: dict[str, Any]) -> bool:
        """Begin a job as soon as fewer of its kind run than may run; false if it waits no more."""
        at_once, answered = self._at_once().get(job["kind"]), time.monotonic()
        while True:
            try:
                if registry.take_job(job["id"], at_once):
                    return True
                registry.fail_silent_jobs(SILENT_SECONDS)  # a job whose process is gone takes no place
                if not registry.job_waits(job["id"]):
                    return False
                answered = time.monotonic()
            except UnavailableError:  # the database is away for a moment; after a longer one the job counts as gone
                if time.monotonic() - answered > SILENT_SECONDS:
                    raise
            time.sleep(_SECONDS_BETWEEN_TURNS)

    def _owner(self, owner_id: str | None, role: str) -> Identity | None:
        """Return who asked for a job, if the role that it needs is still theirs."""
        if owner_id is None:
            return None
        owner = self.find_identity(str(UUID(owner_id)))
        if owner is None or not owner.may(role):
            msg = f"who asked for this may not any more: it needs the role {role}"
            raise AccessError(msg)
        return owner

    def jobs(self, kind: str | None = None) -> pd.DataFrame:
        """Return long work, newest first: how far it is, what came of it."""
        Registry(self.database).fail_silent_jobs(SILENT_SECONDS)
        return self.registry.jobs(kind)

    def job(self, job_id: str) -> dict[str, Any]:
        """Return one job with its log."""
        Registry(self.database).fail_silent_jobs(SILENT_SECONDS)
        return self.registry.job(job_id)

    def newest_jobs(self, kind: str, limit: int) -> list[dict[str, Any]]:
        """Return the newest jobs of one kind with their logs."""
        Registry(self.database).fail_silent_jobs(SILENT_SECONDS)
        return self._with_logs(self.registry, kind, limit)

    @staticmethod
    def _with_logs(registry: Registry, kind: str, limit: int) -> list[dict[str, Any]]:
        return [registry.job(str(job_id)) for job_id in registry.jobs(kind, limit)["id"]]

    def cancel_job(self, job_id: str) -> None:
        """Stop one's own work that is not done; its process ends at its next step."""
        self.registry.cancel_job(job_id)


@contextlib.contextmanager
def _signs_of_life(registry: Registry, job_id: str) -> Iterator[None]:
    """Say that the work goes on while it does, also in the minutes between two steps."""
    ended = threading.Event()
    beside = Registry(registry.database)

    def tell() -> None:
        while not ended.wait(_SECONDS_BETWEEN_SIGNS):
            with contextlib.suppress(CryokitError):  # cancelled, or the database is away: the work itself finds out
                beside.job_alive(job_id)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
