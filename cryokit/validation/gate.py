"""The skill gate: a model must beat every trivial baseline out of noise, or it says that it does not."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cryokit.domain import INSUFFICIENT_SKILL

SKILL = "skill"
MINIMUM_GROUPS = 5
RESAMPLES = 2000
LEVEL = 0.95


def paired_difference(
    errors: NDArray[np.float64], baseline_errors: NDArray[np.float64], group: NDArray[np.int64], seed: int = 0
) -> dict[str, float | int]:
    """
    How much smaller the model's absolute error is than a baseline's, with a bootstrap interval over groups.

    Parameters
    ----------
    errors, baseline_errors : ndarray of shape (n,)
        Absolute errors of model and baseline on the same rows, in the unit of the target; NaN where one of both
        has no prediction: such rows do not count.
    group : ndarray of shape (n,)
        Group of each row; groups are resampled whole.
    seed : int
        Fixes the resampling.

    Returns
    -------
    dict
        ``difference`` (baseline minus model; positive if the model is better), ``lower`` and ``upper`` (95 %
        interval), ``n`` rows, ``n_groups``; NaN without rows.

    References
    ----------
    .. [1] Efron, B. and Tibshirani, R. (1993). An Introduction to the Bootstrap. ISBN 9780412042317

    Examples
    --------
    >>> result = paired_difference(np.ones(6), np.full(6, 3.0), np.arange(6))
    >>> result["difference"], result["lower"], result["upper"]
    (2.0, 2.0, 2.0)
    """
    counted = np.isfinite(errors) & np.isfinite(baseline_errors)
    numbers, codes = np.unique(group[counted], return_inverse=True)
    if not len(numbers):
        return {"difference": np.nan, "lower": np.nan, "upper": np.nan, "n": 0, "n_groups": 0}
    gain = (baseline_errors - errors)[counted]
    total, size = np.bincount(codes, weights=gain), np.bincount(codes)
    drawn = np.random.default_rng(seed).multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), RESAMPLES)
    means = (drawn * total).sum(axis=1) / (drawn * size).sum(axis=1)
    lower, upper = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {
        "difference": float(gain.mean()),
        "lower": float(lower),
        "upper": float(upper),
        "n": int(counted.sum()),
        "n_groups": len(numbers),
    }


def verdict(
    errors: NDArray[np.float64],
    baseline_errors: Mapping[str, NDArray[np.float64]],
    group: NDArray[np.int64],
    seed: int = 0,
) -> str:
    """
    Label of a model: skill, or insufficient skill.

    Parameters
    ----------
    errors : ndarray of shape (n,)
        Absolute out-of-fold errors of the model.
    baseline_errors : mapping of str to ndarray of shape (n,)
        Absolute errors of each baseline on the same rows; NaN where it makes no prediction. A baseline without
        any prediction does not count.
    group : ndarray of shape (n,)
        Group of each row.
    seed : int
        Fixes the resampling.

    Returns
    -------
    str
        ``skill`` if every baseline is beaten with an interval that excludes 0 on at least 5 groups, else
        ``insufficient skill``.

    Examples
    --------
    >>> verdict(np.ones(9), {"mean": np.full(9, 2.0)}, np.arange(9))
    'skill'
    >>> verdict(np.ones(9), {"mean": np.ones(9)}, np.arange(9))
    'insufficient skill'
    """
    compared = [paired_difference(errors, item, group, seed) for item in baseline_errors.values()]
    counted = [item for item in compared if item["n"]]
    beaten = [item["lower"] > 0 and item["n_groups"] >= MINIMUM_GROUPS for item in counted]
    return SKILL if beaten and all(beaten) else INSUFFICIENT_SKILL
