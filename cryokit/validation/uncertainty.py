"""How sure scores are, how they change along the range, and what no model can beat: the noise of measurement."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.errors import InputError
from cryokit.models.columns import numbers
from cryokit.models.groups import subjects
from cryokit.validation.gate import LEVEL, MINIMUM_GROUPS
from cryokit.validation.metrics import SCORED, averaged, scores, table_scores

RESAMPLES = 400
RANGE_EDGES = {"tg": (200.0, 250.0)}
"""Edges of the ranges in which a target is scored, in its unit; terciles of the measured values where none are set."""
CONDITIONS = (
    "assay",
    "buffer",
    "concentration_millimolar",
    "cell",
    "endpoint",
    "temperature_kelvin",
    "minutes",
    "conditions",
)
"""What must be equal for two rows to be repeats of one another."""
MINIMUM_PAIRS = 3
"""With fewer repeats nothing is said of the noise."""


def score_intervals(
    table: pd.DataFrame, group: NDArray[np.int64], thresholds: Sequence[float] = (), seed: int = 0
) -> dict[str, list[float | None]]:
    """
    Bootstrap intervals (95 %) of every score; whole groups are resampled.

    Parameters
    ----------
    table : DataFrame
        ``row``, ``repeat``, ``measured``, ``value``, ``lower`` and ``upper``; rows without a value do not count.
    group : ndarray of shape (n,)
        Group of each row that `table` may name.
    thresholds : sequence of float
        As for `scores`.
    seed : int
        Fixes the resampling.

    Returns
    -------
    dict
        Lower and upper end for each score but ``n``; None with fewer than 5 groups, or where no resample defines it.

    References
    ----------
    .. [1] Efron, B. and Tibshirani, R. (1993). An Introduction to the Bootstrap. ISBN 9780412042317

    Examples
    --------
    >>> table = pd.DataFrame({"row": range(5), "repeat": 0, "measured": 1.0, "value": 3.0, "lower": 0.0, "upper": 4.0})
    >>> score_intervals(table, np.arange(5))["mae"]
    [2.0, 2.0]
    """
    counted = table[np.isfinite(table["value"].to_numpy(dtype=np.float64))]
    codes, members = np.unique(group[counted["row"].to_numpy()], return_inverse=True)
    names = [name for name in scores(*np.empty((4, 0)), thresholds) if name != "n"]
    if len(codes) < MINIMUM_GROUPS:
        return {name: [None, None] for name in names}
    parts = [
        (members[where], counted.iloc[where][list(SCORED)].to_numpy(dtype=np.float64))
        for where in counted.groupby("repeat").indices.values()
    ]
    generator = np.random.default_rng(seed)
    share = np.full(len(codes), 1 / len(codes))
    drawn = [
        averaged([scores(*values[np.repeat(np.arange(len(of)), times[of])].T, thresholds) for of, values in parts])
        for times in generator.multinomial(len(codes), share, RESAMPLES)
    ]
    return {name: _ends([item[name] for item in drawn]) for name in names}


def scores_by_range(table: pd.DataFrame, edges: Sequence[float] | None = None) -> list[dict[str, float | int | None]]:
    """
    Scores apart for low, middle and high measured values.

    Parameters
    ----------
    table : DataFrame
        ``repeat``, ``measured``, ``value``, ``lower`` and ``upper``.
    edges : sequence of float, optional
        Rising edges between ranges, in the unit of the target; the terciles of the measured values by default.

    Returns
    -------
    list of dict
        ``from`` and ``to`` (None: open; a value on an edge belongs to the range above) and the scores of each range.

    Raises
    ------
    InputError
        If the edges do not rise.

    Examples
    --------
    >>> table = pd.DataFrame({"repeat": 0, "measured": [1.0, 9.0], "value": 2.0, "lower": 0.0, "upper": 4.0})
    >>> [(item["to"], item["mae"]) for item in scores_by_range(table, [5.0])]
    [(5.0, 1.0), (None, 7.0)]
    """
    measured = table["measured"].to_numpy(dtype=np.float64)
    if edges is None:
        edges = np.unique(np.quantile(measured, [1 / 3, 2 / 3])).tolist() if len(measured) else []
    if list(edges) != sorted(set(edges)):
        msg = f"the edges of ranges must rise, but are {', '.join(map(str, edges))}"
        raise InputError(msg)
    place = np.searchsorted(edges, measured, side="right")
    bounds = [None, *edges, None]
    found = []
    for number, (low, high) in enumerate(zip(bounds, bounds[1:], strict=False)):
        inside = table[place == number]
        if len(inside):
            found.append({"from": low, "to": high} | table_scores(inside))
    return found


def noise_floor(target: str, rows: pd.DataFrame) -> dict[str, float | int | str | None]:
    """
    What a perfect model would score against these measurements, from the spread of repeated ones.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame of n rows
        Row frame of one series with ``value``, and ``spread`` (SD, in the unit of the target) and ``count`` where a
        row is a mean of several; else repeats of one molecule or formulation under equal conditions are used.

    Returns
    -------
    dict
        ``sd`` of a single measurement, pooled over ``n`` repeated substances or formulations; ``mae``, ``rmse``
        (floors) and ``r2`` (ceiling) of a perfect model, each value being a mean of its ``count`` measurements;
        ``basis`` in words. Numbers are None if fewer than 3 were repeated.

    Notes
    -----
    Errors of measurement are taken as normal, so that the mean absolute error is sqrt(2/pi) of the SD. Repeats within
    one laboratory understate the spread between laboratories.

    References
    ----------
    .. [1] Brown, S. P. et al. (2009). Drug Discov. Today 14, 420-427. 10.1016/j.drudis.2009.01.012

    Examples
    --------
    >>> rows = pd.DataFrame({"smiles": ["CO", "CCO", "CCCO"], "value": [1.0, 5.0, 9.0], "spread": 1.0, "count": 4})
    >>> found = noise_floor("tg", rows)
    >>> found["sd"], found["rmse"], found["n"]
    (1.0, 0.5, 3)
    """
    values, count = numbers(rows, "value"), np.nan_to_num(numbers(rows, "count"), nan=1.0)
    variance, freedom, basis = _stated_spread(rows, count)
    if len(variance) < MINIMUM_PAIRS:
        variance, freedom, basis = _spread_of_repeats(target, rows, values)
        count = np.ones(len(values))
    if len(variance) < MINIMUM_PAIRS:
        unknown = dict.fromkeys(("sd", "mae", "rmse", "r2"))
        return unknown | {"n": len(variance), "basis": "not known: too few repeated measurements"}
    pooled = float(np.average(variance, weights=freedom))
    of_means = pooled / np.maximum(count, 1.0)
    total = float(np.var(values))
    return {
        "sd": math.sqrt(pooled),
        "mae": math.sqrt(2 / math.pi) * float(np.mean(np.sqrt(of_means))),
        "rmse": math.sqrt(float(of_means.mean())),
        "r2": max(0.0, 1.0 - float(of_means.mean()) / total) if total else None,
        "n": len(variance),
        "basis": basis,
    }


def _stated_spread(
    rows: pd.DataFrame, count: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """Variances that rows carry themselves; one without its number of repeats weighs as one degree of freedom."""
    spread = numbers(rows, "spread")
    known = np.isfinite(spread)
    return spread[known] ** 2, np.maximum(count[known] - 1.0, 1.0), "pooled SD that the rows carry"


def _spread_of_repeats(
    target: str, rows: pd.DataFrame, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """Variances of rows of one molecule (as drawn, with its name) or formulation under equal conditions."""
    keys = {"subject": subjects(target, rows)}
    if "smiles" in rows:
        keys |= {name: rows[name].astype(str).to_numpy() for name in ("smiles", "name") if name in rows}
    keys |= {name: rows[name].astype(str).to_numpy() for name in CONDITIONS if name in rows}
    repeated = pd.DataFrame(keys | {"value": values}).groupby(list(keys))["value"].agg(["var", "size"])
    repeated = repeated[repeated["size"] > 1]
    return repeated["var"].to_numpy(), repeated["size"].to_numpy() - 1.0, "repeats under equal conditions in these rows"


def _ends(values: Sequence[float]) -> list[float | None]:
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return [None, None]
    return np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
