"""The database's health and its repair."""

from fastapi import APIRouter, Depends, Request, Response

from cryokit.api.auth import ActingWorkbench, require, require_monitoring
from cryokit.api.problems import RESPONSES
from cryokit.api.schemas import DatabaseHealth, RepairAnswer, RepairRequest

router = APIRouter(prefix="/system/database", tags=["system"], responses={401: RESPONSES[401], 403: RESPONSES[403]})


@router.get(
    "/health",
    dependencies=[Depends(require_monitoring)],
    responses={503: {"model": DatabaseHealth, "description": "The database does not answer"}},
)
def database_health(request: Request, response: Response) -> DatabaseHealth:
    """Check the database; for admins, and for programs with a token of the scope monitoring."""
    report = request.app.state.database_health.value()
    response.status_code = 200 if report.is_reachable else 503
    return report.as_dict()


@router.post("/fix", dependencies=[Depends(require("admin"))], responses={422: RESPONSES[422]})
def fix(repair: RepairRequest, workbench: ActingWorkbench) -> RepairAnswer:
    """Say what repair would do or, with `dry_run` false, do it; each change is written down with who asked for it."""
    classes = list(dict.fromkeys(repair.classes)) if repair.classes else [None]
    steps = [step for name in classes for step in workbench.repair(apply=not repair.dry_run, only=name)]
    return RepairAnswer(dry_run=repair.dry_run, steps=steps)
