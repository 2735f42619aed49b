"""Registered model versions."""

from typing import Annotated

from fastapi import APIRouter, Path

from cryokit.api.auth import ActingWorkbench
from cryokit.api.frames import json_value, records
from cryokit.api.problems import RESPONSES
from cryokit.api.schemas import ModelVersion

router = APIRouter(prefix="/models", tags=["models"], responses=RESPONSES)


@router.get("")
def list_models(workbench: ActingWorkbench) -> list[ModelVersion]:
    """List the versions of all targets."""
    return records(workbench.models())


@router.get("/{target}")
def list_versions(target: str, workbench: ActingWorkbench) -> list[ModelVersion]:
    """List the versions of one target."""
    return records(workbench.models(target))


@router.get("/{target}/{version}")
def get_version(
    target: str, version: Annotated[int, Path(ge=1, le=2**31 - 1)], workbench: ActingWorkbench
) -> ModelVersion:
    """Return one version with its metrics."""
    return json_value(workbench.model(target, version))
