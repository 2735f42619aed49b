"""Which molecules of a screening are best by one target, or by two at once."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.errors import InputError

HIGHEST, LOWEST = "highest", "lowest"
BEST = {"tg": HIGHEST, "iri": LOWEST}
"""What is looked for unless told otherwise: glasses that are stable in the warm, small grains of ice."""

_STRUCTURE, _ROW = "canonical_smiles", "row"


def checked_directions(targets: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """
    Return what is best of each target, or say what is allowed.

    Examples
    --------
    >>> checked_directions(["tg", "iri"], {"tg": "lowest"})
    {'tg': 'lowest', 'iri': 'lowest'}
    """
    if unknown := [name for name in given if name not in targets]:
        msg = f"{', '.join(unknown)} is not screened for; the targets are {', '.join(targets)}"
        raise InputError(msg)
    if wrong := [item for item in given.values() if item not in (HIGHEST, LOWEST)]:
        msg = f"the best value is {wrong[0]!r}; it must be {HIGHEST} or {LOWEST}, such as tg={HIGHEST}"
        raise InputError(msg)
    return {name: given.get(name, BEST.get(name, HIGHEST)) for name in targets}


def best_rows(pieces: Iterable[pd.DataFrame], column: str, direction: str, count: int) -> pd.DataFrame:
    """
    Best distinct structures of a table that comes in pieces.

    Parameters
    ----------
    pieces : iterable of DataFrame
        With `column`, ``canonical_smiles`` and ``row``; rows without a value are left out.
    column : str
        What is ranked, in the unit of its target.
    direction : str
        ``highest`` or ``lowest``.
    count : int
        How many structures, at least 1.

    Returns
    -------
    DataFrame
        The best first; of equal ones the earlier row; each structure once, by its earliest row.

    Raises
    ------
    InputError
        If `count` is below 1.

    Examples
    --------
    >>> piece = pd.DataFrame({"row": [0, 1, 2], "canonical_smiles": ["C", "CC", "C"], "tg_value": [1.0, 3.0, 1.0]})
    >>> best_rows([piece], "tg_value", "lowest", 5)["row"].tolist()
    [0, 1]
    """
    if count < 1:
        msg = f"{count} best rows were asked for; ask for at least 1"
        raise InputError(msg)
    kept = None
    for piece in pieces:
        table = _joined(kept, piece[piece[column].notna()])
        ordered = table.sort_values([column, _ROW], ascending=[direction == LOWEST, True], kind="stable")
        kept = ordered.drop_duplicates(_STRUCTURE).head(count)
    return kept if kept is not None else pd.DataFrame()


def pareto_rows(pieces: Iterable[pd.DataFrame], directions: Mapping[str, str]) -> pd.DataFrame:
    """
    Rows of a table that comes in pieces which no other row beats in both of two columns.

    Parameters
    ----------
    pieces : iterable of DataFrame
        With both columns and ``row``; rows without both values are left out.
    directions : mapping of str to str
        For each of two columns ``highest`` or ``lowest``.

    Returns
    -------
    DataFrame
        The front, best of the first column first; of rows equal in both the earliest one stands for all.

    Raises
    ------
    InputError
        If there are not exactly two columns.

    References
    ----------
    .. [1] Kung, H. T., Luccio, F. and Preparata, F. P. (1975). J. ACM 22, 469-476. 10.1145/321906.321910

    Examples
    --------
    >>> piece = pd.DataFrame({"row": [0, 1, 2], "a": [3.0, 2.0, 1.0], "b": [1.0, 0.5, 0.9]})
    >>> pareto_rows([piece], {"a": "highest", "b": "lowest"})["row"].tolist()
    [0, 1]
    """
    if len(directions) != 2:
        msg = f"a front needs two targets, but {len(directions)} came: {', '.join(directions)}"
        raise InputError(msg)
    kept = None
    for piece in pieces:
        table = _joined(kept, piece[piece[list(directions)].notna().all(axis=1)])
        costs = [table[name].to_numpy() * (-1.0 if best == HIGHEST else 1.0) for name, best in directions.items()]
        kept = table.iloc[_front(costs[0], costs[1], table[_ROW].to_numpy())]
    return kept if kept is not None else pd.DataFrame()


def _joined(kept: pd.DataFrame | None, piece: pd.DataFrame) -> pd.DataFrame:
    return piece if kept is None or kept.empty else pd.concat([kept, piece], ignore_index=True)


def _front(first: NDArray[np.float64], second: NDArray[np.float64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of the points that none is as good as in both and better in one, ordered by the first."""
    order = np.lexsort((row, second, first))
    best_before = np.concatenate([[np.inf], np.minimum.accumulate(second[order])[:-1]])
    return order[second[order] < best_before]
