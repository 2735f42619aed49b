"""The learning curve of a target: the same test rows, predicted from ever more training groups."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.errors import InputError
from cryokit.models.features import checked_rows
from cryokit.models.groups import groups, series_of
from cryokit.models.targets import Recipe, recipe_for
from cryokit.validation.evaluation import evaluate, mean_errors
from cryokit.validation.gate import MINIMUM_GROUPS, paired_difference
from cryokit.validation.split_kinds import Split, split_of, with_purged
from cryokit.validation.splits import training_rows

SHARES = (0.125, 0.25, 0.5, 0.75, 1.0)
"""Shares of the training groups that are learned from."""
SPLIT_KIND = "compound"
CURVE_COLUMNS = [
    *("series", "share", "training_groups", "training_rows", "n", "n_groups", "mae", "mae_lower", "mae_upper"),
    *("gain", "gain_lower", "gain_upper", "noise_mae", "label", "note", "sha256"),
]

Evaluated = Callable[[Split, str], dict]


def learning_curve(
    target: str,
    rows: pd.DataFrame,
    shares: Sequence[float] = SHARES,
    repeats: int | None = None,
    seed: int = 0,
    recipe: Recipe | None = None,
    evaluated: Evaluated | None = None,
) -> pd.DataFrame:
    """
    Error of one recipe against the number of groups that it learns from.

    Whole compounds (of recipes: formulations) are held out in the folds of the split ladder. The training groups of
    each fold stand in one order, drawn by the seed for each repeat, and the first of them are learned from: every
    step holds the groups of the step before it, and all steps predict the same rows. The order is the same in each
    fold, so that neighbouring folds learn from much the same groups.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame of n rows
        Row frame of the target with ``value``; viability rows carry ``components``.
    shares : sequence of float
        Shares of the training groups, rising, in (0, 1].
    repeats : int, optional
        Repeats of the split, each with an order of its own; those of the recipe by default.
    seed : int
        Fixes folds, order and estimators.
    recipe : Recipe, optional
        Another recipe than the declared one.
    evaluated : callable, optional
        Gives the evaluation of a split, which has a title, as plain data (see `Evaluation.as_json`).

    Returns
    -------
    DataFrame
        One row for each series and share, see `CURVE_COLUMNS`: the mean number of groups and rows that a fold of the
        series learns from, the error with its 95 % bootstrap interval over groups of the target's fair split, and
        ``gain``, by how much the error is smaller than one step before on the same rows, with its interval. With fewer
        than 5 such groups (``n_groups``) there are no intervals. A step at which some fold of the series has fewer
        rows than the recipe needs (below, it only learns their mean) has no error, and a note.

    Raises
    ------
    InputError
        If shares are not what they must be, or the rows cannot be evaluated.

    Notes
    -----
    The intervals say how sure an error is for these training groups; other groups of the same number would give
    another error. What predicts a property that is not measured (see `Recipe.helper_members`) is the same at all
    steps.

    References
    ----------
    .. [1] Perlich, C. et al. (2003). J. Mach. Learn. Res. 4, 211-255.
    """
    if not shares or list(shares) != sorted(set(shares)) or not 0 < shares[0] <= shares[-1] <= 1:
        msg = f"shares of training groups must rise and lie above 0 and up to 1, but are {', '.join(map(str, shares))}"
        raise InputError(msg)
    recipe = recipe or recipe_for(target)
    rows = checked_rows(target, rows, needs_value=True)
    evaluated = evaluated or _direct(target, rows, recipe, seed)
    split = split_of(target, rows, SPLIT_KIND, recipe.n_folds, repeats or recipe.n_repeats, seed)
    series, group = np.array(series_of(target, rows)), groups(target, rows)
    found, before = [], {}
    for share in shares:
        step = thinned(target, rows, split, share)
        sizes = {name: _learned_from(step, series == name) for name in np.unique(series)}
        if all(least < recipe.minimum_rows for *_, least in sizes.values()):
            found += [_too_small(name, share, size, recipe) for name, size in sizes.items()]
            continue
        evaluation = evaluated(step, f"{100 * share:g} % of the training groups")
        errors = mean_errors(pd.DataFrame(evaluation["rows"]).astype({"value": float, "measured": float}))
        for name, size in sizes.items():
            if size[-1] < recipe.minimum_rows:
                found.append(_too_small(name, share, size, recipe))
                continue
            here = errors[series[errors.index] == name]
            found.append(_step(name, share, size, evaluation, step) | _gain(before.get(name), here, group, seed))
            before[name] = here
    return pd.DataFrame(found).reindex(columns=CURVE_COLUMNS).sort_values("series", kind="stable", ignore_index=True)


def thinned(target: str, rows: pd.DataFrame, split: Split, share: float) -> Split:
    """
    Return a split whose folds learn from a share of their training groups; the rest is purged.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame of n rows
        Row frame of the target.
    split : Split
        Folds of these rows that keep groups whole.
    share : float
        In each series and fold so much of the groups, rounded up, is learned from.

    Returns
    -------
    Split
        The same folds; of two shares, the larger one keeps all that the smaller one keeps.
    """
    if share == 1:
        return split
    series = np.array(series_of(target, rows))
    parts = [split.purged]
    for (repeat, fold), part in split.folds.groupby(["repeat", "fold"]):
        training = training_rows(len(rows), part["row"].to_numpy(), (repeat, fold), split.purged)
        order = np.random.default_rng([split.seed, repeat]).permutation(int(split.units.max()) + 1)
        left_out = np.concatenate(
            [_left_out(training[series[training] == name], split.units, order, share) for name in np.unique(series)]
        )
        parts.append(pd.DataFrame({"row": np.sort(left_out), "repeat": repeat, "fold": fold}))
    return with_purged(target, rows, split, pd.concat(parts, ignore_index=True).astype(np.int64))


def _left_out(
    training: NDArray[np.int64], units: NDArray[np.int64], order: NDArray[np.int64], share: float
) -> NDArray[np.int64]:
    """Return the training rows of one series whose groups come late in the order."""
    known = np.unique(units[training])
    ranked = known[np.argsort(order[known])]
    kept = ranked[: int(np.ceil(share * len(ranked)))]
    return training[~np.isin(units[training], kept)]


def _learned_from(split: Split, chosen: NDArray[np.bool_]) -> tuple[float, float, int]:
    """Return the mean number of groups and rows of a series in the training parts of its folds, and the least rows."""
    counts = []
    for key, part in split.folds.groupby(["repeat", "fold"]):
        held_out = part["row"].to_numpy()
        if chosen[held_out].any():
            training = training_rows(len(chosen), held_out, key, split.purged)
            training = training[chosen[training]]
            counts.append((len(np.unique(split.units[training])), len(training)))
    groups, rows = np.array(counts, dtype=np.float64).T
    return float(groups.mean()), float(rows.mean()), int(rows.min())


def _too_small(name: str, share: float, size: tuple[float, float, int], recipe: Recipe) -> dict:
    note = f"a fold would learn from {size[-1]} rows; the recipe needs {recipe.minimum_rows}"
    return {"series": name, "share": share, "training_groups": size[0], "training_rows": size[1], "note": note}


def _step(name: str, share: float, size: tuple[float, float, int], evaluation: dict, step: Split) -> dict:
    item = evaluation["series"][name]
    lower, upper = item["intervals"]["mae"]
    return {
        "series": name,
        "share": share,
        "training_groups": size[0],
        "training_rows": size[1],
        "n": item["metrics"]["n"],
        "mae": item["metrics"]["mae"],
        "mae_lower": lower,
        "mae_upper": upper,
        "noise_mae": item["noise_floor"]["mae"],
        "label": item["verdict"],
        "note": "",
        "sha256": step.sha256,
    }


def _gain(before: pd.Series | None, errors: pd.Series, groups_of_rows: NDArray[np.int64], seed: int) -> dict:
    group = groups_of_rows[errors.index]
    if before is None:
        return {"n_groups": len(np.unique(group))}
    compared = paired_difference(errors.to_numpy(), before[errors.index].to_numpy(), group, seed)
    is_known = compared["n_groups"] >= MINIMUM_GROUPS
    ends = {f"gain_{end}": compared[end] if is_known else None for end in ("lower", "upper")}
    return {"n_groups": compared["n_groups"], "gain": compared["difference"]} | ends


def _direct(target: str, rows: pd.DataFrame, recipe: Recipe, seed: int) -> Evaluated:
    return lambda split, _title: evaluate(target, rows, split.folds, seed, recipe=recipe, purged=split.purged).as_json()
