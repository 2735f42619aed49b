"""Trivial predictors that every model must beat, made on the same folds."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.chemistry import descriptors
from cryokit.chemistry.molecules import parse
from cryokit.domain import target_named
from cryokit.models.features import feature_matrix, feature_schema, numbers
from cryokit.models.groups import groups
from cryokit.models.intervals import finite_sample_quantile
from cryokit.models.targets import recipe_for

BOYER_BEAMAN = 0.7
"""Glass transition over melting point, both in K."""

Triple = NDArray[np.float64]
"""Value, lower and upper bound as three columns."""

Baseline = Callable[[str, pd.DataFrame, pd.DataFrame], Triple]


def mean(target: str, train: pd.DataFrame, test: pd.DataFrame) -> Triple:
    """
    Predict the mean of the training values.

    Parameters
    ----------
    target : str
        Name of the target.
    train, test : DataFrame
        Rows of one series.

    Returns
    -------
    ndarray of shape (len(test), 3)
        Value, lower and upper, in the unit of the target; the plausible range if there are too few training rows.
    """
    values = numbers(train, "value")
    return _with_interval(target, np.full(len(test), values.mean()), np.abs(values - values.mean()))


def nearest_neighbour(target: str, train: pd.DataFrame, test: pd.DataFrame) -> Triple:
    """
    Predict the value of the most similar training row (the mean of several that are equally similar).

    Parameters
    ----------
    target : str
        Name of the target.
    train, test : DataFrame
        Rows of one series.

    Returns
    -------
    ndarray of shape (len(test), 3)
        Value, lower and upper, in the unit of the target; bounds from training rows of other groups.
    """
    values = numbers(train, "value")
    predicted = _value_of_nearest(_distances(target, train, test), values)
    among = _distances(target, train, train)
    group = groups(target, train)
    among[group[:, None] == group[None, :]] = np.inf
    apart = np.isfinite(among).any(axis=1)
    errors = np.abs(_value_of_nearest(among[apart], values) - values[apart])
    return _with_interval(target, predicted, errors)


def seven_tenths_of_melting_point(target: str, train: pd.DataFrame, test: pd.DataFrame) -> Triple:
    """
    Predict 0.7 times the melting point where it is known.

    Parameters
    ----------
    target : str
        Name of the target.
    train, test : DataFrame
        Rows with optional ``tm_kelvin``.

    Returns
    -------
    ndarray of shape (len(test), 3)
        Value, lower and upper in K; NaN where the melting point is not known.

    References
    ----------
    .. [1] Beaman, R. G. (1952). J. Polym. Sci. 9, 470-472. 10.1002/pol.1952.120090510
    """
    errors = np.abs(BOYER_BEAMAN * numbers(train, "tm_kelvin") - numbers(train, "value"))
    return _with_interval(target, BOYER_BEAMAN * numbers(test, "tm_kelvin"), errors[np.isfinite(errors)])


def baselines_for(target: str) -> dict[str, Baseline]:
    """Return the baselines of a target by name."""
    known: dict[str, Baseline] = {"mean": mean, "nearest neighbour": nearest_neighbour}
    if recipe_for(target).optional_property == "tm_kelvin":
        known["0.7*Tm"] = seven_tenths_of_melting_point
    return known


def _with_interval(target: str, value: NDArray[np.float64], errors: NDArray[np.float64]) -> Triple:
    """Add bounds from training errors, or the plausible range where there are too few."""
    half = finite_sample_quantile(errors)
    lower, upper = value - half, value + half
    if not np.isfinite(half):
        spec = target_named(target)
        lower, upper = np.full(len(value), spec.plausible_lower), np.full(len(value), spec.plausible_upper)
    return np.column_stack([value, lower, upper])


def _distances(target: str, train: pd.DataFrame, test: pd.DataFrame) -> NDArray[np.float64]:
    """Distance of each test row (first axis) to each training row."""
    if recipe_for(target).molecule_features:
        asked, known = (_fingerprints(rows) for rows in (test, train))
        return 1.0 - descriptors.tanimoto(asked, known)
    schema = feature_schema(target, train)
    known, asked = (np.nan_to_num(feature_matrix(schema, rows)) for rows in (train, test))
    width = known.std(axis=0)
    width[width == 0] = np.inf  # a feature without variation in training says nothing about distance
    return np.sqrt((((asked[:, None] - known[None]) / width) ** 2).sum(axis=2))


def _fingerprints(rows: pd.DataFrame) -> NDArray[np.uint8]:
    return descriptors.fingerprints([parse(text).smiles for text in rows["smiles"]])


def _value_of_nearest(distance: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    nearest = distance <= distance.min(axis=1, keepdims=True, initial=np.inf) + 1e-12
    return (nearest * values).sum(axis=1) / np.maximum(nearest.sum(axis=1), 1)
