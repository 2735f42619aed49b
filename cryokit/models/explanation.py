"""What predictions rest on: importance of features, contributions to one prediction, the nearest measured examples."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from cryokit.chemistry import descriptors
from cryokit.chemistry.molecules import parse
from cryokit.domain import Component, target_named
from cryokit.errors import InputError
from cryokit.models.columns import numbers
from cryokit.models.features import checked_rows, feature_matrix, feature_schema
from cryokit.models.fitted import PLAIN, FittedModel, SeriesModel
from cryokit.models.groups import composition, series_of

CORRELATION = 0.8
"""Features whose absolute rank correlation reaches this, on average, are moved together."""

IMPORTANCE_COLUMNS = ["series", "group", "features", "importance", "spread", "n"]

Matrix = NDArray[np.float64]
Extras = Mapping[str, NDArray[np.float64]]


def feature_groups(names: Sequence[str], matrix: Matrix, correlation: float = CORRELATION) -> dict[str, list[int]]:
    """
    Put features together that say much the same, by average linkage of absolute rank correlations.

    Parameters
    ----------
    names : sequence of str, length p
        Names of the features.
    matrix : ndarray of shape (n, p)
        Features of training rows; NaN counts as the median. Features without variation are left out.
    correlation : float
        Least average absolute correlation inside a group, in [0, 1].

    Returns
    -------
    dict
        Places of the features of each group by the name of its most typical one, in the order of features.

    References
    ----------
    .. [1] Strobl, C. et al. (2008). BMC Bioinformatics 9, 307. 10.1186/1471-2105-9-307

    Examples
    --------
    >>> matrix = np.array([[1.0, 2.0, 5.0], [2.0, 4.0, 1.0], [3.0, 6.0, 4.0], [4.0, 8.0, 2.0]])
    >>> feature_groups(["mass", "atoms", "charge"], matrix)
    {'mass': [0, 1], 'charge': [2]}
    """
    filled = _filled(matrix)
    varying = [place for place in range(len(names)) if np.ptp(filled[:, place]) > 0]
    if len(varying) < 2:
        return {names[place]: [place] for place in varying}
    ranks = np.apply_along_axis(rankdata, 0, filled[:, varying])
    similarity = np.abs(np.corrcoef(ranks, rowvar=False)).clip(0.0, 1.0)
    np.fill_diagonal(similarity, 1.0)
    tree = linkage(squareform(1.0 - similarity, checks=False), "average")
    cluster = fcluster(tree, 1.0 - correlation, "distance")
    found = {}
    for number in dict.fromkeys(cluster):
        members = np.flatnonzero(cluster == number)
        typical = members[np.argmax(similarity[np.ix_(members, members)].mean(axis=1))]
        found[names[varying[typical]]] = [varying[place] for place in members]
    return found


def permutation_importance(
    target: str,
    rows: pd.DataFrame,
    folds: pd.DataFrame,
    fitted: Callable[[pd.DataFrame], FittedModel],
    repeats: int = 5,
    seed: int = 0,
    on_fold: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """
    How much the out-of-fold error grows when a group of features says nothing.

    In each fold a model is fitted to the other rows. Then one group of features of the held-out rows is replaced by
    that of training rows drawn at random; correlated features are replaced together.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame of n rows
        Row frame with ``value``; viability rows carry ``components``.
    folds : DataFrame
        ``row``, ``repeat`` and ``fold``.
    fitted : callable
        Fits a model to rows.
    repeats : int
        How often rows are drawn, at least 2.
    seed : int
        Fixes the drawing.
    on_fold : callable, optional
        Called with the number of folds done and of all folds.

    Returns
    -------
    DataFrame
        ``series``, ``group``, ``features``, ``importance`` (growth of the mean absolute error, unit of the target),
        ``spread`` (its standard deviation over the repeats) and ``n``; in each series the most important first.

    Raises
    ------
    InputError
        If there are fewer than 2 repeats, or rows are not what they must be.

    References
    ----------
    .. [1] Breiman, L. (2001). Mach. Learn. 45, 5-32. 10.1023/A:1010933404324
    """
    if repeats < 2:
        msg = f"a spread needs at least 2 repeats, but {repeats} came"
        raise InputError(msg)
    checked = checked_rows(target, rows, needs_value=True)
    series = np.array(series_of(target, checked))
    grouped = {name: _groups_of_series(target, checked[series == name]) for name in np.unique(series)}
    drawing, parts = np.random.default_rng(seed), []
    splits = list(folds.groupby(["repeat", "fold"]))
    for done, (_, part) in enumerate(splits, start=1):
        held_out = part["row"].to_numpy()
        training = np.setdiff1d(np.arange(len(checked)), held_out)
        model = fitted(checked.iloc[training].reset_index(drop=True))
        for name in set(series[held_out]) & set(model.series):
            test, train = held_out[series[held_out] == name], training[series[training] == name]
            rows_of_both = checked.iloc[test], checked.iloc[train]
            parts += _growths(model.series[name], name, *rows_of_both, grouped[name], repeats, drawing)
        if on_fold:
            on_fold(done, len(splits))
    return _summed_up(pd.DataFrame(parts, columns=["series", "group", "features", "draw", "growth"]))


def contributions(
    model: FittedModel, rows: pd.DataFrame, training: pd.DataFrame, draws: int = 20, seed: int = 0
) -> pd.DataFrame:
    """
    What each group of features adds to a prediction, compared with the training median of that group.

    Parameters
    ----------
    model : FittedModel
        The model that predicts.
    rows : DataFrame of n rows
        What is predicted, as for `FittedModel.predict`.
    training : DataFrame
        Rows that the model learned from.
    draws : int
        How many training rows are drawn for the spread, at least 2; the same ones for every row.
    seed : int
        Fixes the drawing.

    Returns
    -------
    DataFrame
        ``row``, ``group``, ``features`` and ``contribution``: prediction minus the prediction with that group at
        its training median, unit of the target; the largest first. They need not add up: features interact.
        ``spread`` is the standard deviation of the same difference where the group takes the values of training rows
        drawn at random: how much the contribution depends on what the row is compared with.

    Raises
    ------
    InputError
        If there are fewer than 2 draws, or rows are not what they must be.

    References
    ----------
    .. [1] Robnik-Sikonja, M. and Kononenko, I. (2008). IEEE Trans. Knowl. Data Eng. 20, 589-600.
       10.1109/TKDE.2007.190734
    """
    if draws < 2:
        msg = f"a spread needs at least 2 draws, but {draws} came"
        raise InputError(msg)
    checked = checked_rows(model.target, rows, needs_value=False)
    known = checked_rows(model.target, training, needs_value=True)
    asked_series, known_series = (np.array(series_of(model.target, item)) for item in (checked, known))
    parts = []
    for name in np.unique(asked_series):
        series = model.series[model.require_series(str(name))]
        places = np.flatnonzero(asked_series == name)
        learned = known[known_series == name]
        drawn = np.random.default_rng(seed).integers(len(learned), size=draws)
        parts += _added(series, checked.iloc[places], places, learned, drawn)
    table = pd.DataFrame(parts, columns=["row", "group", "features", "contribution", "spread"])
    order = table["contribution"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].sort_values("row", kind="stable", ignore_index=True)


def nearest_measured(target: str, rows: pd.DataFrame, training: pd.DataFrame, count: int = 5) -> pd.DataFrame:
    """
    Return the measured examples that are most like each row, with their values and sources.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame of n rows
        What is asked.
    training : DataFrame
        Measured rows; only those of the same series count.
    count : int
        How many a row.

    Returns
    -------
    DataFrame
        ``row``, ``similarity``, ``name``, the subject, ``value``, ``source`` and the conditions of the target.
        Similarity is Tanimoto's for molecules; for formulations the amounts in common over the larger amounts,
        summed over components and units.

    Examples
    --------
    >>> known = pd.DataFrame({"smiles": ["OCCO", "CCCCCC"], "value": [155.0, 100.0], "source": ["a", "b"]})
    >>> nearest_measured("tg", pd.DataFrame({"smiles": ["OCC(O)CO"]}), known, 1)["smiles"].tolist()
    ['OCCO']
    """
    spec = target_named(target)
    asked_series, known_series = (np.array(series_of(target, item)) for item in (rows, training))
    similarity = _similarities(target, rows, training)
    similarity[asked_series[:, None] != known_series[None, :]] = -np.inf
    shown = ["name", spec.subject, "value", "source", *(item.name for item in spec.conditions)]
    shown = [name for name in shown if name in training]
    best = np.argsort(-similarity, axis=1, kind="stable")[:, :count]
    scores = np.take_along_axis(similarity, best, axis=1)
    is_comparable = np.isfinite(scores)
    found = training.iloc[best[is_comparable]][shown].reset_index(drop=True)
    found.insert(0, "row", np.nonzero(is_comparable)[0])
    found.insert(1, "similarity", scores[is_comparable])
    return found


def _groups_of_series(target: str, rows: pd.DataFrame) -> dict[str, list[str]]:
    """Names of the features in each group; found on all rows, so that every fold has the same groups."""
    schema = feature_schema(target, rows)
    grouped = feature_groups(schema.names, feature_matrix(schema, rows))
    return {name: [schema.names[place] for place in places] for name, places in grouped.items()}


def _growths(
    series: SeriesModel,
    name: str,
    test: pd.DataFrame,
    train: pd.DataFrame,
    groups: Mapping[str, list[str]],
    repeats: int,
    drawing: np.random.Generator,
) -> list[tuple]:
    """Return the growth of the absolute error of each held-out row, for each group and draw."""
    matrix, pool = feature_matrix(series.schema, test), feature_matrix(series.schema, train)
    extras = {view: numbers(test, view) for view in series.views if view != PLAIN}
    known = {view: _known(numbers(train, view)) for view in extras}
    measured = numbers(test, "value")
    errors = np.abs(_values(series, matrix, extras) - measured)
    places = {feature: place for place, feature in enumerate(series.schema.names)}
    found = []
    for draw in range(repeats):
        drawn = pool[drawing.integers(len(pool), size=len(matrix))]
        for group, features in groups.items():
            moved = matrix.copy()
            chosen = [places[feature] for feature in features if feature in places]
            moved[:, chosen] = drawn[:, chosen]
            growth = np.abs(_values(series, moved, extras) - measured) - errors
            found += [(name, group, features, draw, item) for item in growth]
        for view, extra in extras.items():
            moved = np.where(np.isfinite(extra), drawing.choice(known[view], size=len(extra)), np.nan)
            growth = np.abs(_values(series, matrix, {**extras, view: moved}) - measured) - errors
            found += [(name, view, [view], draw, item) for item in growth[np.isfinite(extra)]]
    return found


def _summed_up(growths: pd.DataFrame) -> pd.DataFrame:
    growths = growths.assign(features=[tuple(item) for item in growths["features"]])
    keys = ["series", "group", "features"]
    per_draw = growths.groupby([*keys, "draw"], sort=False)["growth"].agg(["mean", "size"]).reset_index()
    table = per_draw.groupby(keys, sort=False).agg(
        importance=("mean", "mean"), spread=("mean", "std"), n=("size", "max")
    )
    table = table.reset_index().assign(features=lambda item: item["features"].map(list))
    return table.sort_values(["series", "importance"], ascending=[True, False], kind="stable", ignore_index=True)


def _added(
    series: SeriesModel,
    rows: pd.DataFrame,
    places: NDArray[np.int64],
    training: pd.DataFrame,
    drawn: NDArray[np.int64],
) -> list[tuple]:
    """Return row, group, features, contribution and its spread, for each row and group."""
    matrix, pool = feature_matrix(series.schema, rows), _filled(feature_matrix(series.schema, training))
    extras = {view: numbers(rows, view) for view in series.views if view != PLAIN}
    value = _values(series, matrix, extras)
    others = np.vstack([np.median(pool, axis=0), pool[drawn]])
    # All rows as often as there is something to compare them with, so that the model is asked once a group.
    again = {view: np.tile(extra, len(others)) for view, extra in extras.items()}
    found = []
    for group, chosen in feature_groups(series.schema.names, pool).items():
        moved = np.tile(matrix, (len(others), 1))
        moved[:, chosen] = np.repeat(others[:, chosen], len(matrix), axis=0)
        added = value - _values(series, moved, again).reshape(len(others), len(matrix))
        features = [series.schema.names[place] for place in chosen]
        middle, spread = _middle_and_spread(added)
        found += [(row, group, features, *pair) for row, *pair in zip(places, middle, spread, strict=True)]
    for view, extra in extras.items():
        known = numbers(training, view)
        typical = np.nanmedian(known)
        swapped = np.concatenate([[typical], np.where(np.isfinite(known[drawn]), known[drawn], typical)])
        has = np.isfinite(extra)
        moved = np.where(np.tile(has, len(others)), np.repeat(swapped, len(extra)), np.nan)
        asked = np.tile(matrix, (len(others), 1))
        added = value - _values(series, asked, {**again, view: moved}).reshape(len(others), len(matrix))
        middle, spread = _middle_and_spread(added)
        found += [(row, view, [view], *pair) for row, *pair in zip(places[has], middle[has], spread[has], strict=True)]
    return found


def _middle_and_spread(added: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what is added compared with the median (first line), and its standard deviation over the drawn rows."""
    return added[0], added[1:].std(axis=0, ddof=1)


