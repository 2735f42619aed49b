"""Probability that a value lies at or below a threshold, from signed out-of-fold errors."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from cryokit.errors import InputError

MINIMUM_ERRORS = 10
"""With fewer errors no probability is stated."""

_LEAST_HALF_WIDTH = 1e-9


def half_widths(lower: ArrayLike, upper: ArrayLike) -> NDArray[np.float64]:
    """
    Half widths of intervals, by which errors are scaled before they are pooled.

    Parameters
    ----------
    lower, upper : array-like of shape (n,)
        Bounds, in the unit of the target.

    Returns
    -------
    ndarray of shape (n,)
        Same unit, always above 0.

    Examples
    --------
    >>> half_widths([10.0, 5.0], [30.0, 5.0]).tolist()
    [10.0, 1e-09]
    """
    width = np.asarray(upper, dtype=np.float64) - np.asarray(lower, dtype=np.float64)
    return np.maximum(width / 2, _LEAST_HALF_WIDTH)


def probability_at_most(
    value: NDArray[np.float64],
    scale: NDArray[np.float64],
    threshold: float,
    residuals: NDArray[np.float64],
) -> NDArray[np.float64]:
    """
    Probability that the measured value lies at or below a threshold.

    The predictive distribution is empirical: the value plus the scale times a residual, each residual equally
    likely and smeared by a normal distribution (bandwidth by Silverman's rule), so that the probability rises
    smoothly with the threshold and is never exactly 0 or 1 near the data.

    Parameters
    ----------
    value : ndarray of shape (n,)
        Predictions, in the unit of the target.
    scale : ndarray of shape (n,)
        Scale of the error of each row, same unit, above 0 (see `intervals.interval_scale`).
    threshold : float
        Threshold, same unit; for %MGS usually 50.
    residuals : ndarray of shape (m,)
        Signed out-of-fold errors, measured minus predicted, each over the scale of its own row.

    Returns
    -------
    ndarray of shape (n,)
        Probabilities in [0, 1]; NaN if there are fewer than 10 residuals.

    Raises
    ------
    InputError
        If a scale is not above 0, or a residual is not a finite number.

    References
    ----------
    .. [1] Vovk, V. et al. (2019). Mach. Learn. 108, 445-474. 10.1007/s10994-018-5755-8
    .. [2] Silverman, B. W. (1986). Density Estimation for Statistics and Data Analysis, section 3.4.2.
       10.1201/9781315140919

    Examples
    --------
    >>> residuals = np.linspace(-2.0, 2.0, 41)
    >>> probability_at_most(np.array([50.0, 20.0]), np.array([15.0, 15.0]), 50.0, residuals).round(2).tolist()
    [0.5, 0.94]
    """
    if not (np.isfinite(scale) & (scale > 0)).all():
        msg = "every scale must be a number above 0; take it from intervals.interval_scale with a floor above 0"
        raise InputError(msg)
    if not np.isfinite(residuals).all():
        msg = f"residuals must be finite numbers, but {int((~np.isfinite(residuals)).sum())} are not; leave those out"
        raise InputError(msg)
    if len(residuals) < MINIMUM_ERRORS:
        return np.full(len(value), np.nan)
    standing = (threshold - value) / scale
    return ndtr((standing[:, None] - residuals) / _bandwidth(residuals)).mean(axis=1)


def _bandwidth(residuals: NDArray[np.float64]) -> float:
    quarter, three_quarters = np.quantile(residuals, [0.25, 0.75])
    spreads = [item for item in (residuals.std(), (three_quarters - quarter) / 1.34) if item > 0]
    return 0.9 * min(spreads, default=1e-9) * len(residuals) ** -0.2
