"""Runs of reports."""

from fastapi import APIRouter

from cryokit.api.auth import ActingWorkbench
from cryokit.api.frames import records
from cryokit.api.problems import RESPONSES
from cryokit.api.schemas import ReportRun

router = APIRouter(prefix="/reports", tags=["reports"], responses={401: RESPONSES[401]})


@router.get("")
def list_reports(workbench: ActingWorkbench) -> list[ReportRun]:
    """List the runs of reports, newest first."""
    return records(workbench.report_runs())
