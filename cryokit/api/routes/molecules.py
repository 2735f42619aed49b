"""Molecules of which something is known."""

from typing import Annotated

from fastapi import APIRouter, Query

from cryokit.api.auth import ActingWorkbench
from cryokit.api.frames import json_value, records
from cryokit.api.problems import RESPONSES
from cryokit.api.routes.datasets import After
from cryokit.api.schemas import MAX_TEXT, Text
from cryokit.api.schemas_datasets import MoleculeDetail, MoleculePage
from cryokit.workbench.molecules import MAX_LIMIT

router = APIRouter(prefix="/molecules", tags=["molecules"], responses=RESPONSES)

Words = Annotated[Text | None, Query(min_length=1, max_length=MAX_TEXT)]


@router.get("")
def search_molecules(
    workbench: ActingWorkbench,
    name: Words = None,
    inchikey: Words = None,
    smarts: Words = None,
    similar_to: Words = None,
    minimum_similarity: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)] = 0.4,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 100,
) -> MoleculePage:
    """
    Search by part of a name or CAS number, beginning of an InChIKey, substructure (SMARTS) or likeness (SMILES).

    All that is given must fit. With `similar_to` the most similar come first, on one page.
    """
    found, following = workbench.search_molecules(name, inchikey, smarts, similar_to, minimum_similarity, after, limit)
    return MoleculePage(molecules=records(found), next_after=following)


@router.get("/{inchikey}")
def get_molecule(inchikey: str, workbench: ActingWorkbench) -> MoleculeDetail:
    """Return a molecule with everything measured of it that the caller may see."""
    return json_value(workbench.molecule(inchikey))
