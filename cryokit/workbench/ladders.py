"""Split ladder and learning curve of stored rows; each evaluation is kept, so that both go on where they stopped."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from cryokit.errors import NotFoundError
from cryokit.models.choices import DECLARED, chosen_recipe
from cryokit.models.targets import RECIPES
from cryokit.workbench.core import Core
from cryokit.workbench.kept import kept_evaluation, kept_or_evaluated

if TYPE_CHECKING:
    from cryokit.validation.split_kinds import Split

CHEAPEST = ("random", "compound", "source")
"""Splits that every run of the validation notebook shows."""

OnFold = Callable[[str, int, int], None]


class Ladders(Core):
    """Evaluate one recipe under several kinds of split, and on ever more training groups."""

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
            def progress(done: int, total: int) -> None:
                if on_fold:
                    on_fold(split.title, done, total)

            return kept_or_evaluated(self.settings.evaluations_dir, recipe, rows, split, seed, progress)

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

    def learning_curve(
        self,
        target: str,
        selection: str = "curated",
        seed: int = 0,
        on_fold: OnFold | None = None,
        estimator: str = DECLARED,
    ) -> pd.DataFrame:
        """
        Return the error against the number of training groups, on the rows of the split ladder.

        `estimator` chooses another recipe than the declared one. `on_fold` is called with the title of the step, the
        number of folds done and of all.
        """
        from cryokit.validation import learning

        rows, recipe = self._ladder_rows(target, selection), chosen_recipe(target, estimator)

        def evaluated(split: "Split", title: str) -> dict:
            def progress(done: int, total: int) -> None:
                if on_fold:
                    on_fold(title, done, total)

            return kept_or_evaluated(self.settings.evaluations_dir, recipe, rows, split, seed, progress)

        return learning.learning_curve(target, rows, seed=seed, recipe=recipe, evaluated=evaluated)

    def kept_learning_curve(
        self, target: str, selection: str = "curated", seed: int = 0, estimator: str = DECLARED
    ) -> pd.DataFrame:
        """Return a learning curve all of whose steps were computed before; an empty table otherwise."""
        from cryokit.validation import learning

        rows, recipe = self._ladder_rows(target, selection), chosen_recipe(target, estimator)

        def kept(split: "Split", title: str) -> dict:
            if (found := kept_evaluation(self.settings.evaluations_dir, recipe, rows, split, seed)) is None:
                raise NotFoundError(title)
            return found

        try:
            return learning.learning_curve(target, rows, seed=seed, recipe=recipe, evaluated=kept)
        except NotFoundError:
            return pd.DataFrame(columns=learning.CURVE_COLUMNS)

    def _ladder_rows(self, target: str, selection: str) -> pd.DataFrame:
        try:
            return self._rows_of(self.model(target), selection)
        except NotFoundError:
            return self._stored_rows(target, selection)
