"""Scales on which a model learns: the unit of the target itself, its logarithm, or the logit of a fraction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cryokit.errors import InputError

Vector = NDArray[np.float64]

IDENTITY, LOG, LOGIT = "identity", "log", "logit"
KINDS = (IDENTITY, LOG, LOGIT)


@dataclass(frozen=True)
class Transform:
    """
    Way to the scale on which an ensemble is fitted and its intervals are calibrated, and back.

    The logarithm takes what is above 0 and errs in proportion to its size, as absolute temperatures do. The logit takes
    fractions of a control. It is squeezed, so that 0 and 1 have finite values, and what was measured above 1 or below 0
    counts as 1 or 0 on this scale only: the interval that reaches the end of the scale includes what lies beyond.
    """

    kind: str = IDENTITY
    """One of `KINDS`."""
    resolution: int = 50
    """n of the squeeze (y (n - 1) + 0.5) / n: 0 and 1 become 1 and 99 % for 50, the last digit of usual readings."""

    def forward(self, values: Vector) -> Vector:
        """
        Bring measured values to the scale of the model.

        Parameters
        ----------
        values : ndarray of shape (n,)
            In the unit of the target.

        Returns
        -------
        ndarray of shape (n,)
            Finite for every finite value.

        Raises
        ------
        InputError
            If a value to take the logarithm of is not above 0.

        References
        ----------
        .. [1] Smithson, M. and Verkuilen, J. (2006). Psychol. Methods 11, 54-71. 10.1037/1082-989X.11.1.54

        Examples
        --------
        >>> Transform("logit").forward(np.array([0.5, 1.0, 1.25])).round(2).tolist()
        [0.0, 4.6, 4.6]
        """
        if self.kind == IDENTITY:
            return values
        if self.kind == LOG:
            return _logarithm(values)
        from scipy.special import logit  # here: it takes a quarter of a second, and most commands do without

        return logit((np.clip(values, 0.0, 1.0) * (self.resolution - 1) + 0.5) / self.resolution)

    def inverse(self, scaled: Vector) -> Vector:
        """
        Bring predictions back to the unit of the target.

        Parameters
        ----------
        scaled : ndarray of shape (n,)
            On the scale of the model.

        Returns
        -------
        ndarray of shape (n,)
            In the unit of the target; from 0 to 1 for the logit.

        Examples
        --------
        >>> Transform("logit").inverse(Transform("logit").forward(np.array([0.0, 0.3]))).round(12).tolist()
        [0.0, 0.3]
        """
        if self.kind == IDENTITY:
            return scaled
        if self.kind == LOG:
            return np.exp(scaled)
        from scipy.special import expit

        return np.clip((expit(scaled) * self.resolution - 0.5) / (self.resolution - 1), 0.0, 1.0)

    def interval(self, lower: Vector, upper: Vector) -> tuple[Vector, Vector]:
        """
        Values whose transform lies between two bounds.

        Parameters
        ----------
        lower, upper : ndarray of shape (n,)
            Bounds on the scale of the model.

        Returns
        -------
        lower, upper : ndarray of shape (n,)
            In the unit of the target; infinite where the logit's interval reaches the end of its scale, since
            everything beyond 1 (or below 0) has the same transform as 1 (or 0).

        Examples
        --------
        >>> [bound.tolist() for bound in Transform("logit").interval(np.array([0.0]), np.array([9.0]))]
        [[0.5], [inf]]
        """
        if self.kind != LOGIT:
            return self.inverse(lower), self.inverse(upper)
        least, greatest = self.forward(np.array([0.0, 1.0]))
        below, above = self.inverse(lower), self.inverse(upper)
        return np.where(lower <= least, -np.inf, below), np.where(upper >= greatest, np.inf, above)


def _logarithm(values: Vector) -> Vector:
    if (values <= 0).any():
        msg = f"{values.min():g} has no logarithm; values of this target must be above 0"
        raise InputError(msg)
    return np.log(values)


AS_MEASURED = Transform()
"""The unit of the target itself."""
