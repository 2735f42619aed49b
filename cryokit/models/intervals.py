"""Prediction intervals from out-of-fold errors, scaled by the ensemble's spread (grouped cross-conformal)."""

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from cryokit.domain import CONFIDENCE
from cryokit.errors import InputError
from cryokit.models.transforms import AS_MEASURED, Transform


@dataclass(frozen=True)
class Calibration:
    """What turns a value and its spread into an interval, and how that was found out."""

    quantile: float
    """Half width in units of the spread's scale; infinite if there were too few calibration points."""
    spread_floor: float
    """Added in quadrature to the spread, so that agreement by chance does not give a zero width."""
    lower_bound: float
    upper_bound: float
    split: str
    n: int
    n_groups: int
    coverage: float
    """Coverage of folds whose own errors were left out of the quantile; NaN if it cannot be measured."""

    def as_json(self) -> dict:
        """Plain data; an infinite quantile stays infinite."""
        return asdict(self)

    @property
    def basis(self) -> str:
        """The basis of the interval in words."""
        if not math.isfinite(self.quantile):
            return (
                f"the plausible range {self.lower_bound:g} to {self.upper_bound:g}: {self.n} out-of-fold errors "
                "are too few for an interval from errors"
            )
        return f"{self.split}, {self.n} out-of-fold errors of {self.n_groups} groups, coverage {self.coverage:.2f}"

    def interval(
        self, value: NDArray[np.float64], spread: NDArray[np.float64], transform: Transform = AS_MEASURED
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """
        Lower and upper bound of each prediction.

        Parameters
        ----------
        value : ndarray of shape (n,)
            Predictions, on the scale of `transform`.
        spread : ndarray of shape (n,)
            Disagreement of the ensemble, on the same scale.
        transform : Transform
            Scale on which the errors were calibrated; by default the unit of the target.

        Returns
        -------
        lower, upper : ndarray of shape (n,)
            Bounds in the unit of the target, inside the plausible range; each depends on its own row alone.

        References
        ----------
        .. [1] Lei, J. et al. (2018). J. Am. Stat. Assoc. 113, 1094-1111. 10.1080/01621459.2017.1307116
        """
        if not math.isfinite(self.quantile):
            return np.full(len(value), self.lower_bound), np.full(len(value), self.upper_bound)
        half = self.quantile * interval_scale(spread, self.spread_floor)
        lower, upper = transform.interval(value - half, value + half)
        return np.clip(lower, self.lower_bound, self.upper_bound), np.clip(upper, self.lower_bound, self.upper_bound)


def interval_scale(spread: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
    """Combine spread and floor in quadrature."""
    return np.sqrt(spread**2 + floor**2)


def finite_sample_quantile(scores: NDArray[np.float64], confidence: float = CONFIDENCE) -> float:
    """
    Smallest score that a new exchangeable score stays below with the given confidence.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Non-negative calibration scores.
    confidence : float
        Level in (0, 1).

    Returns
    -------
    float
        The ceil((n + 1) * confidence)-th smallest score; infinity if n is too small for that rank.

    Raises
    ------
    InputError
        If `confidence` is not between 0 and 1.

    References
    ----------
    .. [1] Lei, J. et al. (2018). J. Am. Stat. Assoc. 113, 1094-1111. 10.1080/01621459.2017.1307116

    Examples
    --------
    >>> finite_sample_quantile(np.arange(1.0, 20.0))
    18.0
    >>> finite_sample_quantile(np.arange(3.0))
    inf
    """
    if not 0 < confidence < 1:
        msg = f"confidence must lie between 0 and 1, but is {confidence}; for example 0.9"
        raise InputError(msg)
    rank = math.ceil((len(scores) + 1) * confidence - 1e-9)
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else math.inf


def calibrated(
    errors: NDArray[np.float64],
    spread: NDArray[np.float64],
    folds: NDArray[np.int64],
    groups: NDArray[np.int64],
    bounds: tuple[float, float],
) -> Calibration:
    """
    Calibrate intervals on out-of-fold errors of a training set.

    Parameters
    ----------
    errors : ndarray of shape (n,)
        Absolute out-of-fold errors, on the scale on which the model learns.
    spread : ndarray of shape (n,)
        Spread of the out-of-fold predictions, on the same scale.
    folds : ndarray of shape (n,)
        Fold in which each row was predicted.
    groups : ndarray of shape (n,)
        Group of each row; no group lies in two folds.
    bounds : tuple of float
        Plausible range, in the unit of the target.

    Returns
    -------
    Calibration
        Quantile, floor, bounds, and the coverage measured fold by fold.

    References
    ----------
    .. [1] Vovk, V. (2015). Ann. Math. Artif. Intell. 74, 9-28. 10.1007/s10472-013-9368-4
    """
    floor = _spread_floor(errors, spread)
    scores = errors / interval_scale(spread, floor)
    return Calibration(
        quantile=finite_sample_quantile(scores),
        spread_floor=floor,
        lower_bound=bounds[0],
        upper_bound=bounds[1],
        split=f"grouped {len(np.unique(folds))}-fold inside the training rows",
        n=len(errors),
        n_groups=len(np.unique(groups)),
        coverage=_held_out_coverage(scores, folds),
    )


def _spread_floor(errors: NDArray[np.float64], spread: NDArray[np.float64]) -> float:
    """Median spread, or the median error where members cannot disagree."""
    if not len(errors):
        return 1.0
    return float(np.median(spread)) or float(np.median(errors)) or 1.0


def _held_out_coverage(scores: NDArray[np.float64], folds: NDArray[np.int64]) -> float:
    inside = np.full(len(scores), np.nan)
    for fold in np.unique(folds):
        quantile = finite_sample_quantile(scores[folds != fold])
        if math.isfinite(quantile):
            inside[folds == fold] = scores[folds == fold] <= quantile
    return float(np.nanmean(inside)) if np.isfinite(inside).any() else math.nan
