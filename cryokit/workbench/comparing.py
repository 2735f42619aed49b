"""Two versions of a target on the same rows: found among the stored evaluations, or evaluated now."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cryokit.db.tables import json_text, sha256_of
from cryokit.domain import target_named
from cryokit.errors import ConflictError, InputError, NotFoundError
from cryokit.models.stored_recipe import stored_recipe
from cryokit.workbench.core import Progress
from cryokit.workbench.helpers import helper_for

if TYPE_CHECKING:
    from cryokit.workbench.modelling import Modelling

SAME_FOLDS = "stored evaluations of both on the same rows and folds"
OWN_FOLDS = "stored evaluations on the rows that both have; the recipes are equal, the folds are each version's own"
ANEW = "both recipes on the rows of version {number}, same folds, evaluated for this comparison"


@dataclass(frozen=True)
class _Known:
    """One version, the rows of a selection, and its stored out-of-fold predictions for them, if they are still so."""

    model: dict[str, Any]
    rows: pd.DataFrame
    evaluation: dict[str, Any] | None

    @property
    def seed(self) -> int:
        """Seed of the stored evaluation, or of training."""
        return int((self.evaluation or {"metrics": {}})["metrics"].get("seed", self.model["seed"]))

    @property
    def folds(self) -> pd.DataFrame:
        """Rows, repeats and folds of the stored evaluation."""
        return self.evaluation["rows"][["row", "repeat", "fold"]]


def comparison(
    workbench: "Modelling",
    target: str,
    versions: tuple[int, int],
    selection: str,
    seed: int | None,
    progress: Progress | None,
    is_stored_only: bool = False,
) -> dict:
    """Return scores of both versions side by side and the paired difference, positive if the second is better."""
    from cryokit.models.groups import groups, series_of
    from cryokit.validation.comparison import compared

    if versions[0] == versions[1]:
        msg = f"version {versions[0]} cannot be compared with itself; name two versions of {target}"
        raise InputError(msg)
    known = {number: _known(workbench, target, number, selection) for number in versions}
    newer = known[max(versions)]
    stored = _stored_tables(target, known, seed)
    if stored is None and is_stored_only:
        msg = (
            f"versions {versions[0]} and {versions[1]} were evaluated on different rows or folds, and evaluating takes "
            f"minutes; `cryokit compare {target} {versions[0]} {versions[1]}` does it"
        )
        raise ConflictError(msg)
    if stored is None:
        tables = _evaluated(target, known, newer, workbench.settings.evaluations_dir, seed, progress)
        stored = tables, ANEW.format(number=max(versions))
    tables, basis = stored
    rows = newer.rows
    series = np.array(series_of(target, rows))
    result = compared(*(tables[number] for number in versions), groups(target, rows), series, seed=newer.seed)
    return {
        "target": target,
        "version_a": versions[0],
        "version_b": versions[1],
        "labels": [known[number].model["verdict"] for number in versions],
        "selection": selection,
        "split": newer.model["recipe"].get("split"),
        "basis": basis,
        "rows_sha256": _rows_sha256(target, rows),
        **{f"split_sha256_{name}": _folds_sha256(tables[number]) for name, number in zip("ab", versions, strict=True)},
        **result,
    }


def judgement(result: dict) -> tuple[bool, str]:
    """Return whether the second version may take the place of the first, and why, in words and numbers."""
    from cryokit.validation.comparison import is_not_worse

    paired, unit = result["paired"], target_named(result["target"]).unit
    if not paired["n"]:
        return False, f"it has no row in common with version {result['version_a']}, so nothing can be compared"
    numbers = (
        f"mean absolute error {result['second']['mae']:.4g} against {result['first']['mae']:.4g} {unit} of version "
        f"{result['version_a']} on {paired['n']} rows; paired difference {paired['difference']:.3g} "
        f"({paired['lower']:.3g} to {paired['upper']:.3g})"
    )
    worse = [name for name, part in result.get("series", {}).items() if part["second_is"] == "worse"]
    where = f" in {'; '.join(worse)}" if worse else ""
    return (True, f"skill, and not worse: {numbers}") if is_not_worse(result) else (False, f"worse{where}: {numbers}")


def _known(workbench: "Modelling", target: str, number: int, selection: str) -> _Known:
    rows, model = workbench.rows_of(target, number, selection), workbench.model(target, number)
    try:
        evaluation = workbench.latest_evaluation(target, number, selection)
    except NotFoundError:
        return _Known(model, rows, None)
    stored = evaluation["rows"]
    is_same = stored["row"].max() < len(rows) and np.array_equal(
        rows["value"].to_numpy(dtype=float)[stored["row"]], stored["measured"].to_numpy(dtype=float)
    )
    return _Known(model, rows, evaluation if is_same else None)


def _stored_tables(
    target: str, known: dict[int, _Known], seed: int | None
) -> tuple[dict[int, pd.DataFrame], str] | None:
    """Return the stored out-of-fold rows, numbered as the newer version's rows, and their basis, if they compare."""
    (older_number, older), (newer_number, newer) = sorted(known.items())
    is_wanted = seed is None or {older.seed, newer.seed} == {seed}
    if older.evaluation is None or newer.evaluation is None or not is_wanted:
        return None
    renumbered = _renumbered(target, older, newer)
    both = {older_number: renumbered, newer_number: newer.evaluation["rows"]}
    have_same_rows = len(older.rows) == len(newer.rows) and set(renumbered["row"]) == set(newer.folds["row"])
    if have_same_rows and _folds_sha256(renumbered) == _folds_sha256(newer.evaluation["rows"]):
        return both, SAME_FOLDS
    return (both, OWN_FOLDS) if older.model["recipe"] == newer.model["recipe"] else None


