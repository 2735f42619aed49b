"""Runs of reports."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, JSONResponse

from cryokit.api.auth import ActingWorkbench, require
from cryokit.api.frames import json_value, records
from cryokit.api.once import OnceRoute
from cryokit.api.problems import RESPONSES, Problem
from cryokit.api.schemas import JobAnswer, ReportRun
from cryokit.api.schemas_system import ReportInfo, ReportRequest, ReportResult

router = APIRouter(prefix="/reports", route_class=OnceRoute, tags=["reports"], responses={401: RESPONSES[401]})


@router.get("/catalogue")
def list_catalogue(workbench: ActingWorkbench) -> list[ReportInfo]:
    """List the reports that there are, with their parameters."""
    return workbench.report_catalogue()


@router.post(
    "/{name}/run",
    dependencies=[Depends(require("admin"))],
    response_model=ReportResult,
    responses={
        202: {"model": JobAnswer, "description": "The job that runs it"},
        404: RESPONSES[404],
        409: {"model": Problem},
        422: RESPONSES[422],
    },
)
def run_report(name: str, asked: ReportRequest, workbench: ActingWorkbench) -> dict[str, Any] | JSONResponse:
    """Run a report and answer when it is done, which can take minutes, or with its job; for administrators."""
    if not asked.as_job:
        return json_value(workbench.run_report_for(name, asked.parameters))
    job_id = workbench.start_report(name, asked.parameters)
    return JSONResponse(json_value(workbench.job(job_id)), 202, headers={"Location": f"/api/v1/jobs/{job_id}"})


@router.get(
    "/{run_id}/page",
    response_class=HTMLResponse,
    responses={403: RESPONSES[403], 404: RESPONSES[404], 409: {"model": Problem}, 422: RESPONSES[422]},
)
def report_page(run_id: UUID, workbench: ActingWorkbench) -> HTMLResponse:
    """Return the page of a run; scripts in it can reach nothing but the page itself."""
    return HTMLResponse(workbench.report_page(str(run_id)).read_text(encoding="utf-8"))


@router.get("")
def list_reports(workbench: ActingWorkbench) -> list[ReportRun]:
    """List the runs of reports, newest first."""
    return records(workbench.report_runs())
