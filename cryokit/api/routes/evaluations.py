"""Stored evaluations."""

from uuid import UUID

from fastapi import APIRouter

from cryokit.api.auth import ActingWorkbench
from cryokit.api.frames import json_value, records
from cryokit.api.problems import RESPONSES
from cryokit.api.schemas import Evaluation, EvaluationInfo

router = APIRouter(prefix="/evaluations", tags=["evaluations"], responses=RESPONSES)


@router.get("")
def list_evaluations(workbench: ActingWorkbench, target: str | None = None) -> list[EvaluationInfo]:
    """List the evaluations of one target or of all, without their rows."""
    return records(workbench.evaluations(target))


@router.get("/{evaluation_id}")
def get_evaluation(evaluation_id: UUID, workbench: ActingWorkbench) -> Evaluation:
    """Return one evaluation with its rows."""
    return json_value(workbench.evaluation(str(evaluation_id)))
