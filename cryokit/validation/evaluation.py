"""Out-of-fold evaluation of a target's recipe: one path for anybody's rows and folds."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.domain import INSUFFICIENT_SKILL, THRESHOLDS, checked_seed
from cryokit.errors import InputError
from cryokit.models.estimators import Ensemble
from cryokit.models.features import checked_rows, numbers
from cryokit.models.fitted import FittedModel, fit
from cryokit.models.groups import series_of, subjects
from cryokit.models.targets import Recipe, recipe_for
from cryokit.validation.baselines import baselines_for
from cryokit.validation.gate import SKILL, paired_difference, verdict
from cryokit.validation.metrics import table_scores
from cryokit.validation.splits import checked_folds, groups, leaking_groups, training_rows
from cryokit.validation.uncertainty import RANGE_EDGES, noise_floor, score_intervals, scores_by_range

ROW_COLUMNS = ["row", "repeat", "fold", "measured", "value", "lower", "upper"]
SAME_ROWS = "model_on_these_rows"

_TRIPLE = ["value", "lower", "upper"]

OnFold = Callable[[int, int], None]
Mapped = Callable[[Callable[[Any], Any], Iterable[tuple[int, Any]]], Iterable[tuple[int, Any]]]
"""Runs a function on numbered tasks and yields numbered results, in any order."""


def one_by_one(function: Callable[[Any], Any], tasks: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Run tasks here, one after the other."""
    for number, argument in tasks:
        yield number, function(argument)


@dataclass(frozen=True)
class Evaluation:
    """Scores of a recipe beside those of trivial baselines on the same folds; None where a score is not defined."""

    target: str
    seed: int
    metrics: dict[str, float | int | None]
    baselines: dict[str, dict]
    """Same scores for each baseline, and the model's on the rows that the baseline can predict."""
    rows: pd.DataFrame
    """One row for each row, repeat and fold, see `ROW_COLUMNS`; NaN where no model of that series could be trained."""
    series: dict[str, dict]
    """
    For each series its ``metrics``, their bootstrap ``intervals`` over groups, scores ``by_range``, the
    ``noise_floor`` of its measurements, ``baselines`` (with the paired difference) and ``verdict``.
    """
    verdict: str
    """``skill`` only if every series has it."""
    leaking_groups: int
    """Groups that the folds put on both sides: 0 for a fair split."""
    n_groups: int
    group: NDArray[np.int64]
    """Group of each row of the row frame."""
    by_range: list[dict]
    """Scores for low, middle and high measured values."""
    shared_subjects: int
    """Molecules (by connectivity) or formulations that the folds put on both sides; sources may share formulations."""
    n_subjects: int

    def as_json(self) -> dict:
        """Plain data; numbers that are not finite become None."""
        return _plain(
            {
                "target": self.target,
                "seed": self.seed,
                "metrics": self.metrics,
                "baselines": self.baselines,
                "series": self.series,
                "verdict": self.verdict,
                "leaking_groups": self.leaking_groups,
                "n_groups": self.n_groups,
                "shared_subjects": self.shared_subjects,
                "n_subjects": self.n_subjects,
                "by_range": self.by_range,
                "unpredicted": int(self.rows["value"].isna().sum()),
                "rows": self.rows.to_dict("records"),
            }
        )


