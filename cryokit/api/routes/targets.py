"""What can be predicted."""

from fastapi import APIRouter

from cryokit.api.auth import ActingWorkbench
from cryokit.api.frames import records
from cryokit.api.problems import RESPONSES
from cryokit.api.schemas import ConditionInfo, TargetInfo
from cryokit.domain import Condition, target_named

router = APIRouter(tags=["targets"], responses={401: RESPONSES[401]})


def _described(condition: Condition) -> ConditionInfo:
    return ConditionInfo(
        name=condition.name,
        type="number" if condition.kind is float else "text",
        description=condition.description,
        choices=list(condition.choices),
    )


@router.get("/targets")
def list_targets(workbench: ActingWorkbench) -> list[TargetInfo]:
    """List the targets with unit, conditions, newest version, current version and its label."""
    answer = []
    for row in records(workbench.targets()):
        conditions = [_described(condition) for condition in target_named(row["target"]).conditions]
        answer.append(TargetInfo(**row | {"conditions": conditions}))
    return answer
