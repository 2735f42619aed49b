"""Versions scored on rows that somebody brings."""

from pathlib import Path

import pandas as pd

from cryokit.domain import TARGETS, target_named
from cryokit.errors import AccessError
from cryokit.sources import imports
from cryokit.workbench.core import with_components
from cryokit.workbench.modelling import KEPT_FACTS, Modelling

GIVEN = "given"
"""Kind of an evaluation on rows that somebody brought."""


class Given(Modelling):
    """Evaluate a version on measured rows that are not stored."""

    def evaluate_given(self, target: str, path: Path, version: int | None = None, seed: int = 0) -> str:
        """
        Score a version, the current one unless another is named, on the rows of a CSV file; return the evaluation.

        Rows that the version learned from are predicted and marked, but do not count in the scores.
        """
        from cryokit.validation.evaluation import evaluate_fitted

        if self.identity is not None and not self.identity.may("researcher"):
            msg = f"{self.identity.name} is a {self.identity.role}; evaluating needs the role researcher"
            raise AccessError(msg)
        rows, warnings = imports.rows_for_evaluation(path, target_named(target).name)
        registered = self.model(target, version)
        training = self.rows_of(target, registered["version"])
        model = self.loaded_model(registered["artifact_sha256"])
        evaluation, predictions = evaluate_fitted(target, model, training, with_components(target, rows), seed)
        facts = evaluation.as_json()
        scored = set(evaluation.rows["row"])
        return self.maintenance.store_evaluation(
            target=target,
            version=registered["version"],
            kind=GIVEN,
            split=f"rows of {path.name}, without those learned from",
            metrics=evaluation.metrics
            | {name: facts[name] for name in KEPT_FACTS}
            | {
                "n_given": len(rows),
                "n_in_training": int(predictions["in_training"].sum()),
                "n_unknown_series": int(predictions["value"].isna().sum()),
                "warnings": warnings,
            },
            baselines=evaluation.baselines,
            rows=_described(target, rows, predictions).assign(is_scored=[row in scored for row in range(len(rows))]),
            is_public=False,
            is_own=True,
        )

    def evaluate_text(self, target: str, text: str | bytes, version: int | None = None, name: str = "rows.csv") -> str:
        """Score a version on the rows of a CSV text, see `evaluate_given`."""
        with imports.upload_as_file(text, name) as file:
            return self.evaluate_given(target, file, version)

    def columns_to_evaluate(self, target: str) -> tuple[str, ...]:
        """Return the columns that a table for `evaluate_given` needs."""
        return imports.columns_for_evaluation(target)

    def given_evaluations(self, target: str, version: int | None) -> pd.DataFrame:
        """Return one's evaluations of a version on rows that were brought, without the rows, newest first."""
        known = self.evaluations(target)
        return known[(known["version"] == version) & (known["kind"] == GIVEN)].iloc[::-1]


def _described(target: str, rows: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    facts = rows[["name", TARGETS[target].subject]].reset_index(drop=True)
    numbered = pd.DataFrame(
        {"row": range(len(rows)), "repeat": 0, "fold": 0, "measured": rows["value"].to_numpy(float)}
    )
    return pd.concat([numbered, predictions.reset_index(drop=True), facts], axis=1)
