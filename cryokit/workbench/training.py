"""Training as a job: asked for by a person, done by a process of its own, with progress and log, and cancelled."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import pandas as pd

from cryokit import flags
from cryokit.compute.cluster import core_count
from cryokit.db.registry import Registry
from cryokit.domain import Identity, checked_seed, target_named
from cryokit.errors import AccessError, ConflictError, CryokitError
from cryokit.models.choices import DECLARED, ESTIMATORS, SEARCHES, chosen_recipe
from cryokit.reports import kernel_environment
from cryokit.workbench.modelling import Modelling

__all__ = ["ESTIMATORS", "SEARCHES", "Training"]

JOB_KIND = "training"
SILENT_SECONDS = 60.0
"""A job that has said nothing for so long was interrupted."""
_SECONDS_BETWEEN_SIGNS = 5.0
_started: list[subprocess.Popen] = []
"""Processes that this one began; asked now and then, so that the system forgets those that ended."""


@dataclass(frozen=True)
class Order:
    """What shall be trained."""

    target: str
    estimator: str = DECLARED
    search: str = "none"
    seed: int = 0
    team: str | None = None

    def checked(self) -> "Order":
        """Return the order, or say what of it is not possible."""
        target_named(self.target)
        checked_seed(self.seed)
        chosen_recipe(self.target, self.estimator, self.search)
        return self


class Training(Modelling):
    """Ask for a training, look at it, cancel it; do one that was asked for."""

    def start_training(
        self,
        target: str,
        estimator: str = DECLARED,
        search: str = "none",
        seed: int = 0,
        team: str | None = None,
    ) -> str:
        """Have a version trained by a process of its own and return the job's identifier."""
        order = Order(target, estimator, search, seed, team).checked()
        self._refuse_unless_may_train()
        self._refuse_what_is_not_open(order)
        registry = self.registry
        if order.team:
            registry.team_id(order.team)  # which only its members find
        job_id = registry.queue_job(JOB_KIND, asdict(order))
        self._launch(job_id)
        return job_id

    def _refuse_unless_may_train(self) -> None:
        if self.identity is not None and not self.identity.may("researcher"):
            msg = f"{self.identity.name} is {self.identity.role}, but training needs a researcher; ask an administrator"
            raise AccessError(msg)

    def is_open(self, flag: str) -> bool:
        """Whether a feature is open for this person (see `cryokit.flags`)."""
        return flags.is_on(flag, self.identity, self.settings)

    def _refuse_what_is_not_open(self, order: Order) -> None:
        is_other = (order.estimator, order.search) != (DECLARED, "none")
        for flag in ["train_from_page", *(["new_estimators"] if is_other else [])]:
            if not self.is_open(flag):
                msg = f"the feature is not open for {self.identity.name} yet: {flags.FLAGS[flag]} (flag {flag})"
                raise AccessError(msg)

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
        """Do a training that was asked for, in this process, and return the version; only maintenance calls this."""
        registry = Registry(self.database)
        job = registry.job(job_id)
        order = Order(**job["parameters"])
        if not registry.take_job(job_id):
            msg = f"job {job_id} is {job['status']}; only a queued one can be begun"
            raise ConflictError(msg)
        try:
            with _signs_of_life(registry, job_id):
                version = self._trained(registry, job_id, job["owner_id"], order)
        except BaseException as error:
            registry.finish_job(job_id, error=str(error) or type(error).__name__)
            raise
        found = {name: version[name] for name in ("target", "version", "verdict", "artifact_sha256")}
        registry.finish_job(job_id, result=found | {"promotion_reason": version.get("promotion_reason")})
        return version

    def _trained(self, registry: Registry, job_id: str, owner_id: str | None, order: Order) -> dict[str, Any]:
        owner = self._owner(owner_id)
        registry.job_alive(job_id, f"training {order.target}: {order.estimator}, search {order.search}")

        def progress(done: int, total: int) -> None:
            registry.job_progress(job_id, 0.9 * done / total)  # the rest is the fit on all rows
            registry.job_alive(job_id, f"fold {done} of {total}")

        trainer = type(self)(self.settings, self.database.maintained_by(owner) if owner else self.database)
        version = trainer.train(
            order.target,
            order.seed,
            progress,
            order.team,
            order.estimator,
            order.search,
            workers=core_count(),
            is_candidate=True,
            is_public_only=owner is not None and order.team is None,
        )
        registry.job_alive(job_id, f"registered as version {version['version']}: {version['verdict']}")
        return version

    def _owner(self, owner_id: str | None) -> Identity | None:
        if owner_id is None:
            return None
        owner = self.find_identity(str(UUID(owner_id)))
        if owner is None or not owner.may("researcher"):
            msg = "who asked for this training may not train any more"
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

    def newest_trainings(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest trainings with their logs."""
        Registry(self.database).fail_silent_jobs(SILENT_SECONDS)
        registry = self.registry
        return [registry.job(str(job_id)) for job_id in registry.jobs(JOB_KIND, limit)["id"]]

    def cancel_job(self, job_id: str) -> None:
        """Stop one's own work that is not done; its process ends at the next fold."""
        self.registry.cancel_job(job_id)

    def propose(self, target: str, version: int, reason: str) -> None:
        """Ask the administrators to make a version the current one; it stands in the audit."""
        self._refuse_unless_may_train()
        chosen = self.model(target, version)
        self.registry.record_event("model_proposed", f"{target} version {chosen['version']}", {"reason": reason})


@contextlib.contextmanager
def _signs_of_life(registry: Registry, job_id: str) -> Iterator[None]:
    """Say that the work goes on while it does, also in the minutes between two folds."""
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
