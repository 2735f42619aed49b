"""The helper of a target: learned from molecules of the offline tables that none of its rows holds."""

from collections import OrderedDict
from typing import TYPE_CHECKING

import pandas as pd

from cryokit.db.tables import records, sha256_of
from cryokit.models.targets import RECIPES, Recipe
from cryokit.sources import bundled
from cryokit.sources.melting_table import measured_melting_points

if TYPE_CHECKING:
    from cryokit.models.estimators import Ensemble

_KEPT = 4
_fitted: "OrderedDict[str, Ensemble]" = OrderedDict()


def helper_for(target: str, rows: pd.DataFrame, seed: int = 0, recipe: Recipe | None = None) -> "Ensemble | None":
    """
    Return what predicts the melting point of molecules for `target`, None if its recipe or so few rows need no helper.

    It has seen neither a row of `rows` nor one of the bundled table. Fitting takes some seconds, so the last few are
    kept for the next evaluation of the same molecules.
    """
    from cryokit.models.helpers import fitted_helper

    recipe = recipe or RECIPES[target]
    if not recipe.helper_members or len(rows) < recipe.minimum_rows:
        return None
    columns = [name for name in ("smiles", "name") if name in rows]
    excluded = pd.concat([rows[columns], bundled.bundled_rows(target)[columns]], ignore_index=True)
    excluded = excluded.drop_duplicates().sort_values(columns, ignore_index=True)
    key = sha256_of([seed, repr(recipe.helper_members), records(excluded)])
    if key not in _fitted:
        _fitted[key] = fitted_helper(recipe, measured_melting_points(), excluded, seed)
    _fitted.move_to_end(key)
    while len(_fitted) > _KEPT:
        _fitted.popitem(last=False)
    return _fitted[key]
