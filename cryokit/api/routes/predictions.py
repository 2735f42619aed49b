"""Predictions."""

from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Query, Request

from cryokit.api.auth import ActingWorkbench
from cryokit.api.frames import records
from cryokit.api.lines import MAX_LINE_BYTES, MAX_LINES, MEDIA_TYPE, LinesResponse, predicted_lines
from cryokit.api.problems import RESPONSES, Problem
from cryokit.api.schemas import PredictionAnswer, PredictionRequest
from cryokit.domain import TARGETS, Target, target_named
from cryokit.errors import InputError

router = APIRouter(tags=["predictions"], responses=RESPONSES | {413: {"model": Problem}})

CONDITIONS = list(dict.fromkeys(item.name for target in TARGETS.values() for item in target.conditions))


def _rows(request: PredictionRequest, target: Target) -> pd.DataFrame:
    items = request.items_for(target)
    if items is None:
        wanted = "smiles" if target.subject == "smiles" else "recipes"
        msg = f"{target.name} is predicted for {wanted}; send the list {wanted}"
        raise InputError(msg)
    given = request.model_dump()
    known = [item.name for item in target.conditions]
    if foreign := [name for name in CONDITIONS if name not in known and given[name] is not None]:
        msg = f"{target.name} takes no {', '.join(foreign)}; its conditions are {', '.join(known) or 'none'}"
        raise InputError(msg)
    if missing := target.missing_conditions(given):
        msg = f"{target.name} needs {', '.join(item.name for item in missing)} too; nothing is assumed"
        raise InputError(msg)
    conditions = {item.name: given[item.name] for item in target.conditions}
    return pd.DataFrame({target.subject: items}).assign(**conditions)


@router.post("/predict", response_model_exclude_unset=True)
def predict(request: PredictionRequest, workbench: ActingWorkbench) -> PredictionAnswer:
    """Predict up to 10,000 molecules or recipes; bad rows are listed beside the good ones."""
    rows = _rows(request, target_named(request.target))
    predictions, problems = workbench.predict_checked(request.target, rows, request.version)
    refused = {problem["row"] for problem in problems}
    positions = [row for row in range(len(rows)) if row not in refused]
    answered = [{"row": row} | item for row, item in zip(positions, records(predictions), strict=True)]
    return PredictionAnswer(predictions=answered, problems=problems)


_ASKED = '{"smiles":"OCC(O)CO"}\n{"smiles":"CS(C)=O","name":"DMSO"}\n{"smiles":"nonsense"}\n'
_ANSWERED = (
    '{"row":0,"prediction":{"target":"tg","smiles":"OCC(O)CO","value":187.4,"unit":"K","lower":160.1,"upper":214.7,'
    '"confidence":0.9,"model_version":1}}\n'
    '{"row":2,"problem":"smiles is no structure"}\n'
    '{"progress":{"rows":3,"of":3}}\n{"done":{"rows":3,"problems":1}}\n'
)


def _lines(description: str, example: str) -> dict[str, Any]:
    schema = {"type": "string", "description": description}
    return {MEDIA_TYPE: {"schema": schema, "examples": {"three rows": {"value": example}}}}


@router.post(
    "/predict/stream",
    response_class=LinesResponse,
    status_code=200,
    description="Predict any number of rows, one JSON object a line, in flat memory; each bad row has its problem in "
    f"its place. At most {MAX_LINES:,} lines of {MAX_LINE_BYTES:,} bytes, and one call of a person at a time.",
    responses={
        200: {
            "description": "A line for each row, in order; a line that tells how far it is after each 500; `done` at "
            "the end, or `error` when it could not go on. Without either the answer was cut off.",
            "content": _lines("one JSON object a line", _ANSWERED),
        },
        429: {"model": Problem},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": _lines(
                "one JSON object a line: `smiles` or `recipe`, the conditions of the target, perhaps `name`", _ASKED
            ),
        }
    },
)
async def predict_stream(
    request: Request,
    workbench: ActingWorkbench,
    target: Annotated[str, Query(max_length=100)],
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> LinesResponse:
    """Predict any number of rows, one a line."""
    return await predicted_lines(request, workbench, target, version)
