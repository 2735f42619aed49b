"""The split ladder of a target: the same model under ever harder questions, side by side."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from cryokit.errors import InputError
from cryokit.models.features import checked_rows
from cryokit.models.groups import groups, series_of
from cryokit.models.targets import Recipe, recipe_for
from cryokit.validation.evaluation import SAME_ROWS, evaluate, mean_errors
from cryokit.validation.gate import MINIMUM_GROUPS, paired_difference
from cryokit.validation.split_kinds import KINDS, RANDOM, Split, kind_named, split_of, why_not

SCORED = ("n", "mae", "rmse", "r2", "median_error", "spearman", "coverage_90", "mean_width_90", "winkler_90")
WITH_INTERVAL = ("mae", "r2")
LADDER_COLUMNS = [
    "series",
    "kind",
    "split",
    "n_groups",
    "leaking_groups",
    *SCORED,
    *(f"{name}_{end}" for name in WITH_INTERVAL for end in ("lower", "upper")),
    "baseline",
    "baseline_mae",
    "closest",
    "closest_n",
    "closest_mae",
    "closest_model_mae",
    "gain",
    "gain_lower",
    "gap",
    "gap_lower",
    "gap_upper",
    "noise_mae",
    "noise_r2",
    "label",
    "note",
    "sha256",
]

Evaluated = Callable[[Split], dict]
OnRung = Callable[[str, int, int], None]


def split_ladder(
    target: str,
    rows: pd.DataFrame,
    kinds: Sequence[str] = tuple(KINDS),
    repeats: int | None = None,
    seed: int = 0,
    recipe: Recipe | None = None,
    evaluated: Evaluated | None = None,
    on_rung: OnRung | None = None,
) -> pd.DataFrame:
    """
    Evaluate one recipe under several kinds of split.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame
        Row frame of the target with ``value``; viability rows carry ``components``.
    kinds : sequence of str
        Keys of `split_kinds.KINDS`; rows at random are always the first rung, as the others are measured from it.
    repeats : int, optional
        Repeats of each split; by default those of the recipe, and one of rows at random.
    seed : int
        Fixes folds and estimators.
    recipe : Recipe, optional
        Another recipe than the declared one.
    evaluated : callable, optional
        Gives the evaluation of a split as plain data (see `Evaluation.as_json`), for example from a store.
    on_rung : callable, optional
        Called with the title of the next split, the number done and the number of all.

    Returns
    -------
    DataFrame
        One row for each series and split, see `LADDER_COLUMNS`: scores with 95 % bootstrap intervals over groups;
        ``baseline``, the best of all rows; ``closest``, the one over which the model gains least on the rows that it
        predicts; ``gap``, by how much the error is larger than with rows at random on the same rows, with its
        interval; the floor that noise of measurement sets. ``n_groups`` and ``leaking_groups`` are those of the
        series. A split that does not apply has no scores and says why in ``note``.

    Raises
    ------
    InputError
        If a kind is not known or the rows cannot be evaluated.

    References
    ----------
    .. [1] Sheridan, R. P. (2013). J. Chem. Inf. Model. 53, 783-790. 10.1021/ci400084k
    """
    recipe = recipe or recipe_for(target)
    rows = checked_rows(target, rows, needs_value=True)
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        msg = f"there is no split {', '.join(map(repr, unknown))}; there are {', '.join(KINDS)}"
        raise InputError(msg)
    evaluated = evaluated or _direct(target, rows, recipe, seed)
    chosen = [kind for kind in KINDS if kind in {RANDOM, *kinds}]
    series = np.array(series_of(target, rows))
    found, easiest = [], None
    for done, kind in enumerate(chosen):
        title = kind_named(kind, target).title
        if on_rung:
            on_rung(title, done, len(chosen))
        if reason := why_not(target, rows, kind):
            found += [{"series": name, "kind": kind, "split": title, "note": reason} for name in np.unique(series)]
            continue
        # What leaks is shown, not trusted: one repeat says it.
        own_repeats = 1 if kind == RANDOM else recipe.n_repeats
        split = split_of(target, rows, kind, recipe.n_folds, repeats or own_repeats, seed)
        evaluation = evaluated(split)
        errors = _errors(evaluation)
        easiest = errors if easiest is None else easiest
        found += _rungs(target, rows, split, evaluation, errors, easiest, seed)
    return pd.DataFrame(found).reindex(columns=LADDER_COLUMNS).sort_values("series", kind="stable", ignore_index=True)


def _direct(target: str, rows: pd.DataFrame, recipe: Recipe, seed: int) -> Evaluated:
    return lambda split: evaluate(target, rows, split.folds, seed, recipe=recipe, purged=split.purged).as_json()


def _errors(evaluation: dict) -> pd.Series:
    """Absolute error of each evaluated row, averaged over repeats; NaN where nothing was predicted."""
    return mean_errors(pd.DataFrame(evaluation["rows"]).astype({"value": float, "measured": float}))


def _rungs(
    target: str,
    rows: pd.DataFrame,
    split: Split,
    evaluation: dict,
    errors: pd.Series,
    easiest: pd.Series,
    seed: int,
) -> list[dict]:
    group, series = groups(target, rows), np.array(series_of(target, rows))
    found = []
    for name in np.unique(series):
        rung = {"series": name, "kind": split.kind, "split": split.title, "sha256": split.sha256, "note": split.note}
        item = evaluation["series"].get(name)
        if item is None or not item["metrics"]["n"]:
            found.append(rung | {"note": "nothing of this series can be held out: one source or cell type has it all"})
            continue
        here = errors.index[series[errors.index] == name]
        gap = paired_difference(easiest[here].to_numpy(), errors[here].to_numpy(), group[here], seed)
        found.append(
            rung
            | {score: item["metrics"][score] for score in SCORED}
            | {f"{score}_lower": item["intervals"][score][0] for score in WITH_INTERVAL}
            | {f"{score}_upper": item["intervals"][score][1] for score in WITH_INTERVAL}
            | _best_baseline(item["metrics"], item["baselines"])
            | {
                "n_groups": split.units_in(series == name),
                "leaking_groups": split.leaking_in(group, series == name),
                "noise_mae": item["noise_floor"]["mae"],
                "noise_r2": item["noise_floor"]["r2"],
                "label": item["verdict"],
            }
            | ({} if split.kind == RANDOM else _gap(gap))
        )
    return found


def _gap(compared: dict) -> dict:
    is_known = compared["n_groups"] >= MINIMUM_GROUPS
    ends = {f"gap_{end}": compared[end] if is_known else None for end in ("lower", "upper")}
    return {"gap": compared["difference"]} | ends


def _best_baseline(metrics: dict, baselines: dict[str, dict]) -> dict:
    """
    Return the best baseline of those that predict every row, and the closest of all.

    The closest is the one over which the model gains least on the rows that both predict: what the label hangs on.
    """
    known = {name: item for name, item in baselines.items() if item["mae"] is not None}
    complete = {name: item["mae"] for name, item in known.items() if item["n"] == metrics["n"]}
    found = {}
    if complete:
        best = min(complete, key=complete.get)
        found |= {"baseline": best, "baseline_mae": complete[best]}
    if known:
        closest = min(known, key=lambda name: known[name]["compared"]["lower"])
        item = known[closest]
        found |= {
            "closest": closest,
            "closest_n": item["n"],
            "closest_mae": item["mae"],
            "closest_model_mae": item.get(SAME_ROWS, metrics)["mae"],
            "gain": item["compared"]["difference"],
            "gain_lower": item["compared"]["lower"],
        }
    return found
