"""Fair folds: rows that belong together are never on both sides."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.domain import checked_seed
from cryokit.errors import InputError, IntegrityCheckError
from cryokit.models.features import numbers
from cryokit.models.groups import grouped_assignment, groups

__all__ = ["FOLD_COLUMNS", "checked_folds", "grouped_folds", "groups", "leaking_groups", "training_rows"]

FOLD_COLUMNS = ["row", "repeat", "fold"]


def grouped_folds(target: str, rows: pd.DataFrame, n_splits: int = 10, repeats: int = 1, seed: int = 0) -> pd.DataFrame:
    """
    Assign rows to folds, whole groups only, several times over.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame of n rows
        Row frame of the target; viability rows carry ``components``.
    n_splits : int
        Folds a repeat, lowered to the number of groups if there are fewer.
    repeats : int
        How often the rows are assigned anew.
    seed : int
        Fixes the assignment.

    Returns
    -------
    DataFrame of n * repeats rows
        ``row`` (position from 0), ``repeat`` and ``fold`` (from 0).

    Raises
    ------
    InputError
        If there are fewer than 2 groups, 2 folds or 1 repeat, or the seed is no seed.
    IntegrityCheckError
        If a group came to lie on both sides, which would be a defect.

    References
    ----------
    .. [1] Roberts, D. R. et al. (2017). Ecography 40, 913-929. 10.1111/ecog.02881
    """
    if repeats < 1:
        msg = f"repeats must be at least 1, but is {repeats}"
        raise InputError(msg)
    checked_seed(seed)
    group = groups(target, rows)
    positions = np.arange(len(group))
    parts = [
        pd.DataFrame({"row": positions, "repeat": repeat, "fold": grouped_assignment(group, n_splits, [seed, repeat])})
        for repeat in range(repeats)
    ]
    folds = pd.concat(parts, ignore_index=True)
    if torn := leaking_groups(folds, group):
        msg = f"{torn} groups lie on both sides of a split; this is a defect of cryokit, please report it"
        raise IntegrityCheckError(msg)
    return folds


def leaking_groups(folds: pd.DataFrame, group: NDArray[np.int64], purged: pd.DataFrame | None = None) -> int:
    """
    Count the groups that are both trained on and predicted in some split.

    Parameters
    ----------
    folds : DataFrame
        ``row``, ``repeat`` and ``fold``.
    group : ndarray of shape (n,)
        Group of each row.
    purged : DataFrame, optional
        ``row``, ``repeat`` and ``fold`` of rows that do not train in that fold.

    Returns
    -------
    int
        Number of groups; 0 for a fair split.

    Examples
    --------
    >>> folds = pd.DataFrame({"row": [0, 1], "repeat": 0, "fold": [0, 1]})
    >>> leaking_groups(folds, np.array([7, 7])), leaking_groups(folds, np.array([1, 2]))
    (1, 0)
    """
    leaking: set[int] = set()
    for key, part in folds.groupby(["repeat", "fold"]):
        held_out = np.zeros(len(group), dtype=bool)
        held_out[part["row"]] = True
        training = training_rows(len(group), part["row"].to_numpy(), key, purged)
        leaking |= set(group[held_out].tolist()) & set(group[training].tolist())
    return len(leaking)


def training_rows(
    n_rows: int, held_out: NDArray[np.int64], key: tuple[int, int], purged: pd.DataFrame | None = None
) -> NDArray[np.int64]:
    """
    Return the rows that train in one fold: all that are neither held out nor purged.

    Parameters
    ----------
    n_rows : int
        Number of all rows.
    held_out : ndarray of int
        Rows of the fold.
    key : tuple of int
        Repeat and fold.
    purged : DataFrame, optional
        ``row``, ``repeat`` and ``fold`` of rows that do not train in that fold.

    Returns
    -------
    ndarray of int
        Positions, ascending.

    Examples
    --------
    >>> purged = pd.DataFrame({"row": [3], "repeat": [0], "fold": [0]})
    >>> training_rows(4, np.array([0]), (0, 0), purged).tolist()
    [1, 2]
    """
    left_out = held_out
    if purged is not None:
        here = (purged["repeat"] == key[0]) & (purged["fold"] == key[1])
        left_out = np.concatenate([held_out, purged.loc[here, "row"].to_numpy(dtype=np.int64)])
    return np.setdiff1d(np.arange(n_rows), left_out)


def checked_folds(folds: pd.DataFrame, n_rows: int) -> pd.DataFrame:
    """
    Check folds that somebody else made.

    Parameters
    ----------
    folds : DataFrame
        ``row`` (counted from 0), ``repeat`` and ``fold``; rows in no fold only train.
    n_rows : int
        Number of rows that the folds are about.

    Returns
    -------
    DataFrame
        The three columns as integers, sorted by repeat, fold and row.

    Raises
    ------
    InputError
        If a column is missing or not whole numbers, a row does not exist or comes twice in a repeat, or a fold
        leaves nothing to train on.

    Examples
    --------
    >>> len(checked_folds(pd.DataFrame({"row": [1], "repeat": [0], "fold": [0]}), n_rows=3))
    1
    """
    if missing := [name for name in FOLD_COLUMNS if name not in folds]:
        msg = f"the folds lack the column {', '.join(missing)}; they need {', '.join(FOLD_COLUMNS)}"
        raise InputError(msg)
    if folds.empty:
        msg = "the folds are empty; give at least one row, repeat and fold"
        raise InputError(msg)
    plain = pd.DataFrame({name: _whole_numbers(folds, name) for name in FOLD_COLUMNS})
    outside = plain["row"][(plain["row"] < 0) | (plain["row"] >= n_rows)]
    if len(outside):
        msg = f"the folds name row {outside.iloc[0]}, but rows are counted from 0 to {n_rows - 1}"
        raise InputError(msg)
    twice = plain[plain.duplicated(["row", "repeat"])]
    if len(twice):
        msg = f"row {twice['row'].iloc[0]} comes twice in repeat {twice['repeat'].iloc[0]}; it may be in one fold only"
        raise InputError(msg)
    if (plain.groupby(["repeat", "fold"]).size() >= n_rows).any():
        msg = "a fold holds all rows and leaves none to train on; use at least two folds"
        raise InputError(msg)
    return plain.sort_values(["repeat", "fold", "row"], ignore_index=True)


def _whole_numbers(folds: pd.DataFrame, name: str) -> NDArray[np.int64]:
    values = numbers(folds, name)
    if not (np.isfinite(values) & (values == np.round(values))).all():
        msg = f"the folds' column {name} must hold whole numbers; check for empty cells and text"
        raise InputError(msg)
    return values.astype(np.int64)
