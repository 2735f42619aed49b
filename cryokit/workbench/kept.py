"""Evaluations kept in files by what they depend on: the same recipe, rows, split, seed and code are computed once."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    return _read(_path(folder, recipe, rows, split, seed))


def kept_importance(folder: Path, recipe: Recipe, rows: pd.DataFrame, seed: int) -> list[dict] | None:
    """Return what was kept of the importance of features for exactly this recipe, rows, seed and code."""
    return _read(_importance_path(folder, recipe, rows, seed))


def keep_importance(folder: Path, recipe: Recipe, rows: pd.DataFrame, seed: int, table: list[dict]) -> None:
    """Keep the importance of features for the next who asks."""
    _keep(_importance_path(folder, recipe, rows, seed), table)


def _read(path: Path) -> Any:
    return json.loads(path.read_text()) if path.is_file() else None


def _keep(path: Path, found: object) -> None:
    """Write what was found for the eyes of its owner: rows may be private."""
    from cryokit.models.artifacts import write_whole

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(json_text(found).encode(), path)


def _path(folder: Path, recipe: Recipe, rows: pd.DataFrame, split: "Split", seed: int) -> Path:
    return folder / f"{recipe.target}-{sha256_of(_facts(recipe, rows, seed) | {'split': split.sha256})}.json"


def _importance_path(folder: Path, recipe: Recipe, rows: pd.DataFrame, seed: int) -> Path:
    return folder / f"{recipe.target}-importance-{sha256_of(_facts(recipe, rows, seed))}.json"


def _facts(recipe: Recipe, rows: pd.DataFrame, seed: int) -> dict[str, object]:
    from cryokit.models.artifacts import library_versions

    return {
        "recipe": recipe.as_json(),
        "rows": sha256_of(records(rows.drop(columns="components", errors="ignore"))),
        "seed": seed,
        "libraries": library_versions(),
        "code": code_sha256(),
    }
