"""Whether intervals hold what they promise at every level, not at the calibrated one alone."""

import numpy as np
import pandas as pd

from cryokit.errors import InputError

LEVELS = tuple(float(level) for level in np.round(np.arange(0.1, 1.0, 0.1), 2)) + (0.95,)
LEAST_ROWS = 20
_NEEDED = ("fold", "measured", "value", "lower", "upper")


def coverage_curve(rows: pd.DataFrame, levels: tuple[float, ...] = LEVELS) -> pd.DataFrame:
    """
    Coverage of intervals of several levels, each sized by the errors of the other folds.

    The error of a row over the half width of its interval says how large the interval had to be. For each fold and
    level the intervals are stretched by that quantile of the other folds' ratios, and the fold's rows are counted.

    Parameters
    ----------
    rows : DataFrame
        Rows of an evaluation: ``fold``, ``measured``, ``value``, ``lower``, ``upper``.
    levels : tuple of float
        Wanted coverage, each between 0 and 1.

    Returns
    -------
    DataFrame
        ``level`` and ``coverage``, one row a level; empty with fewer than 20 predicted rows or a single fold.

    Raises
    ------
    InputError
        If a column is missing or a level is not between 0 and 1.

    References
    ----------
    .. [1] Barber, R. F. et al. (2021). Ann. Stat. 49, 486-507. 10.1214/20-AOS1965

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=400)
    >>> rows = pd.DataFrame({"fold": np.arange(400) % 10, "measured": noise, "value": 0.0, "lower": -1.0, "upper": 1.0})
    >>> coverage_curve(rows, (0.5, 0.9))["coverage"].round(1).tolist()
    [0.5, 0.9]
    """
    if missing := [name for name in _NEEDED if name not in rows]:
        msg = f"the evaluation lacks {', '.join(missing)}; give rows with {', '.join(_NEEDED)}"
        raise InputError(msg)
    if not all(0 < level < 1 for level in levels):
        msg = f"levels lie between 0 and 1, but {levels} came"
        raise InputError(msg)
    known = rows[np.isfinite(rows["value"]) & (rows["upper"] > rows["lower"])]
    fold = known["fold"].to_numpy()
    if len(known) < LEAST_ROWS or len(np.unique(fold)) < 2:  # noqa: PLR2004  one fold has no others
        return pd.DataFrame({"level": [], "coverage": []})
    half_width = (known["upper"] - known["lower"]).to_numpy() / 2
    ratio = np.abs((known["measured"] - known["value"]).to_numpy()) / half_width
    inside = np.zeros((len(levels), len(known)), dtype=bool)
    for held_out in np.unique(fold):
        here = fold == held_out
        stretch = np.quantile(ratio[~here], levels)
        inside[:, here] = ratio[here] <= stretch[:, None]
    return pd.DataFrame({"level": levels, "coverage": inside.mean(axis=1)})
