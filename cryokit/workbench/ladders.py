"""The split ladder of stored rows; each evaluation is kept, so that a ladder goes on where it was stopped."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

import cryokit
from cryokit.db.tables import json_text, records, sha256_of
from cryokit.errors import NotFoundError
from cryokit.models.targets import RECIPES, Recipe
from cryokit.workbench.core import Core
from cryokit.workbench.helpers import helper_for

if TYPE_CHECKING:
    from cryokit.validation.split_kinds import Split

CHEAPEST = ("random", "compound", "source")
"""Splits that every run of the validation notebook shows."""

_SCIENCE = ("chemistry/*.py", "models/*.py", "validation/*.py", "domain.py")
"""Code on which an evaluation depends."""

OnFold = Callable[[str, int, int], None]


class Ladders(Core):
    """Evaluate one recipe under several kinds of split."""

    def split_ladder(
        self,
        target: str,
        selection: str = "curated",
        splits: str = "cheapest",
        seed: int = 0,
        on_fold: OnFold | None = None,
    ) -> pd.DataFrame:
        """
        Return the split ladder of a target's rows: those of the newest version, or the stored ones if there is none.

        `splits` names kinds separated by commas, or is ``cheapest`` or ``all``. `on_fold` is called with the title of
        the split, the number of folds done and of all.
        """
        from cryokit.validation import ladder, split_kinds

        known = {"cheapest": CHEAPEST, "all": tuple(split_kinds.KINDS)}
        kinds = known.get(splits) or tuple(splits.replace(" ", "").split(","))
        rows, recipe = self._ladder_rows(target, selection), RECIPES[target]

        def evaluated(split: "Split") -> dict:
            return self._kept_or_evaluated(recipe, rows, split, seed, on_fold)

        return ladder.split_ladder(target, rows, kinds, seed=seed, recipe=recipe, evaluated=evaluated)

    def kept_ladder(self, target: str, selection: str = "curated", seed: int = 0) -> pd.DataFrame:
        """Return the rungs of a ladder that were computed before; an empty table if there are none."""
        from cryokit.validation import ladder, split_kinds

        rows, recipe = self._ladder_rows(target, selection), RECIPES[target]

        def kept(split: "Split") -> dict:
            if (found := kept_evaluation(self.settings.evaluations_dir, recipe, rows, split, seed)) is None:
                raise NotFoundError(split.title)
            return found

        rungs = []
        for kind in split_kinds.KINDS:
            with contextlib.suppress(NotFoundError):
                rungs.append(ladder.split_ladder(target, rows, (kind,), seed=seed, recipe=recipe, evaluated=kept))
        scored = [rung for rung in rungs if rung["mae"].notna().any()]
        return pd.concat(scored, ignore_index=True) if scored else pd.DataFrame()

    def _ladder_rows(self, target: str, selection: str) -> pd.DataFrame:
        try:
            return self._rows_of(self.model(target), selection)
        except NotFoundError:
            return self._stored_rows(target, selection)

    def _kept_or_evaluated(
        self, recipe: Recipe, rows: pd.DataFrame, split: "Split", seed: int, on_fold: OnFold | None
    ) -> dict:
        from cryokit.validation.evaluation import evaluate

        folder = self.settings.evaluations_dir
        if (kept := kept_evaluation(folder, recipe, rows, split, seed)) is not None:
            return kept

        def progress(done: int, total: int) -> None:
            if on_fold:
                on_fold(split.title, done, total)

        helper = helper_for(recipe.target, rows, seed, recipe)
        found = evaluate(recipe.target, rows, split.folds, seed, progress, recipe, helper, split.purged).as_json()
        keep(folder, recipe, rows, split, seed, found)
        return found


def keep(folder: Path, recipe: Recipe, rows: pd.DataFrame, split: "Split", seed: int, evaluation: dict) -> None:
    """Write an evaluation to a file that only the owner reads, whole or not at all: rows may be private."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".partial-", delete=False) as partial:
        partial.write(json_text(evaluation))
        partial.flush()
        os.fsync(partial.fileno())
    Path(partial.name).replace(_path(folder, recipe, rows, split, seed))


def kept_evaluation(folder: Path, recipe: Recipe, rows: pd.DataFrame, split: "Split", seed: int) -> dict | None:
    """Return an evaluation that was kept for exactly this recipe, rows, split, seed and code, if there is one."""
    path = _path(folder, recipe, rows, split, seed)
    return json.loads(path.read_text()) if path.is_file() else None


def _path(folder: Path, recipe: Recipe, rows: pd.DataFrame, split: "Split", seed: int) -> Path:
    from cryokit.models.artifacts import library_versions

    facts = {
        "recipe": recipe.as_json(),
        "rows": sha256_of(records(rows.drop(columns="components", errors="ignore"))),
        "split": split.sha256,
        "seed": seed,
        "libraries": library_versions(),
        "code": _code_sha256(),
    }
    return folder / f"{recipe.target}-{sha256_of(facts)}.json"


@cache
def _code_sha256() -> str:
    """Checksum of the code that evaluates, so that what older code found is never taken for what this one finds."""
    root = Path(cryokit.__file__).parent
    files = [path for pattern in _SCIENCE for path in root.glob(pattern)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()
