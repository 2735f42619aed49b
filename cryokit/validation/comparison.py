"""Two models on the same rows: all scores side by side, and the paired difference with an interval."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.errors import InputError
from cryokit.validation.evaluation import ROW_COLUMNS, mean_errors
from cryokit.validation.gate import paired_difference
from cryokit.validation.metrics import table_scores

BETTER, WORSE, EQUAL, UNKNOWN = "better", "worse", "no difference out of noise", "cannot be told"


def compared(
    first: pd.DataFrame, second: pd.DataFrame, group: NDArray[np.int64], series: NDArray[np.str_], seed: int = 0
) -> dict:
    """
    Compare the out-of-fold predictions of two models on the rows that both predict.

    Parameters
    ----------
    first, second : DataFrame
        ``row``, ``repeat``, ``fold``, ``measured``, ``value``, ``lower`` and ``upper`` of each model; ``row`` means
        the same measurement in both. NaN where a model makes no prediction: such rows do not count.
    group : ndarray of shape (n,)
        Group of each row; groups are resampled whole.
    series : ndarray of shape (n,)
        Series of each row; scores of series are never pooled.
    seed : int
        Fixes the resampling.

    Returns
    -------
    dict
        ``first`` and ``second`` (scores), ``paired`` (error of the first minus that of the second: positive if the
        second is better; 95 % interval over groups) and ``second_is`` in words; with several series the same for
        each in ``series``.

    Raises
    ------
    InputError
        If a column is missing.

    References
    ----------
    .. [1] Efron, B. and Tibshirani, R. (1993). An Introduction to the Bootstrap. ISBN 9780412042317

    Examples
    --------
    >>> table = pd.DataFrame({"row": range(6), "repeat": 0, "fold": 0, "measured": 0.0, "lower": -9.0, "upper": 9.0})
    >>> worse, better = table.assign(value=2.0), table.assign(value=1.0)
    >>> compared(worse, better, np.arange(6), np.full(6, "all"))["second_is"]
    'better'
    """
    for table in (first, second):
        if missing := [name for name in ROW_COLUMNS if name not in table]:
            msg = f"the predictions lack {', '.join(missing)}; they need {', '.join(ROW_COLUMNS)}"
            raise InputError(msg)
    both = _predicted(first) & _predicted(second)
    first, second = (table[table["row"].isin(both)] for table in (first, second))
    rows = np.array(sorted(both), dtype=np.int64)
    names = np.unique(series[rows]) if len(rows) else np.array([], dtype=str)
    result = _of_rows(first, second, group, rows, seed)
    if len(names) > 1:
        chosen = {str(name): rows[series[rows] == name] for name in names}
        result["series"] = {
            name: _of_rows(first[first["row"].isin(part)], second[second["row"].isin(part)], group, part, seed)
            for name, part in chosen.items()
        }
    return result


def is_not_worse(result: dict) -> bool:
    """Whether the second model's error is not larger out of noise, neither over all rows nor in any series."""
    parts = [result, *result.get("series", {}).values()]
    return result["paired"]["n"] > 0 and all(part["second_is"] != WORSE for part in parts)


def _predicted(table: pd.DataFrame) -> set[int]:
    missing = table.loc[table["value"].isna(), "row"]
    return set(table["row"]) - set(missing)


def _of_rows(
    first: pd.DataFrame, second: pd.DataFrame, group: NDArray[np.int64], rows: NDArray[np.int64], seed: int
) -> dict:
    errors, others = mean_errors(first).to_numpy(), mean_errors(second).to_numpy()
    paired = paired_difference(others, errors, group[rows], seed)
    return {
        "first": table_scores(first),
        "second": table_scores(second),
        "paired": paired,
        "second_is": _in_words(paired),
    }


def _in_words(paired: dict) -> str:
    if not paired["n"]:
        return UNKNOWN
    if paired["lower"] > 0:
        return BETTER
    return WORSE if paired["upper"] < 0 else EQUAL
