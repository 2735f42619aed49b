"""Predictions."""

import pandas as pd
from fastapi import APIRouter

from cryokit.api.auth import ActingWorkbench
from cryokit.api.frames import records
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