def _values(series: SeriesModel, matrix: Matrix, extras: Extras) -> NDArray[np.float64]:
    """Predict from features alone, each row by the view that its known properties ask for."""
    value, left = np.full(len(matrix), np.nan), np.ones(len(matrix), dtype=bool)
    for name in sorted(series.views, key=lambda name: name == PLAIN):
        view, extra = series.views[name], extras.get(name, np.full(len(matrix), np.nan))
        chosen = left if name == PLAIN else left & np.isfinite(extra)
        left = left & ~chosen
        if chosen.any():
            scaled, _ = view.learned.predict(matrix[chosen], extra[chosen])
            bounds = view.calibration.lower_bound, view.calibration.upper_bound
            value[chosen] = np.clip(view.transform.inverse(scaled), *bounds)
    return value


def _similarities(target: str, rows: pd.DataFrame, training: pd.DataFrame) -> Matrix:
    if target_named(target).subject == "recipe":
        asked, known = ([_amounts(components) for components in item["components"]] for item in (rows, training))
        return np.array([[_in_common(one, other) for other in known] for one in asked])
    asked, known = (
        descriptors.fingerprints([parse(text).smiles for text in item["smiles"]]) for item in (rows, training)
    )
    return np.asarray(descriptors.tanimoto(asked, known), dtype=np.float64).copy()


def _amounts(components: Sequence[Component]) -> dict[tuple[str, str], float]:
    return {(key, unit): amount for key, amount, unit in composition(components)}


def _in_common(left: Mapping[tuple[str, str], float], right: Mapping[tuple[str, str], float]) -> float:
    keys = left.keys() | right.keys()
    larger = sum(max(left.get(key, 0.0), right.get(key, 0.0)) for key in keys)
    return sum(min(left.get(key, 0.0), right.get(key, 0.0)) for key in keys) / larger if larger else 1.0


def _filled(matrix: Matrix) -> Matrix:
    """Replace what is not known by the median of its column, or 0 if nothing is known."""
    filled = matrix.copy()
    for place in range(matrix.shape[1]):
        known = _known(matrix[:, place])
        filled[~np.isfinite(matrix[:, place]), place] = np.median(known) if len(known) else 0.0
    return filled


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[np.isfinite(values)]
