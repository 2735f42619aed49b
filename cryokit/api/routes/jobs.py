"""Long work."""

from fastapi import APIRouter, Depends

from cryokit.api.auth import ActingWorkbench, require
from cryokit.api.frames import json_value, records
from cryokit.api.problems import RESPONSES
from cryokit.api.schemas import JobAnswer

router = APIRouter(prefix="/jobs", tags=["jobs"], responses=RESPONSES)


@router.get("")
def list_jobs(workbench: ActingWorkbench) -> list[JobAnswer]:
    """List one's own long work, newest first."""
    return records(workbench.jobs())


@router.get("/{job_id}")
def get_job(job_id: str, workbench: ActingWorkbench) -> JobAnswer:
    """Return one piece of work with its log."""
    return json_value(workbench.job(job_id))


@router.post("/{job_id}/cancel", dependencies=[Depends(require("researcher"))])
def cancel_job(job_id: str, workbench: ActingWorkbench) -> JobAnswer:
    """Stop work that is not done; it ends at its next step."""
    workbench.cancel_job(job_id)
    return json_value(workbench.job(job_id))
