"""Where a predicted value stands among the measured values of known compounds."""

import math
from collections.abc import Hashable, Mapping, Sequence
from statistics import median

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.domain import Component, Target, target_named
from cryokit.errors import InputError
from cryokit.models.applicability import ROUNDING_KELVIN
from cryokit.models.groups import composition

LEAST_KNOWN = 10
"""With fewer comparable compounds no fraction is stated."""

SAME = 0.01
"""Conditions and amounts count as the same when they differ by this fraction at most, temperatures by rounding."""

COLUMNS = ("known_fraction_below", "known_compounds")

Key = tuple[tuple[str, object], ...]
"""Names and values of all that must be the same for two measured values to be compared."""


def fraction_below(values: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Fraction of known values that lie below each value.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Predictions, in the unit of the target.
    known : ndarray of shape (m,)
        Measured values, same unit, one for each compound.

    Returns
    -------
    ndarray of shape (n,)
        Fractions in [0, 1], equal values not counted; NaN if there are fewer than 10 known values.

    Raises
    ------
    InputError
        If a known value is not a finite number.

    Examples
    --------
    >>> fraction_below(np.array([150.0, 155.0]), np.arange(100.0, 200.0, 10.0)).tolist()
    [0.5, 0.6]
    """
    if not np.isfinite(known).all():
        msg = f"known values must be finite numbers, but {int((~np.isfinite(known)).sum())} are not; leave those out"
        raise InputError(msg)
    if len(known) < LEAST_KNOWN:
        return np.full(len(values), np.nan)
    return np.searchsorted(np.sort(known), values, side="left") / len(known)


def known_standing(
    target: str, questions: pd.DataFrame, values: NDArray[np.float64], known: pd.DataFrame
) -> pd.DataFrame:
    """
    Compare predictions with the measured values of known compounds under the same conditions.

    Like is compared with like: every condition of the target and, for formulations, the total amount in each unit
    must be the same, numbers to 1 %. A compound (by InChIKey) or formulation (by composition) counts once, with the
    median of its comparable values.

    Parameters
    ----------
    target : str
        Name of the target.
    questions : DataFrame of n rows
        What is predicted: the conditions of the target; formulations carry ``components``.
    values : ndarray of shape (n,)
        Predictions, in the unit of the target.
    known : DataFrame
        Measured rows of known compounds: the same columns, ``inchikey`` and ``value``.

    Returns
    -------
    DataFrame of n rows
        ``known_fraction_below`` in [0, 1], NaN with fewer than 10 comparable compounds, and ``known_compounds``, the
        number of comparable ones.

    Examples
    --------
    >>> known = pd.DataFrame({"inchikey": list("abcdefghijk"), "value": np.arange(11.0) * 10})
    >>> known_standing("tg", pd.DataFrame({"smiles": ["CO"]}), np.array([45.0]), known).round(2).to_dict("records")
    [{'known_fraction_below': 0.45, 'known_compounds': 11}]
    """
    spec = target_named(target)
    measured = _places(_keys(spec, known))
    compounds = _compounds(spec, known)
    numbers = known["value"].to_numpy(dtype=np.float64)
    fraction, count = np.full(len(questions), np.nan), np.zeros(len(questions), dtype=np.int64)
    for key, places in _places(_keys(spec, questions)).items():
        rows = [row for other, found in measured.items() if _is_same(key, other) for row in found]
        medians = _medians([compounds[row] for row in rows], numbers[rows])
        fraction[places], count[places] = fraction_below(values[places], medians), len(medians)
    return pd.DataFrame(dict(zip(COLUMNS, (fraction, count), strict=True)))


def _keys(target: Target, rows: pd.DataFrame) -> list[Key]:
    names = [condition.name for condition in target.conditions]
    cells = [rows[name].tolist() if name in rows else [None] * len(rows) for name in names]
    conditions = zip(*cells, strict=True) if names else [()] * len(rows)
    amounts = [_amounts(parts) for parts in rows["components"]] if target.subject == "recipe" else [()] * len(rows)
    return [
        (*((name, _plain(value)) for name, value in zip(names, row, strict=True)), *totals)
        for row, totals in zip(conditions, amounts, strict=True)
    ]


def _amounts(components: Sequence[Component]) -> Key:
    totals: dict[str, float] = {}
    for component in components:
        totals[component.unit] = totals.get(component.unit, 0.0) + component.amount
    return tuple(sorted(totals.items()))


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value.strip() or None
    return None if pd.isna(value) else float(value)


def _places(keys: Sequence[Key]) -> Mapping[Key, list[int]]:
    found: dict[Key, list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    return found


def _is_same(left: Key, right: Key) -> bool:
    return len(left) == len(right) and all(
        name == other_name and _is_close(name, value, other)
        for (name, value), (other_name, other) in zip(left, right, strict=True)
    )


def _is_close(name: str, left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        if name == "temperature_kelvin":  # a percent of it would be three degrees
            return abs(left - right) <= ROUNDING_KELVIN
        return math.isclose(left, right, rel_tol=SAME)
    return left == right


def _compounds(target: Target, rows: pd.DataFrame) -> list[Hashable]:
    return (
        [composition(parts) for parts in rows["components"]] if target.subject == "recipe" else list(rows["inchikey"])
    )


def _medians(compounds: Sequence[Hashable], values: NDArray[np.float64]) -> NDArray[np.float64]:
    found: dict[Hashable, list[float]] = {}
    for compound, value in zip(compounds, values.tolist(), strict=True):
        found.setdefault(compound, []).append(value)
    return np.array([median(each) for each in found.values()], dtype=np.float64)
