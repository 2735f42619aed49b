"""Training as a job: asked for by a person, done by a process of its own, with progress and log, and cancelled."""

from dataclasses import asdict, dataclass
from typing import Any

from cryokit import flags
from cryokit.compute.cluster import core_count
from cryokit.db.registry import Registry
from cryokit.domain import checked_seed, target_named
from cryokit.errors import AccessError
from cryokit.models.choices import DECLARED, ESTIMATORS, SEARCHES, chosen_recipe
from cryokit.workbench.jobs import Doer, Jobs
from cryokit.workbench.modelling import Modelling

__all__ = ["ESTIMATORS", "SEARCHES", "Training"]

JOB_KIND = "training"


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


class Training(Modelling, Jobs):
    """Ask for a training; do one that was asked for."""

    def _doers(self) -> dict[str, Doer]:
        return super()._doers() | {JOB_KIND: self._trained}

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
        if order.team:
            self.registry.team_id(order.team)  # which only its members find
        return self._start_job(JOB_KIND, asdict(order))

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

    def _trained(self, registry: Registry, job: dict[str, Any]) -> dict[str, Any]:
        job_id, order = job["id"], Order(**job["parameters"])
        owner = self._owner(job["owner_id"], "researcher")
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
        found = {name: version[name] for name in ("target", "version", "verdict", "artifact_sha256")}
        return found | {"promotion_reason": version.get("promotion_reason")}

    def propose(self, target: str, version: int, reason: str) -> None:
        """Ask the administrators to make a version the current one; it stands in the audit."""
        self._refuse_unless_may_train()
        chosen = self.model(target, version)
        self.registry.record_event("model_proposed", f"{target} version {chosen['version']}", {"reason": reason})
