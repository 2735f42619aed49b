"""Rows that models learn from: listed, read page by page, uploaded."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from cryokit.api.auth import ActingWorkbench, require
from cryokit.api.frames import json_value, records
from cryokit.api.lasting import NOT_MODIFIED, mark_lasting
from cryokit.api.problems import RESPONSES, Problem
from cryokit.api.schemas import MAX_TEXT, Text
from cryokit.api.schemas_datasets import Dataset, ImportAnswer, RowPage, Snapshot
from cryokit.domain import MAX_ID
from cryokit.workbench.data import MAX_PAGE

router = APIRouter(prefix="/datasets", tags=["datasets"], responses=RESPONSES)

FileName = Annotated[Text, Query(min_length=1, max_length=MAX_TEXT, description="of the file")]
After = Annotated[int, Query(ge=0, le=MAX_ID, description="`next_after` of the page before")]


@router.get("")
def list_datasets(workbench: ActingWorkbench) -> list[Dataset]:
    """Say how many rows of each target the caller may see."""
    return records(workbench.datasets())


@router.get("/{target}/rows")
def list_rows(
    target: str, workbench: ActingWorkbench, after: After = 0, limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100
) -> RowPage:
    """Return rows page by page."""
    rows, following = workbench.dataset_rows(target, after, limit)
    return RowPage(rows=records(rows), next_after=following)


@router.post(
    "/{target}/rows",
    dependencies=[Depends(require("researcher"))],
    responses={409: {"model": Problem}, 413: {"model": Problem}},
)
def upload_rows(
    target: str,
    table: Annotated[
        Text,
        Body(media_type="text/csv", examples=["smiles,name,value,source\nOCC(O)CO,glycerol,190,our own DSC\n"]),
    ],
    workbench: ActingWorkbench,
    name: FileName = "upload.csv",
    skip_bad: Annotated[bool, Query(description="load the good rows though others are bad")] = False,
    team: Annotated[Text | None, Query(max_length=MAX_TEXT, description="whose rows they are; else one's own")] = None,
) -> ImportAnswer:
    """Load a CSV table: all rows or, with `skip_bad`, the good ones; sending it twice loads it once."""
    return json_value(workbench.import_text(table, target, name, skip_bad, team))


@router.get("/{target}/snapshots")
def list_snapshots(target: str, workbench: ActingWorkbench) -> list[Snapshot]:
    """List what the versions of a target learned from."""
    return records(workbench.snapshots(target))


@router.get("/{target}/snapshots/{snapshot_id}", responses=NOT_MODIFIED)
def get_snapshot(
    target: str, snapshot_id: UUID, workbench: ActingWorkbench, request: Request, response: Response
) -> RowPage:
    """Return the rows that a version learned from; they never change."""
    rows = workbench.snapshot(target, str(snapshot_id))
    mark_lasting(request, response, str(snapshot_id))
    return RowPage(rows=records(rows), next_after=None)
