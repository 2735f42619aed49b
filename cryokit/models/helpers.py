"""A helper predicts the optional property of a target from other molecules than those of the target."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from cryokit.chemistry.descriptors import fast_descriptors
from cryokit.chemistry.molecules import normalised_name, parse
from cryokit.errors import InputError
from cryokit.models.estimators import Ensemble, fitted_ensemble
from cryokit.models.features import compressed
from cryokit.models.targets import Recipe

MINIMUM_MOLECULES = 100
"""Fewer molecules teach a helper nothing that the rows themselves do not."""


def fitted_helper(recipe: Recipe, measured: pd.DataFrame, excluded: pd.DataFrame, seed: int = 0) -> Ensemble | None:
    """
    Learn the optional property of a target from molecules that share neither connectivity nor name with its rows.

    Parameters
    ----------
    recipe : Recipe
        Says what learns the property and which property it is.
    measured : DataFrame
        ``smiles``, ``connectivity``, ``name`` and ``value`` of the property, one row for each molecule.
    excluded : DataFrame
        ``smiles`` and perhaps ``name``: every row that is trained on or tested, so that nothing leaks.
    seed : int
        Fixes all randomness.

    Returns
    -------
    Ensemble or None
        Takes the features of the target; None if the recipe has no helper.

    Raises
    ------
    InputError
        If fewer than 100 molecules remain.

    References
    ----------
    .. [1] Beaman, R. G. (1952). J. Polym. Sci. 9, 470-472. 10.1002/pol.1952.120090510
    """
    if not recipe.helper_members:
        return None
    others = unrelated(measured, *_identities(excluded))
    if len(others) < MINIMUM_MOLECULES:
        wanted = f"{recipe.optional_property} from; at least {MINIMUM_MOLECULES} are needed"
        msg = f"only {len(others)} molecules are left to learn {wanted}"
        raise InputError(msg)
    matrix = compressed(fast_descriptors(others["smiles"].tolist()))
    return fitted_ensemble(recipe.helper_members, matrix, others["value"].to_numpy(dtype=np.float64), seed)


def unrelated(measured: pd.DataFrame, connectivities: Collection[str], names: Collection[str]) -> pd.DataFrame:
    """
    Keep the molecules that are not among those given.

    Parameters
    ----------
    measured : DataFrame
        ``connectivity`` and ``name``.
    connectivities, names : collection of str
        First blocks of InChIKeys, and normalised names.

    Returns
    -------
    DataFrame
        Rows of `measured` with neither a connectivity nor a name among those given.
    """
    same = measured["connectivity"].isin(connectivities)
    same |= measured["name"].map(normalised_name).isin(set(names) - {""})
    return measured[~same]


def _identities(rows: pd.DataFrame) -> tuple[set[str], set[str]]:
    connectivities = {parse(smiles).connectivity for smiles in rows["smiles"]}
    names = rows["name"] if "name" in rows else pd.Series(dtype=str)
    return connectivities, {normalised_name(name) for name in names if isinstance(name, str)}
