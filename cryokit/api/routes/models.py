"""Registered model versions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from cryokit.api.auth import ActingWorkbench, require
from cryokit.api.frames import json_value, records
from cryokit.api.problems import RESPONSES
from cryokit.api.schemas import ModelCardAnswer, ModelVersion, MovedVersion, PromotionRequest, RollbackRequest

router = APIRouter(prefix="/models", tags=["models"], responses=RESPONSES)


@router.get("")
def list_models(workbench: ActingWorkbench) -> list[ModelVersion]:
    """List the versions of all targets."""
    return records(workbench.models())


@router.get("/{target}")
def list_versions(target: str, workbench: ActingWorkbench) -> list[ModelVersion]:
    """List the versions of one target."""
    return records(workbench.models(target))


@router.get("/{target}/card")
def model_card(
    target: str, workbench: ActingWorkbench, version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> ModelCardAnswer:
    """Return the model card of a version, the current one unless another is named."""
    return json_value(workbench.model_card(target, version).as_json())


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
