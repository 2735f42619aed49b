"""What the server holds, for administrators."""

import gc
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from cryokit.api.auth import ActingWorkbench, require
from cryokit.api.frames import records
from cryokit.api.problems import RESPONSES
from cryokit.api.schemas import MAX_TEXT, OpenPages, Text
from cryokit.api.schemas_system import AuditEvent
from cryokit.domain import MAX_ID
from cryokit.workbench.auditing import MAX_EVENTS

router = APIRouter(
    prefix="/system",
    tags=["system"],
    dependencies=[Depends(require("admin"))],
    responses={401: RESPONSES[401], 403: RESPONSES[403]},
)


@router.get("/audit", responses={422: RESPONSES[422]})
def audit(
    workbench: ActingWorkbench,
    text: Annotated[Text | None, Query(max_length=MAX_TEXT, description="part of who, what or which")] = None,
    before: Annotated[int, Query(ge=0, le=MAX_ID, description="`id` of the last event of the page before")] = MAX_ID,
    limit: Annotated[int, Query(ge=1, le=MAX_EVENTS)] = 100,
) -> list[AuditEvent]:
    """List what was done, newest first."""
    return records(workbench.audit(text, before, limit))


@router.get("/sessions")
def open_pages(request: Request) -> OpenPages:
    """Count the documents of open pages; one that outlives its page is a leak."""
    documents = request.app.state.documents
    if documents:  # looking through all that the server holds takes a third of a second
        gc.collect()
    return OpenPages(documents=len(documents))