def _evaluated(
    target: str, known: dict[int, _Known], newer: _Known, folder: Path, seed: int | None, progress: Progress | None
) -> dict[int, pd.DataFrame]:
    """Evaluate each recipe on the newer version's rows; its stored evaluation counts if the seed is the same."""
    from cryokit.validation.evaluation import evaluate
    from cryokit.validation.splits import grouped_folds

    recipe = stored_recipe(newer.model["recipe"])
    chosen = newer.seed if seed is None else seed
    is_stored = newer.evaluation is not None and chosen == newer.seed
    folds = newer.folds if is_stored else grouped_folds(target, newer.rows, recipe.n_folds, recipe.n_repeats, chosen)
    found = {}
    for number, item in known.items():
        if item is newer and is_stored:
            found[number] = newer.evaluation["rows"]
            continue
        own = stored_recipe(item.model["recipe"])
        helper = helper_for(target, newer.rows, folder, chosen, own)
        found[number] = evaluate(target, newer.rows, folds, chosen, progress, own, helper).rows
    return found


def _renumbered(target: str, older: _Known, newer: _Known) -> pd.DataFrame:
    """Return the older version's out-of-fold rows under the numbers of the same measurements of the newer version."""
    places = {key: place for place, key in enumerate(_keys(target, newer.rows))}
    known = [places.get(key, -1) for key in _keys(target, older.rows)]
    table = older.evaluation["rows"]
    table = table.assign(row=[known[row] for row in table["row"]])
    return table[table["row"] >= 0].sort_values(["repeat", "fold", "row"], ignore_index=True)


def _keys(target: str, rows: pd.DataFrame) -> list[str]:
    """Return what each measurement is; the second of two equal ones is counted as such."""
    spec = target_named(target)
    wanted = ["name", spec.subject, "value", "source", *(item.name for item in spec.conditions)]
    texts = pd.Series([json_text(row) for row in rows[[name for name in wanted if name in rows]].to_dict("records")])
    return [f"{text} {count}" for text, count in zip(texts, texts.groupby(texts).cumcount(), strict=True)]


def _rows_sha256(target: str, rows: pd.DataFrame) -> str:
    return sha256_of(_keys(target, rows))


def _folds_sha256(table: pd.DataFrame) -> str:
    folds = table[["row", "repeat", "fold"]].sort_values(["repeat", "fold", "row"])
    return sha256_of(folds.to_numpy().tolist())