def evaluate(
    target: str,
    rows: pd.DataFrame,
    folds: pd.DataFrame,
    seed: int = 0,
    on_fold: OnFold | None = None,
    recipe: Recipe | None = None,
    helper: Ensemble | None = None,
    purged: pd.DataFrame | None = None,
    mapped: Mapped = one_by_one,
) -> Evaluation:
    """
    Evaluate a recipe out of fold: one path for the declared recipe of a target and any other kind of model.

    For each repeat and fold all other rows train, those in no fold too; features, model, interval and baselines
    see the training part alone.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame of n rows
        Row frame of the target with ``value``; viability rows carry ``components``.
    folds : DataFrame
        ``row`` (counted from 0), ``repeat``, ``fold``.
    seed : int
        Fixes all randomness.
    on_fold : callable, optional
        Called with the number of folds done and of all folds.
    recipe : Recipe, optional
        Another recipe than the declared one, such as that of an older version; without members it is the mean.
    helper : Ensemble, optional
        What predicts the optional property; learned from molecules that share nothing with `rows`
        (see `helpers.fitted_helper`).
    purged : DataFrame, optional
        ``row``, ``repeat``, ``fold`` of rows that do not train in that fold, as later rows in time order.

    mapped : callable, optional
        Where folds are computed: here, or on other processes; what comes out is the same to the bit.

    Returns
    -------
    Evaluation
        Scores a repeat, then averaged; intervals, baselines, series and verdict.

    Raises
    ------
    InputError
        If rows, folds or seed are not what they must be, or the recipe is another target's.

    References
    ----------
    .. [1] Stone, M. (1974). J. R. Stat. Soc. B 36, 111-147. 10.1111/j.2517-6161.1974.tb00994.x
    """
    checked_seed(seed)
    recipe = recipe or recipe_for(target)
    if recipe.target != target:
        msg = f"the recipe is for {recipe.target}, but {target} is evaluated; give a recipe of {target}"
        raise InputError(msg)
    checked = checked_rows(target, rows, needs_value=True)
    plain = checked_folds(folds, len(checked))
    series = np.array(series_of(target, checked))
    splits = list(plain.groupby(["repeat", "fold"]))
    held_out = [part["row"].to_numpy() for _, part in splits]
    sides = [
        (training_rows(len(checked), out, key, purged), out) for (key, _), out in zip(splits, held_out, strict=True)
    ]
    one_fold = partial(_fold_predictions, recipe, checked, series, seed, helper)
    parts: dict[int, pd.DataFrame] = {}
    for number, predictions in mapped(one_fold, enumerate(sides)):
        parts[number] = splits[number][1].assign(**predictions)
        if on_fold:
            on_fold(len(parts), len(splits))
    table = pd.concat([parts[number] for number in sorted(parts)], ignore_index=True)
    table["measured"] = numbers(checked, "value")[table["row"]]
    return _summary(target, checked, table, series, purged, seed)


def evaluate_fitted(
    target: str, model: FittedModel, training: pd.DataFrame, rows: pd.DataFrame, seed: int = 0
) -> tuple[Evaluation, pd.DataFrame]:
    """
    Score a fitted model on rows that came later.

    Parameters
    ----------
    target : str
        Name of the target.
    model : FittedModel
        What is scored.
    training : DataFrame
        The rows that it learned from; the baselines learn from them too.
    rows : DataFrame of n rows
        Row frame of the target with ``value``; viability rows carry ``components``.
    seed : int
        Fixes the bootstrap.

    Returns
    -------
    evaluation : Evaluation
        Scores of the rows that are not ``in_training`` and whose series the model knows, beside those of baselines.
    predictions : DataFrame of n rows
        ``value``, ``lower``, ``upper`` and ``in_training`` of every row; NaN where the model knows no such series.

    Raises
    ------
    InputError
        If no row is left to score, or rows are not what they must be.
    """
    checked = checked_rows(target, rows, needs_value=True)
    series = np.array(series_of(target, checked))
    predictions = pd.DataFrame({name: np.full(len(checked), np.nan) for name in _TRIPLE}).assign(in_training=False)
    known = np.isin(series, list(model.series))
    if known.any():
        found = model.predict(checked[known])
        predictions.loc[known, [*_TRIPLE, "in_training"]] = found[[*_TRIPLE, "in_training"]].to_numpy()
    predictions = predictions.astype(dict.fromkeys(_TRIPLE, float) | {"in_training": bool})
    held_out = np.flatnonzero(known & ~predictions["in_training"].to_numpy())
    if not len(held_out):
        msg = f"none of {len(checked)} rows can be scored: the model knows the series of {int(known.sum())}, "
        msg += "and learned from all of those; bring rows of other substances"
        raise InputError(msg)
    table = pd.DataFrame({"row": held_out, "repeat": 0, "fold": 0})
    table = pd.concat([table, predictions.iloc[held_out][_TRIPLE].reset_index(drop=True)], axis=1)
    table["measured"] = numbers(checked, "value")[held_out]
    table = pd.concat([table, _baselines_on(target, training, checked.iloc[held_out], series[held_out])], axis=1)
    return _summary(target, checked, table, series, None, seed), predictions


def _baselines_on(target: str, training: pd.DataFrame, rows: pd.DataFrame, series: NDArray[np.str_]) -> pd.DataFrame:
    """Predict rows by each baseline, series by series, from what a model learned from."""
    learned = checked_rows(target, training, needs_value=True)
    learned_series = np.array(series_of(target, learned))
    found = {name: np.full((len(rows), 3), np.nan) for name in baselines_for(target)}
    for name in np.unique(series):
        here = series == name
        for baseline, predict in baselines_for(target).items():
            found[baseline][here] = predict(target, learned[learned_series == name], rows[here])
    return pd.DataFrame(
        {_column(name, part): triple[:, place] for name, triple in found.items() for place, part in enumerate(_TRIPLE)}
    )


