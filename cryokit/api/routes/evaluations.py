"""Stored evaluations."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Request, Response

from cryokit.api.auth import ActingWorkbench, require
from cryokit.api.frames import json_value, records
from cryokit.api.lasting import NOT_MODIFIED, mark_lasting
from cryokit.api.once import OnceRoute
from cryokit.api.problems import RESPONSES, Problem
from cryokit.api.routes.datasets import FileName
from cryokit.api.routes.models import VersionNumber
from cryokit.api.schemas import Evaluation, EvaluationInfo, Text

router = APIRouter(prefix="/evaluations", route_class=OnceRoute, tags=["evaluations"], responses=RESPONSES)


@router.get("")
def list_evaluations(workbench: ActingWorkbench, target: str | None = None) -> list[EvaluationInfo]:
    """List the evaluations of one target or of all, without their rows."""
    return records(workbench.evaluations(target))


@router.post("", status_code=201, dependencies=[Depends(require("researcher"))], responses={413: {"model": Problem}})
def evaluate_given(
    target: str,
    table: Annotated[Text, Body(media_type="text/csv", examples=["smiles,name,value\nOCC(C)O,propylene glycol,172\n"])],
    workbench: ActingWorkbench,
    response: Response,
    version: VersionNumber | None = None,
    name: FileName = "rows.csv",
) -> Evaluation:
    """Score a version on measured rows; those that it learned from are marked and do not count."""
    evaluation_id = workbench.evaluate_text(target, table, version, name)
    response.headers["Location"] = f"/api/v1/evaluations/{evaluation_id}"
    return json_value(workbench.evaluation(evaluation_id))


@router.get("/{evaluation_id}", responses=NOT_MODIFIED)
def get_evaluation(evaluation_id: UUID, workbench: ActingWorkbench, request: Request, response: Response) -> Evaluation:
    """Return one evaluation with its rows; it never changes."""
    found = workbench.evaluation(str(evaluation_id))
    mark_lasting(request, response, str(evaluation_id))
    return json_value(found)
