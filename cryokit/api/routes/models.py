"""Registered model versions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from cryokit.api.auth import ActingWorkbench, require
from cryokit.api.frames import json_value, records
from cryokit.api.once import OnceRoute
from cryokit.api.problems import RESPONSES, Problem
from cryokit.api.schemas import (
    ComparisonAnswer,
    JobAnswer,
    ModelCardAnswer,
    ModelVersion,
    MovedVersion,
    PromotionRequest,
    ProposalRequest,
    RollbackRequest,
    TrainingRequest,
)

VersionNumber = Annotated[int, Query(ge=1, le=2**31 - 1)]

router = APIRouter(prefix="/models", route_class=OnceRoute, tags=["models"], responses=RESPONSES)


@router.get("")
def list_models(workbench: ActingWorkbench) -> list[ModelVersion]:
    """List the versions of all targets."""
    return records(workbench.models())


@router.get("/{target}")
def list_versions(target: str, workbench: ActingWorkbench) -> list[ModelVersion]:
    """List the versions of one target."""
    return records(workbench.models(target))


@router.get("/{target}/card")
def model_card(target: str, workbench: ActingWorkbench, version: VersionNumber | None = None) -> ModelCardAnswer:
    """Return the model card of a version, the current one unless another is named."""
    return json_value(workbench.model_card(target, version).as_json())


@router.get("/{target}/compare", responses={409: {"model": Problem}})
def compare(
    target: str,
    version_a: VersionNumber,
    version_b: VersionNumber,
    workbench: ActingWorkbench,
    selection: Literal["curated", "published"] | None = None,
) -> ComparisonAnswer:
    """Compare two versions by their stored evaluations; what would have to be evaluated anew is a conflict."""
    return json_value(workbench.compare(target, version_a, version_b, selection, is_stored_only=True))


@router.post("/{target}/train", status_code=202, dependencies=[Depends(require("researcher"))])
def train(target: str, asked: TrainingRequest, workbench: ActingWorkbench, response: Response) -> JobAnswer:
    """Have a version trained; the answer is the job, which `/jobs` tells about."""
    job_id = workbench.start_training(target, asked.estimator, asked.search, asked.seed, asked.team)
    response.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return json_value(workbench.job(job_id))


@router.post("/{target}/propose", status_code=204, dependencies=[Depends(require("researcher"))])
def propose(target: str, asked: ProposalRequest, workbench: ActingWorkbench) -> None:
    """Ask the administrators to make a version the current one."""
    workbench.propose(target, asked.version, asked.reason)


@router.post("/{target}/promote", dependencies=[Depends(require("admin"))])
def promote(target: str, asked: PromotionRequest, workbench: ActingWorkbench) -> MovedVersion:
    """Make a version the current one of its owner; for admins, written down with who asked and why."""
    return json_value(workbench.promote(target, asked.version, asked.reason, asked.override))


@router.post("/{target}/rollback", dependencies=[Depends(require("admin"))])
def rollback(target: str, asked: RollbackRequest, workbench: ActingWorkbench) -> MovedVersion:
    """Go back to the version that was current before; for admins, written down with who asked and why."""
    return json_value(workbench.rollback(target, asked.reason, asked.team))


@router.get("/{target}/{version}")
def get_version(
    target: str, version: Annotated[int, Path(ge=1, le=2**31 - 1)], workbench: ActingWorkbench
) -> ModelVersion:
    """Return one version with its metrics."""
    return json_value(workbench.model(target, version))
