"""Scores of predictions against measured values, with a defined answer for few or constant values."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.domain import CONFIDENCE
from cryokit.errors import InputError

SCORED = ("measured", "value", "lower", "upper")
"""Columns of a table that scores are made from."""

METRICS = ("mae", "rmse", "r2", "spearman", "coverage_90", "mean_width_90")

FURTHER = ("median_error", "winkler_90")

Vector = NDArray[np.float64]


def mean_absolute_error(measured: Vector, value: Vector) -> float:
    """
    Mean absolute error.

    Parameters
    ----------
    measured, value : ndarray of shape (n,)
        Measured and predicted values, in one unit.

    Returns
    -------
    float
        In that unit; NaN for n = 0.

    Examples
    --------
    >>> mean_absolute_error(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    1.5
    """
    return float(np.mean(np.abs(measured - value))) if len(measured) else math.nan


def median_absolute_error(measured: Vector, value: Vector) -> float:
    """
    Median of the absolute errors.

    Parameters
    ----------
    measured, value : ndarray of shape (n,)
        Measured and predicted values, in one unit.

    Returns
    -------
    float
        In that unit; NaN for n = 0.

    Examples
    --------
    >>> median_absolute_error(np.array([0.0, 0.0, 0.0]), np.array([1.0, 2.0, 50.0]))
    2.0
    """
    return float(np.median(np.abs(measured - value))) if len(measured) else math.nan


def root_mean_square_error(measured: Vector, value: Vector) -> float:
    """
    Root of the mean squared error.

    Parameters
    ----------
    measured, value : ndarray of shape (n,)
        Measured and predicted values, in one unit.

    Returns
    -------
    float
        In that unit; NaN for n = 0.

    Examples
    --------
    >>> root_mean_square_error(np.array([0.0, 0.0]), np.array([1.0, 7.0]))
    5.0
    """
    return math.sqrt(float(np.mean((measured - value) ** 2))) if len(measured) else math.nan


def determination(measured: Vector, value: Vector) -> float:
    """
    Coefficient of determination R2: one minus squared error over the variance about the mean of `measured`.

    Parameters
    ----------
    measured, value : ndarray of shape (n,)
        Measured and predicted values, in one unit.

    Returns
    -------
    float
        At most 1, negative for predictions worse than the mean; NaN for n < 2 or constant `measured`.

    Examples
    --------
    >>> determination(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0]))
    0.0
    """
    if len(measured) < 2 or np.ptp(measured) == 0:
        return math.nan
    return 1.0 - float(np.sum((measured - value) ** 2) / np.sum((measured - measured.mean()) ** 2))


def rank_correlation(measured: Vector, value: Vector) -> float:
    """
    Spearman's rank correlation; ties get their mean rank.

    Parameters
    ----------
    measured, value : ndarray of shape (n,)
        Measured and predicted values.

    Returns
    -------
    float
        In [-1, 1]; NaN for n < 2 or if one of both is constant.

    Examples
    --------
    >>> round(rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0])), 12)
    1.0
    """
    if len(measured) < 2 or np.ptp(measured) == 0 or np.ptp(value) == 0:
        return math.nan
    first, second = _ranks(measured), _ranks(value)
    first, second = first - first.mean(), second - second.mean()
    return float(first @ second / math.sqrt(float(first @ first) * float(second @ second)))


def _ranks(values: Vector) -> Vector:
    """Ranks from 1 on, ties sharing their mean, as scipy gives them in six times the time; all NaN if one value is."""
    order = values.argsort(kind="stable")
    rising = values[order]
    if len(values) and math.isnan(rising[-1]):
        return np.full(len(values), math.nan)
    begins = np.ones(len(values) + 1, dtype=bool)
    begins[1:-1] = rising[1:] != rising[:-1]
    edges = np.flatnonzero(begins)
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((edges[:-1] + edges[1:] + 1) / 2, np.diff(edges))
    return ranks


def area_under_curve(measured: Vector, value: Vector, threshold: float) -> float:
    """
    Area under the ROC curve for finding the rows that measure at most a threshold; low predictions come first.

    Parameters
    ----------
    measured, value : ndarray of shape (n,)
        Measured and predicted values, in one unit.
    threshold : float
        A row is to be found if its measured value is at or below this, in the same unit.

    Returns
    -------
    float
        Chance that a row to be found is predicted lower than another one, ties counting half; NaN if there is no
        row to be found or no other.

    References
    ----------
    .. [1] Hanley, J. A. and McNeil, B. J. (1982). Radiology 143, 29-36. 10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> area_under_curve(np.array([10.0, 40.0, 90.0]), np.array([5.0, 60.0, 60.0]), threshold=50.0)
    0.75
    """
    wanted = measured <= threshold
    n_wanted, n_other = int(wanted.sum()), int((~wanted).sum())
    if not n_wanted or not n_other:
        return math.nan
    ranks = _ranks(-value)
    return float((ranks[wanted].sum() - n_wanted * (n_wanted + 1) / 2) / (n_wanted * n_other))


def interval_coverage(measured: Vector, lower: Vector, upper: Vector) -> float:
    """
    Fraction of measured values inside their interval, bounds included.

    Parameters
    ----------
    measured, lower, upper : ndarray of shape (n,)
        Measured values and bounds, in one unit.

    Returns
    -------
    float
        In [0, 1]; NaN for n = 0.

    References
    ----------
    .. [1] Lei, J. et al. (2018). J. Am. Stat. Assoc. 113, 1094-1111. 10.1080/01621459.2017.1307116

    Examples
    --------
    >>> interval_coverage(np.array([1.0, 5.0]), np.array([1.0, 1.0]), np.array([2.0, 2.0]))
    0.5
    """
    return float(np.mean((lower <= measured) & (measured <= upper))) if len(measured) else math.nan


def interval_score(measured: Vector, lower: Vector, upper: Vector, confidence: float = CONFIDENCE) -> float:
    """
    Winkler's score of intervals: their mean width, plus a fine for each miss that grows with its distance.

    Parameters
    ----------
    measured, lower, upper : ndarray of shape (n,)
        Measured values and bounds, in one unit.
    confidence : float
        Nominal level of the intervals.

    Returns
    -------
    float
        In that unit; the lower the better; NaN for n = 0.

    References
    ----------
    .. [1] Winkler, R. L. (1972). J. Am. Stat. Assoc. 67, 187-191. 10.1080/01621459.1972.10481224
    .. [2] Gneiting, T. and Raftery, A. E. (2007). J. Am. Stat. Assoc. 102, 359-378. 10.1198/016214506000001437

    Examples
    --------
    >>> measured, lower, upper = np.array([1.0, 5.0]), np.array([0.0, 0.0]), np.array([4.0, 4.0])
    >>> round(interval_score(measured, lower, upper), 9)
    14.0
    """
    if not len(measured):
        return math.nan
    missed_by = np.maximum(lower - measured, 0.0) + np.maximum(measured - upper, 0.0)
    return float(np.mean(upper - lower + 2.0 / (1.0 - confidence) * missed_by))


def scores(
    measured: Vector, value: Vector, lower: Vector, upper: Vector, thresholds: Sequence[float] = ()
) -> dict[str, float | int]:
    """
    All scores of one set of predictions.

    Parameters
    ----------
    measured, value, lower, upper : ndarray of shape (n,)
        Measured values, predictions and bounds, in one unit; rows without a prediction are NaN and not counted.
    thresholds : sequence of float
        Values at or below which a row is to be found, see `area_under_curve`.

    Returns
    -------
    dict
        Each of `METRICS`; ``n``, the number of rows counted; each of `FURTHER`; ``auc_50`` for a threshold of 50.

    Raises
    ------
    InputError
        If the lengths differ.

    Examples
    --------
    >>> one = np.array([1.0])
    >>> scores(one, one, one, one)["coverage_90"]
    1.0
    """
    if len({len(measured), len(value), len(lower), len(upper)}) > 1:
        msg = f"lengths differ: {len(measured)} measured, {len(value)} values, {len(lower)} and {len(upper)} bounds"
        raise InputError(msg)
    counted = np.isfinite(value)
    measured, value, lower, upper = measured[counted], value[counted], lower[counted], upper[counted]
    return {
        "mae": mean_absolute_error(measured, value),
        "rmse": root_mean_square_error(measured, value),
        "r2": determination(measured, value),
        "spearman": rank_correlation(measured, value),
        "coverage_90": interval_coverage(measured, lower, upper),
        "mean_width_90": float(np.mean(upper - lower)) if len(measured) else math.nan,
        "n": len(measured),
        "median_error": median_absolute_error(measured, value),
        "winkler_90": interval_score(measured, lower, upper),
        **{f"auc_{threshold:g}": area_under_curve(measured, value, threshold) for threshold in thresholds},
    }


def averaged(per_repeat: Sequence[dict[str, float | int]]) -> dict[str, float | int]:
    """
    Average the scores of repeats; a score that a repeat does not define does not count.

    Parameters
    ----------
    per_repeat : sequence of dict
        Results of `scores`.

    Returns
    -------
    dict
        The same keys; NaN where no repeat defines the score.

    Examples
    --------
    >>> averaged([{"mae": 1.0, "n": 4}, {"mae": 2.0, "n": 4}])
    {'mae': 1.5, 'n': 4}
    """
    result: dict[str, float | int] = {}
    for name in per_repeat[0] if per_repeat else ():
        known = [item[name] for item in per_repeat if math.isfinite(item[name])]
        mean = math.fsum(known) / len(known) if known else math.nan
        result[name] = round(mean) if name == "n" else mean
    return result


def table_scores(
    table: pd.DataFrame, thresholds: Sequence[float] = (), columns: Sequence[str] = SCORED
) -> dict[str, float | int]:
    """
    Scores of a table of out-of-fold predictions, one repeat at a time and then averaged.

    Parameters
    ----------
    table : DataFrame
        ``repeat`` and `columns`.
    thresholds : sequence of float
        As for `scores`.
    columns : sequence of str
        Names of measured value, prediction, lower and upper bound.

    Returns
    -------
    dict
        As of `averaged`; empty for a table without rows.

    Examples
    --------
    >>> table = pd.DataFrame({"repeat": [0, 1], "measured": 1.0, "value": [2.0, 4.0], "lower": 0.0, "upper": 4.0})
    >>> table_scores(table)["mae"]
    2.0
    """
    parts = [part[list(columns)].to_numpy(dtype=np.float64).T for _, part in table.groupby("repeat")]
    return averaged([scores(*part, thresholds) for part in parts])
