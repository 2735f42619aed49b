"""Dose-response curves of survival: four-parameter logistic, TC50 with a profile-likelihood interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, least_squares
from scipy.stats import f as f_distribution

from cryokit.domain import CONFIDENCE
from cryokit.errors import InputError

Vector = NDArray[np.float64]
Profile = Callable[[float], tuple[float, Vector]]

MINIMUM_DOSES = 4
MINIMUM_READINGS = 6
"""A curve has four parameters; what is left over tells the noise."""
SIGNIFICANCE = 0.05
"""Level of the F test against a flat line."""

FOUND, ABOVE, BELOW = "within the tested range", "> max dose", "< min dose"

_PARAMETERS = 4
_HILL = (0.2, 20.0)
_BOTTOM = (0.0, 0.49)  # as a share of the top; a curve that ends above half of its top has no TC50
_BOUNDS = ([np.log(_HILL[0]), _BOTTOM[0]], [np.log(_HILL[1]), _BOTTOM[1]])
_STARTS = [np.array([np.log(hill), bottom]) for hill in (0.7, 1.5, 4.0, 10.0) for bottom in (0.001, 0.2, 0.4)]
_GRID, _REFINED = 17, 3
_BEYOND = 100.0
_NOISE_FLOOR = 1e-9  # relative to the sum of squares: readings without noise still have rounding


@dataclass(frozen=True)
class DoseResponse:
    """A fitted curve; every dose in `unit`, every response as a fraction of the control."""

    label: str
    """`FOUND`, `ABOVE` or `BELOW`: where the TC50 lies."""
    tc50: float | None
    """Dose at which survival is half of the top; None outside the tested range."""
    lower: float | None
    upper: float | None
    """Bounds of the 90 % interval; None where the interval leaves the tested range."""
    top: float
    bottom: float
    hill: float
    residual_deviation: float
    p_flat: float
    """Probability of so good a curve if survival did not depend on the dose (F test)."""
    least_dose: float
    """Smallest dose above 0."""
    greatest_dose: float
    n: int
    unit: str
    confidence: float = CONFIDENCE

    @property
    def text(self) -> str:
        """The TC50 in words: never a number that was not reached by a tested dose."""
        if self.tc50 is None:
            limit = self.greatest_dose if self.label == ABOVE else self.least_dose
            return f"TC50 {self.label[0]} {limit:g} {self.unit}: {_REASONS[self.label]}"
        lower = f"< {self.least_dose:g}" if self.lower is None else f"{self.lower:.3g}"
        upper = f"> {self.greatest_dose:g}" if self.upper is None else f"{self.upper:.3g}"
        return f"TC50 {self.tc50:.3g} {self.unit} ({self.confidence:.0%} interval {lower} to {upper})"


_REASONS = {
    ABOVE: "survival does not fall to half within the tested doses; test higher ones",
    BELOW: "survival is below half already at the lowest dose; test lower ones",
}


def dose_response(doses: ArrayLike, responses: ArrayLike, unit: str) -> DoseResponse:
    """
    Fit survival against dose and find the dose that halves it.

    The curve is top * (b + (1 - b) / (1 + (dose / t) ** hill)) with 0 <= b < 0.5; the TC50 is where it crosses half of
    its top, so a curve that levels off above half has none.

    Parameters
    ----------
    doses : array_like of shape (n,)
        At least 0, in `unit`; 0 is the control. At least 4 different doses above 0.
    responses : array_like of shape (n,)
        Survival as a fraction of the control, one reading a dose and well; may exceed 1.
    unit : str
        Unit of the doses, for example ``mol/kg``.

    Returns
    -------
    DoseResponse
        With a TC50 only if it lies between the smallest dose above 0 and the greatest one; else with a label.

    Raises
    ------
    InputError
        If there are fewer than 4 doses or 6 readings, lengths differ, or a number is not finite or a dose negative.

    References
    ----------
    .. [1] Ritz, C. et al. (2015). PLoS ONE 10, e0146021. 10.1371/journal.pone.0146021
    .. [2] Venzon, D. J. and Moolgavkar, S. H. (1988). Appl. Stat. 37, 87-94. 10.2307/2347496

    Examples
    --------
    >>> doses = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 6.0])
    >>> curve = dose_response(doses, 1 / (1 + (doses / 3.0) ** 4), "mol/kg")
    >>> round(curve.tc50, 3), curve.label
    (3.0, 'within the tested range')
    >>> dose_response(doses, np.ones(6), "mol/kg").text
    'TC50 > 6 mol/kg: survival does not fall to half within the tested doses; test higher ones'
    """
    dose, response = _checked(doses, responses)
    least, greatest = float(dose[dose > 0].min()), float(dose.max())
    floor = _NOISE_FLOOR * float((response**2).sum())
    profile = _profile(dose, response)
    centre = _best(dose, response, least, greatest)
    squares, (hill, bottom, top) = profile(centre)
    flat = float(((response - response.mean()) ** 2).sum())
    freedom = len(dose) - _PARAMETERS
    ratio = max(flat - squares, 0.0) / (_PARAMETERS - 1) / max(squares / freedom, floor)
    p_flat = float(f_distribution.sf(ratio, _PARAMETERS - 1, freedom))
    limit = max(squares, floor) * (1 + f_distribution.ppf(CONFIDENCE, 1, freedom) / freedom)
    label = _label(float(np.exp(centre)), p_flat, response, least, greatest)
    inside = label == FOUND
    return DoseResponse(
        label=label,
        tc50=float(np.exp(centre)) if inside else None,
        lower=_end(profile, centre, np.log(least), limit) if inside else None,
        upper=_end(profile, centre, np.log(greatest), limit) if inside else None,
        top=float(top),
        bottom=float(top * bottom),
        hill=float(hill),
        residual_deviation=float(np.sqrt(squares / freedom)),
        p_flat=p_flat,
        least_dose=least,
        greatest_dose=greatest,
        n=len(dose),
        unit=unit,
    )


def _checked(doses: ArrayLike, responses: ArrayLike) -> tuple[Vector, Vector]:
    dose, response = np.asarray(doses, dtype=np.float64), np.asarray(responses, dtype=np.float64)
    if dose.ndim != 1 or dose.shape != response.shape:
        msg = f"doses have shape {dose.shape} and responses {response.shape}; give one response for each dose"
        raise InputError(msg)
    if not (np.isfinite(dose) & np.isfinite(response)).all() or (dose < 0).any():
        msg = "a dose is negative, or a dose or response is not a finite number; leave such wells out"
        raise InputError(msg)
    found = len(np.unique(dose[dose > 0]))
    if found < MINIMUM_DOSES:
        msg = f"{found} different doses above 0 came; at least {MINIMUM_DOSES} are needed for a dose-response curve"
        raise InputError(msg)
    if len(dose) < MINIMUM_READINGS:
        msg = f"{len(dose)} readings came; at least {MINIMUM_READINGS} are needed: add a control or replicate wells"
        raise InputError(msg)
    return dose, response


def _curve(dose: Vector, log_tc50: float, hill: float, bottom: float) -> Vector:
    """Curve with top 1 that crosses one half at the TC50."""
    midpoint = log_tc50 + np.log1p(-2 * bottom) / hill
    with np.errstate(divide="ignore", over="ignore"):
        ratio = np.exp(np.clip(hill * (np.log(dose) - midpoint), -700.0, 700.0))
    return bottom + (1 - bottom) / (1 + ratio)


def _profile(dose: Vector, response: Vector) -> Profile:
    """Return the function from log TC50 to the least sum of squares and its hill, bottom (share of top) and top."""

    def best(log_tc50: float) -> tuple[float, Vector]:
        start = min(_STARTS, key=lambda free: float((_residuals(free, log_tc50, dose, response) ** 2).sum()))
        found = least_squares(_residuals, start, bounds=_BOUNDS, args=(log_tc50, dose, response))
        shape = _curve(dose, log_tc50, np.exp(found.x[0]), found.x[1])
        return 2 * float(found.cost), np.array([np.exp(found.x[0]), found.x[1], _top(shape, response)])

    return best


def _residuals(free: Vector, log_tc50: float, dose: Vector, response: Vector) -> Vector:
    """Curve with the best top minus the responses; `free` is the log of hill, and bottom as a share of the top."""
    shape = _curve(dose, log_tc50, np.exp(free[0]), free[1])
    return _top(shape, response) * shape - response


def _top(shape: Vector, response: Vector) -> float:
    """Least-squares top of a curve of given shape, at least 0."""
    return max(float(shape @ response) / max(float(shape @ shape), 1e-300), 0.0)


def _best(dose: Vector, response: Vector, least: float, greatest: float) -> float:
    """Log TC50 with the least sum of squares, far beyond the tested doses too."""
    edges = float(np.log(least / _BEYOND)), float(np.log(greatest * _BEYOND))

    def squares(log_tc50: float) -> tuple[float, Vector]:
        tried = [(float((_residuals(free, log_tc50, dose, response) ** 2).sum()), free) for free in _STARTS]
        return min(tried, key=lambda item: item[0])

    starts = [(*squares(point), point) for point in np.linspace(*edges, 4 * _GRID)]
    found = [
        least_squares(
            lambda free: _residuals(free[1:], free[0], dose, response),
            np.array([point, *free]),
            bounds=([edges[0] - 1, *_BOUNDS[0]], [edges[1] + 1, *_BOUNDS[1]]),
            xtol=1e-12,
            ftol=1e-12,
        )
        for _, free, point in sorted(starts, key=lambda item: item[0])[:_REFINED]
    ]
    return float(min(found, key=lambda item: item.cost).x[0])


def _label(tc50: float, p_flat: float, response: Vector, least: float, greatest: float) -> str:
    if p_flat > SIGNIFICANCE:
        return ABOVE if response.mean() >= 0.5 else BELOW
    if tc50 > greatest:
        return ABOVE
    return BELOW if tc50 < least else FOUND


def _end(profile: Profile, centre: float, edge: float, limit: float) -> float | None:
    """Outermost dose between centre and edge whose sum of squares stays within the limit; None if the edge does."""
    grid = np.linspace(centre, edge, _GRID)
    within = [profile(point)[0] <= limit for point in grid]
    if within[-1]:
        return None
    last = max((place for place, inside in enumerate(within) if inside), default=0)
    if not within[last]:
        return float(np.exp(centre))  # the optimum itself is at the limit: readings without noise
    return float(np.exp(brentq(lambda point: profile(point)[0] - limit, grid[last], grid[last + 1], xtol=1e-6)))