def _fold_predictions(
    recipe: Recipe,
    rows: pd.DataFrame,
    series: NDArray[np.str_],
    seed: int,
    helper: Ensemble | None,
    sides: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> dict[str, NDArray[np.float64]]:
    """Predict the held-out rows from the training rows, by the model and by each baseline, series by series."""
    training, held_out = sides
    target = recipe.target
    known = baselines_for(target)
    found = {name: np.full((len(held_out), 3), np.nan) for name in ("", *known)}
    # A series of which nothing is left to train on gets no prediction rather than a pooled one.
    shared = np.intersect1d(series[held_out], series[training])
    model = fit(target, rows.iloc[training], seed, recipe, helper) if len(shared) else None
    for name in shared:
        here = series[held_out] == name
        train, test = rows.iloc[training[series[training] == name]], rows.iloc[held_out[here]]
        found[""][here] = model.predict(test)[_TRIPLE].to_numpy(dtype=np.float64)
        for baseline, predict in known.items():
            found[baseline][here] = predict(target, train, test)
    return {
        _column(baseline, name): triple[:, place]
        for baseline, triple in found.items()
        for place, name in enumerate(_TRIPLE)
    }


def _column(baseline: str, name: str) -> str:
    return f"{baseline}|{name}" if baseline else name


def _summary(
    target: str,
    rows: pd.DataFrame,
    table: pd.DataFrame,
    series: NDArray[np.str_],
    purged: pd.DataFrame | None,
    seed: int,
) -> Evaluation:
    names = list(baselines_for(target))
    group, subject = groups(target, rows), subjects(target, rows)
    by_series = {
        str(name): _series_summary(target, rows[series == name], part, names, group, seed)
        for name, part in table.groupby(series[table["row"].to_numpy()])
    }
    has_skill = all(item["verdict"] == SKILL for item in by_series.values())
    folds = table[["row", "repeat", "fold"]]
    return Evaluation(
        target=target,
        seed=seed,
        metrics=_plain(_averaged_scores(target, table)),
        baselines=_plain(_baseline_scores(target, table, names)),
        rows=table[ROW_COLUMNS],
        series=by_series,
        verdict=SKILL if has_skill else INSUFFICIENT_SKILL,
        leaking_groups=leaking_groups(folds, group, purged),
        n_groups=len(np.unique(group)),
        group=group,
        by_range=_plain(scores_by_range(table, RANGE_EDGES.get(target))),
        shared_subjects=leaking_groups(folds, subject, purged),
        n_subjects=len(np.unique(subject)),
    )


def _series_summary(
    target: str, rows: pd.DataFrame, table: pd.DataFrame, names: list[str], group: NDArray[np.int64], seed: int
) -> dict:
    errors = mean_errors(table)
    places = errors.index.to_numpy()
    baseline_errors = {name: mean_errors(table, name).to_numpy() for name in names}
    baselines = _baseline_scores(target, table, names)
    for name, item in baselines.items():
        item["compared"] = paired_difference(errors.to_numpy(), baseline_errors[name], group[places], seed)
    return _plain(
        {
            "metrics": _averaged_scores(target, table),
            "intervals": score_intervals(table, group, THRESHOLDS.get(target, ()), seed),
            "by_range": scores_by_range(table, RANGE_EDGES.get(target)),
            "noise_floor": noise_floor(target, rows),
            "baselines": baselines,
            "verdict": verdict(errors.to_numpy(), baseline_errors, group[places], seed),
        }
    )


def mean_errors(table: pd.DataFrame, baseline: str = "") -> pd.Series:
    """Return the absolute error of each row, averaged over repeats, in the order of rows."""
    return (table[_column(baseline, "value")] - table["measured"]).abs().groupby(table["row"]).mean().sort_index()


def _averaged_scores(target: str, table: pd.DataFrame, baseline: str = "") -> dict[str, float | int]:
    columns = ["measured", *(_column(baseline, name) for name in _TRIPLE)]
    return table_scores(table, THRESHOLDS.get(target, ()), columns)


def _baseline_scores(target: str, table: pd.DataFrame, names: list[str]) -> dict[str, dict]:
    found = {}
    for name in names:
        predicted = table[np.isfinite(table[_column(name, "value")])]
        if predicted.empty:
            continue
        found[name] = _averaged_scores(target, predicted, name)
        if len(predicted) < len(table):
            found[name][SAME_ROWS] = _averaged_scores(target, predicted)
    return found


def _plain(item: object) -> object:
    if isinstance(item, dict):
        return {str(name): _plain(value) for name, value in item.items()}
    if isinstance(item, list | tuple):
        return [_plain(value) for value in item]
    if isinstance(item, np.generic):
        item = item.item()
    return None if isinstance(item, float) and not math.isfinite(item) else item
