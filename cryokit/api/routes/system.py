"""What the server holds, for administrators."""

import gc

from fastapi import APIRouter, Depends, Request

from cryokit.api.auth import require
from cryokit.api.problems import RESPONSES
from cryokit.api.schemas import OpenPages

router = APIRouter(
    prefix="/system",
    tags=["system"],
    dependencies=[Depends(require("admin"))],
    responses={401: RESPONSES[401], 403: RESPONSES[403]},
)


@router.get("/sessions")
def open_pages(request: Request) -> OpenPages:
    """Count the documents of open pages; one that outlives its page is a leak."""
    gc.collect()
    return OpenPages(documents=len(request.app.state.documents))
