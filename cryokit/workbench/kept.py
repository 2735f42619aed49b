"""Evaluations kept in files by what they depend on: the same recipe, rows, split, seed and code are computed once."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cryokit.db.tables import json_text, records, sha256_of
from cryokit.models.targets import Recipe
from cryokit.workbench.core import Progress
from cryokit.workbench.helpers import code_sha256, helper_for

if TYPE_CHECKING:
    from cryokit.validation.evaluation import Mapped
    from cryokit.validation.split_kinds import Split


def kept_or_evaluated(
    folder: Path,
    recipe: Recipe,
    rows: pd.DataFrame,
    split: "Split",
    seed: int,
    progress: Progress | None = None,
    mapped: "Mapped | None" = None,
) -> dict:
    """Return an evaluation as plain data (see `Evaluation.as_json`): a kept one, or one that is made and kept now."""
    from cryokit.validation.evaluation import evaluate, one_by_one

    if (kept := kept_evaluation(folder, recipe, rows, split, seed)) is not None:
        return kept
    helper = helper_for(recipe.target, rows, folder, seed, recipe)
    found = evaluate(
        recipe.target, rows, split.folds, seed, progress, recipe, helper, split.purged, mapped or one_by_one
    ).as_json()
    _keep(_path(folder, recipe, rows, split, seed), found)
    return found


def kept_evaluation(folder: Path, recipe: Recipe, rows: pd.DataFrame, split: "Split", seed: int) -> dict | None:
    """Return an evaluation that was kept for exactly this recipe, rows, split, seed and code, if there is one."""
    path = _path(folder, recipe, rows, split, seed)
    return json.loads(path.read_text()) if path.is_file() else None


def _keep(path: Path, evaluation: dict) -> None:
    """Write an evaluation for the eyes of its owner: rows may be private."""
    from cryokit.models.artifacts import write_whole

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(json_text(evaluation).encode(), path)


def _path(folder: Path, recipe: Recipe, rows: pd.DataFrame, split: "Split", seed: int) -> Path:
    from cryokit.models.artifacts import library_versions

    facts = {
        "recipe": recipe.as_json(),
        "rows": sha256_of(records(rows.drop(columns="components", errors="ignore"))),
        "split": split.sha256,
        "seed": seed,
        "libraries": library_versions(),
        "code": code_sha256(),
    }
    return folder / f"{recipe.target}-{sha256_of(facts)}.json"
