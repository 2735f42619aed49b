"""The workbench: one method for each thing that a person can ask for."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from cryokit import accounts, reports
from cryokit.chemistry import molecules
from cryokit.chemistry.recipe import parse_recipe
from cryokit.config import Settings
from cryokit.db import migrations
from cryokit.db.engine import Database
from cryokit.db.registry import Registry
from cryokit.domain import TARGETS, Identity, Target, target_named
from cryokit.errors import AccessError, CryokitError, InputError, NotFoundError
from cryokit.models import artifacts
from cryokit.models.fitted import FittedModel, fit
from cryokit.models.targets import RECIPES
from cryokit.sources import bundled, imports, names, upstream
from cryokit.validation.evaluation import Evaluation, evaluate
from cryokit.validation.splits import grouped_folds

Progress = Callable[[int, int], None]
"""Called with the number of folds done and the number of all folds."""


class Workbench:
    """Everything that a person can ask of cryokit; Python, command line and API call the same methods."""

    def __init__(self, settings: Settings, database: Database | None = None, identity: Identity | None = None) -> None:
        self.settings = settings
        self.identity = identity
        self._database = database
        self._models: dict[str, FittedModel] = {}

    @property
    def database(self) -> Database:
        """The database, started when it is ours and does not run."""
        if self._database is None:
            self._database = Database.open(self.settings, start=True)
        return self._database

    @property
    def registry(self) -> Registry:
        """Rows of the database as tables, as this workbench's person may see them."""
        return Registry(self.database, self.identity)

    def acting_as(self, identity: Identity) -> "Workbench":
        """Return this workbench on behalf of one person: every query runs under that person's rights."""
        other = Workbench(self.settings, self.database, identity)
        other._models = self._models
        return other

    def close(self) -> None:
        """Give back the connections."""
        if self._database is not None:
            self._database.dispose()

    # Database and data

    def migrate(self) -> list[str]:
        """Bring the schema up to date and return the names of the migrations that were applied."""
        return migrations.migrate(self.database)

    def load_bundled(self, target: str) -> int:
        """Load the figures that ship with cryokit; return how many were new."""
        rows = self._described(target_named(target), bundled.bundled_rows(target))
        return self.registry.store_measurements(rows, target, is_public=True)

    def fetch(self, name: str, progress: bool = True) -> Path:
        """Bring one public data file, checked against its sha256."""
        return upstream.fetch(name, self.settings.downloads_dir, self.settings.data_mirror, progress)

    def import_rows(self, path: Path, target: str, skip_bad: bool = False) -> dict:
        """Load a laboratory's own figures: all rows or, with `skip_bad`, the good ones."""
        rows, problems = imports.read_rows(path, target, skip_bad=skip_bad)
        loaded = self.registry.store_measurements(self._described(target_named(target), rows), target, is_public=False)
        return {"loaded": loaded, "rows": len(rows), "problems": [str(problem) for problem in problems]}

    def _described(self, target: Target, rows: pd.DataFrame) -> pd.DataFrame:
        """Add what models need besides the table: the components of each recipe."""
        if target.subject == "smiles" or "components" in rows:
            return rows
        return rows.assign(components=[parse_recipe(text, names.molecule_named) for text in rows["recipe"]])

    # Models

    def targets(self) -> pd.DataFrame:
        """Return what can be predicted: quantity, unit, conditions, newest version and its label."""
        newest = {row["target"]: row for row in self.models().sort_values("version").to_dict("records")}
        return pd.DataFrame(
            {
                "target": target.name,
                "title": target.title,
                "quantity": target.quantity,
                "unit": target.unit,
                "subject": target.subject,
                "conditions": [condition.name for condition in target.conditions],
                "newest_version": newest.get(target.name, {}).get("version"),
                "skill": newest.get(target.name, {}).get("verdict"),
            }
            for target in TARGETS.values()
        )

    def train(self, target: str, seed: int = 0, progress: Progress | None = None) -> dict:
        """Cross-validate and fit the recipe of a target on its curated rows and register the new version."""
        rows = self._rows_of(target, "curated")
        snapshot_id, _ = self.registry.store_snapshot(target, rows.drop(columns="components", errors="ignore"))
        evaluation = self._cross_validated(target, rows, seed, progress)
        model = fit(target, rows, seed)
        version = self.registry.store_model_version(
            target=target,
            seed=seed,
            snapshot_id=snapshot_id,
            artifact_sha256=artifacts.save(model, self.settings.artifacts_dir),
            metrics=evaluation.metrics | {"series": evaluation.series},
            verdict=evaluation.verdict,
            recipe=RECIPES[target].as_json(),
            library_versions=artifacts.library_versions(),
        )
        self._store_evaluation(target, version, "curated", rows, evaluation)
        return self.model(target, version)

    def evaluate(self, target: str, selection: str = "curated", seed: int = 0, progress: Progress | None = None) -> str:
        """Cross-validate the newest version's recipe on a selection of its rows; return the evaluation's id."""
        version = self.model(target)["version"]
        rows = self._rows_of(target, selection)
        evaluation = self._cross_validated(target, rows, seed, progress)
        return self._store_evaluation(target, version, selection, rows, evaluation)

    def _rows_of(self, target: str, selection: str) -> pd.DataFrame:
        rows = self.registry.training_rows(target_named(target).name)
        if f"is_{selection}" in rows:
            rows = rows[rows[f"is_{selection}"]].reset_index(drop=True)
        if rows.empty:
            msg = f"no {selection} rows of {target} are stored; load them with `cryokit data load`"
            raise NotFoundError(msg)
        return self._described(TARGETS[target], rows)

    def _cross_validated(self, target: str, rows: pd.DataFrame, seed: int, progress: Progress | None) -> Evaluation:
        recipe = RECIPES[target]
        folds = grouped_folds(target, rows, recipe.n_folds, recipe.n_repeats, seed)
        return evaluate(target, rows, folds, seed, progress)

    def _store_evaluation(
        self, target: str, version: int, selection: str, rows: pd.DataFrame, evaluation: Evaluation
    ) -> str:
        subject = TARGETS[target].subject
        described = rows[["name", subject]].take(evaluation.rows["row"]).reset_index(drop=True)
        return self.registry.store_evaluation(
            target=target,
            version=version,
            kind=f"cross-validation, {selection} rows",
            split=RECIPES[target].split,
            metrics=evaluation.metrics | {"verdict": evaluation.verdict, "series": evaluation.series},
            baselines=evaluation.baselines,
            rows=pd.concat([evaluation.rows.reset_index(drop=True), described], axis=1),
        )

    def models(self, target: str | None = None) -> pd.DataFrame:
        """Return the versions of one target or of all."""
        return self.registry.model_versions(target and target_named(target).name)

    def model(self, target: str, version: int | None = None) -> dict:
        """Return one version, the newest unless another is named."""
        return self.registry.model_version(target_named(target).name, version)

    def evaluations(self, target: str | None = None) -> pd.DataFrame:
        """Return the stored evaluations without their rows."""
        return self.registry.evaluations(target and target_named(target).name)

    def evaluation(self, evaluation_id: str) -> dict:
        """Return one evaluation with its rows."""
        return self.registry.evaluation(evaluation_id)

    def latest_evaluation(self, target: str, version: int | None = None, selection: str = "curated") -> dict:
        """Return the newest evaluation of a version on a selection of rows."""
        number = self.model(target, version)["version"]
        known = self.evaluations(target)
        chosen = known[(known["version"] == number) & known["kind"].str.contains(selection)]
        if chosen.empty:
            msg = f"version {number} of {target} has no evaluation on {selection} rows; run `cryokit evaluate {target}`"
            raise NotFoundError(msg)
        return self.evaluation(str(chosen.sort_values("created_at").iloc[-1]["id"]))

    # Predictions

    def predict(
        self, target: str, items: Iterable[str], version: int | None = None, **conditions: object
    ) -> pd.DataFrame:
        """
        Predict a target for molecules (SMILES) or, for viability, recipes.

        Every condition of the target must be given; one bad item refuses all, and the message names each.
        """
        subject = target_named(target).subject
        items = [items] if isinstance(items, str) else list(items)
        predictions, problems = self.predict_checked(target, pd.DataFrame({subject: items, **conditions}), version)
        if problems:
            raise InputError("; ".join(f"item {item['row'] + 1}: {item['message']}" for item in problems))
        return predictions

    def predict_checked(
        self, target: str, rows: pd.DataFrame, version: int | None = None
    ) -> tuple[pd.DataFrame, list[dict]]:
        """Predict the good rows and report the bad ones by their number, counted from 0."""
        specification = target_named(target)
        registered = self.model(target, version)
        model = self._loaded(registered["artifact_sha256"])
        checked, problems = _checked_rows(specification, rows, model)
        if checked.empty:
            return _predictions(specification, registered, checked, checked), problems
        return _predictions(specification, registered, checked, model.predict(checked)), problems

    def _loaded(self, sha256: str) -> FittedModel:
        if sha256 not in self._models:
            self._models[sha256] = artifacts.load(sha256, self.settings.artifacts_dir)
        return self._models[sha256]
