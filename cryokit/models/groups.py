"""Which rows belong together, and folds that never tear a group apart."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cryokit.chemistry.molecules import normalised_name, parse
from cryokit.domain import Component, target_named
from cryokit.errors import InputError

ALL = "all"
"""Name of the only series of a target without conditions that set rows apart."""

AmountKey = tuple[str, float, str]


def groups(target: str, rows: pd.DataFrame) -> NDArray[np.int64]:
    """
    Group of each row: rows of one group are never on both sides of a split.

    Molecules belong together if they share the connectivity (first block of the InChIKey) or the normalised name,
    also by way of others. Formulations belong together by source or, in a series that has one source only, by
    composition.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame of n rows
        Row frame of the target; viability rows carry ``components``.

    Returns
    -------
    ndarray of shape (n,)
        Group numbers from 0, by first appearance.

    Raises
    ------
    InputError
        If a structure cannot be read.

    Examples
    --------
    >>> groups("tg", pd.DataFrame({"smiles": ["OCCO", "C(O)CO", "CCO"], "name": ["a", "b", "B"]})).tolist()
    [0, 0, 0]
    """
    if target_named(target).subject == "recipe":
        return _recipe_groups(rows)
    connectivities = [parse(smiles).connectivity for smiles in rows["smiles"]]
    names = rows["name"] if "name" in rows else [None] * len(rows)
    normalised = [normalised_name(name) if isinstance(name, str) else "" for name in names]
    alone = [name or f"row {index}" for index, name in enumerate(normalised)]
    return united(connectivities, alone)


def series_name(target: str, row: Mapping[str, object]) -> str:
    """Return the series of one row: the values of the conditions that are never merged."""
    return ", ".join(str(row[name]).strip() for name in target_named(target).series) or ALL


def series_of(target: str, rows: pd.DataFrame) -> list[str]:
    """Return the series of each row."""
    columns = list(target_named(target).series)
    if not columns:
        return [ALL] * len(rows)
    return [series_name(target, row) for row in rows[columns].to_dict("records")]


def subjects(target: str, rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return for each row the number of its molecule (by connectivity) or formulation, inside its series."""
    if target_named(target).subject == "recipe":
        keys = [composition(components) for components in rows["components"]]
    else:
        keys = [parse(smiles).connectivity for smiles in rows["smiles"]]
    return _codes(list(zip(series_of(target, rows), keys, strict=True)))


def grouped_assignment(group: NDArray[np.int64], n_splits: int, seed: Sequence[int]) -> NDArray[np.int64]:
    """
    Assign rows to folds of about equal size, whole groups only.

    Parameters
    ----------
    group : ndarray of shape (n,)
        Group of each row.
    n_splits : int
        Number of folds, at least 2; lowered to the number of groups if there are fewer.
    seed : sequence of int
        Fixes the assignment.

    Returns
    -------
    ndarray of shape (n,)
        Fold of each row, from 0.

    Raises
    ------
    InputError
        If there are fewer than 2 groups or 2 folds.

    Examples
    --------
    >>> fold = grouped_assignment(np.array([0, 0, 1, 2]), 2, [0])
    >>> bool(fold[0] == fold[1])
    True
    """
    numbers, codes, sizes = np.unique(group, return_inverse=True, return_counts=True)
    if len(numbers) < 2 or n_splits < 2:
        msg = f"a split needs at least 2 groups and 2 folds, but {len(numbers)} groups and {n_splits} folds came"
        raise InputError(msg)
    order = np.random.default_rng(list(seed)).permutation(len(numbers))
    order = order[np.argsort(-sizes[order], kind="stable")]
    filled = np.zeros(min(n_splits, len(numbers)))
    fold_of_group = np.empty(len(numbers), dtype=np.int64)
    for number in order:
        fold_of_group[number] = int(np.argmin(filled))
        filled[fold_of_group[number]] += sizes[number]
    return fold_of_group[codes]


def united(left: Sequence[Hashable], right: Sequence[Hashable]) -> NDArray[np.int64]:
    """Return groups of rows that share a left or a right key, also by way of others."""
    first, second = _codes(left), _codes(right)
    if not len(first):
        return first
    second = second + first.max() + 1
    size = int(second.max()) + 1
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1]
    return _codes(labels[first].tolist())


def composition(components: Sequence[Component]) -> tuple[AmountKey, ...]:
    """Return the identity of a formulation: which component, how much, in which unit, in a fixed order."""
    return tuple(sorted((component_key(part), float(part.amount), part.unit) for part in components))


def component_key(component: Component) -> str:
    """Return the InChIKey of a component, or its name in lower case if it has no single structure."""
    return component.molecule.inchikey if component.molecule else component.name.strip().lower()


def _recipe_groups(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Group inside each series: series are never pooled, so nothing can leak from one into another."""
    series = pd.Series(series_of("viability", rows), index=rows.index)
    keys = pd.Series([composition(components) for components in rows["components"]], index=rows.index)
    if "source" in rows:
        sources = rows["source"].groupby(series)
        has_several = (sources.transform("nunique") >= 2) & (sources.transform("count") == sources.transform("size"))
        keys = keys.where(~has_several, rows["source"])
    return _codes(list(zip(series, keys, strict=True)))


def _codes(keys: Sequence[Hashable]) -> NDArray[np.int64]:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
