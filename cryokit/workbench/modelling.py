"""
Models: train, evaluate, compare with baselines, list versions.

Functions that fit import scikit-learn themselves: it takes seconds, and most commands do without.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cryokit.db.registry import Registry
from cryokit.db.tables import records, sha256_of
from cryokit.domain import TARGETS, target_named
from cryokit.errors import NotFoundError
from cryokit.models.targets import RECIPES
from cryokit.sources import imports
from cryokit.workbench.core import Core, Progress, with_components
from cryokit.workbench.helpers import helper_for

if TYPE_CHECKING:
    from cryokit.validation.evaluation import Evaluation

SCORES = ["n", "mae", "rmse", "r2", "spearman", "coverage_90", "mean_width_90"]


class Modelling(Core):
    """Train and evaluate; every score is out of fold."""

    def targets(self) -> pd.DataFrame:
        """Return what can be predicted: quantity, unit, conditions, newest version and its label."""
        versions = self.models().sort_values("version")
        newest = {row["target"]: row for row in versions.to_dict("records")}
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

    def train(self, target: str, seed: int = 0, progress: Progress | None = None, team: str | None = None) -> dict:
        """Cross-validate and fit the recipe of a target on its curated rows and register the new version."""
        from cryokit.models import artifacts
        from cryokit.models.fitted import fit

        registry, selection = self.registry, self.selections(target)[0]
        team_id = registry.team_id(team) if team else None
        rows = self._stored_rows(target, selection, team_id)
        evaluation = _cross_validated(target, rows, seed, progress)
        artifact_sha256 = artifacts.save(
            fit(target, rows, seed, helper_for(target, rows, seed)), self.settings.artifacts_dir
        )
        with registry.transaction():
            snapshot_id, _ = registry.store_snapshot(target, rows, team_id)
            version = registry.store_model_version(
                target=target,
                seed=seed,
                snapshot_id=snapshot_id,
                artifact_sha256=artifact_sha256,
                metrics=evaluation.metrics | {"series": evaluation.series},
                verdict=evaluation.verdict,
                recipe=RECIPES[target].as_json(),
                library_versions=artifacts.library_versions(),
            )
            _store_evaluation(registry, target, version, selection, rows, evaluation)
            registry.record_event("model_trained", f"{target} version {version}", {"seed": seed, "team": team})
        return self.model(target, version)

    def evaluate(self, target: str, selection: str, seed: int = 0, progress: Progress | None = None) -> str:
        """
        Cross-validate the newest version's recipe and return the evaluation's id.

        The selection that versions are trained on is the version's own rows, whatever was stored since.
        """
        model = self.model(target)
        rows = self._rows_of(model, selection)
        evaluation = _cross_validated(target, rows, seed, progress)
        return _store_evaluation(self.registry, target, model["version"], selection, rows, evaluation)

    def evaluate_stored(self, target: str, seed: int = 0, progress: Progress | None = None) -> dict:
        """Evaluate on every selection and return scores, baselines and rows as plain data."""
        model, (trained_on, *others) = self.model(target), self.selections(target)
        first = self.evaluation(self.evaluate(target, trained_on, seed, progress))
        found, warnings = {trained_on: first}, []
        for name in others:
            try:
                found[name] = self.evaluation(self.evaluate(target, name, seed, progress))
            except NotFoundError as error:
                warnings.append(str(error))
        if model["dataset_sha256"] != self.dataset_sha256(target, model["team_id"]):
            newer = f"rows of {target} were stored or changed since version {model['version']} learned from those here"
            warnings.append(f"{newer}; `cryokit train {target}` learns from them")
        return {
            "version": model["version"],
            "metrics": {name: first["metrics"].get(name) for name in SCORES},
            "baselines": first["baselines"],
            "verdict": first["metrics"]["verdict"],
            "selections": {name: item["metrics"] for name, item in found.items()},
            "rows": records(first["rows"]),
            "warnings": warnings,
        }

    def evaluated(self, target: str, selection: str, seed: int = 0) -> dict:
        """Return the newest version's evaluation on a selection, made now if there is none with this seed."""
        try:
            known = self.latest_evaluation(target, None, selection)
        except NotFoundError:
            return self.evaluation(self.evaluate(target, selection, seed))
        if known["metrics"].get("seed") == seed:
            return known
        return self.evaluation(self.evaluate(target, selection, seed))

    def evaluate_files(
        self, target: str, data_file: Path, fold_file: Path, seed: int = 0, progress: Progress | None = None
    ) -> dict:
        """Evaluate the recipe of a target on anybody's rows and folds; needs no database."""
        from cryokit.validation.evaluation import evaluate

        rows, warnings = imports.rows_for_evaluation(data_file, target_named(target).name)
        folds = imports.read_folds(fold_file, len(rows))
        helper = helper_for(target, rows, seed)
        evaluation = evaluate(target, with_components(target, rows), folds, seed, progress, helper)
        return evaluation.as_json() | {"warnings": warnings}

    def selections(self, target: str) -> list[str]:
        """Return the selections of a target's rows, the one that versions are trained on first."""
        return ["curated", "published"] if target_named(target).name == "tg" else ["curated"]

    def dataset_sha256(self, target: str, team_id: str | None = None) -> str:
        """Return the checksum of the rows that a version would learn from now."""
        rows = self._stored_rows(target, self.selections(target)[0], team_id)
        return sha256_of(records(rows.drop(columns="components", errors="ignore")))

    def _stored_rows(self, target: str, selection: str, team_id: str | None = None) -> pd.DataFrame:
        rows = self.registry.training_rows(target, team_id)
        if f"is_{selection}" in rows:
            rows = rows[rows[f"is_{selection}"].astype(bool)].reset_index(drop=True)
        if rows.empty:
            msg = f"no {selection} rows of {target} are stored; load them with `cryokit data load`"
            raise NotFoundError(msg)
        return with_components(target, rows)

    def _rows_of(self, model: dict, selection: str) -> pd.DataFrame:
        target = model["target"]
        if selection not in self.selections(target):
            msg = f"{target} has no selection {selection!r}; it has {', '.join(self.selections(target))}"
            raise NotFoundError(msg)
        if selection == self.selections(target)[0]:
            return with_components(target, self.registry.snapshot(model["dataset_snapshot_id"]))
        return self._stored_rows(target, selection, model["team_id"])

    def models(self, target: str | None = None) -> pd.DataFrame:
        """Return the versions of one target or of all."""
        return self.registry.model_versions(target and target_named(target).name)

    def model(self, target: str, version: int | None = None) -> dict:
        """Return one version, the newest unless another is named."""
        return self.registry.model_version(target_named(target).name, version)

    def version_card(self, target: str, version: int | None = None) -> pd.DataFrame:
        """Return what a reader must know of a version: data, label, split, checksums."""
        model = self.model(target, version)
        facts = {
            "target": f"{TARGETS[target].title} ({TARGETS[target].unit})",
            "version": model["version"],
            "label": model["verdict"],
            "rows": model["dataset_rows"],
            "split of the fair test": RECIPES[target].split,
            "dataset sha256": model["dataset_sha256"],
            "artifact sha256": model["artifact_sha256"],
            "seed": model["seed"],
            "trained at (UTC)": model["created_at"][:16].replace("T", " "),
        }
        return pd.DataFrame({"fact": facts.keys(), "value": facts.values()}).set_index("fact")

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
        chosen = known[(known["version"] == number) & (known["kind"] == selection)]
        if chosen.empty:
            msg = f"version {number} of {target} has no evaluation on {selection} rows; run `cryokit evaluate {target}`"
            raise NotFoundError(msg)
        return self.evaluation(str(chosen.sort_values("created_at").iloc[-1]["id"]))

    def scores(self, evaluation_id: str) -> pd.DataFrame:
        """Return the scores of an evaluation: the model, each series of it, and the baselines."""
        evaluation = self.evaluation(evaluation_id)
        metrics = evaluation["metrics"]
        lines = {"model": metrics | {"label": metrics["verdict"]}}
        if len(metrics["series"]) > 1:
            lines |= {
                f"model, {name}": item["metrics"] | {"label": item["verdict"]}
                for name, item in metrics["series"].items()
            }
        lines |= {f"baseline: {name}": item for name, item in evaluation["baselines"].items()}
        table = pd.DataFrame.from_dict(lines, orient="index").reindex(columns=[*SCORES, "label"])
        return table.astype(dict.fromkeys(SCORES, float)).round(3).astype({"n": int}).fillna("").rename_axis("what")

    def largest_errors(self, evaluation_id: str, count: int = 10) -> pd.DataFrame:
        """Return the rows of an evaluation that were predicted worst."""
        rows = self.evaluation(evaluation_id)["rows"]
        worst = (rows["value"] - rows["measured"]).abs().sort_values(ascending=False).index[:count]
        return rows.loc[worst].drop(columns=["row", "repeat"]).set_index("name")


def _store_evaluation(
    registry: Registry, target: str, version: int, selection: str, rows: pd.DataFrame, evaluation: "Evaluation"
) -> str:
    described = rows[["name", TARGETS[target].subject]].take(evaluation.rows["row"]).reset_index(drop=True)
    facts = {
        "verdict": evaluation.verdict,
        "series": evaluation.series,
        "seed": evaluation.seed,
        "shared_subjects": evaluation.shared_subjects,
        "n_subjects": evaluation.n_subjects,
    }
    if target == "tg":
        facts["n_with_tm"] = int(rows["tm_kelvin"].notna().sum())
    return registry.store_evaluation(
        target=target,
        version=version,
        kind=selection,
        split=RECIPES[target].split,
        metrics=evaluation.metrics | facts,
        baselines=evaluation.baselines,
        rows=pd.concat([evaluation.rows.reset_index(drop=True), described], axis=1),
        is_public=bool(rows["is_public"].all()),
    )


def _cross_validated(target: str, rows: pd.DataFrame, seed: int, progress: Progress | None) -> "Evaluation":
    from cryokit.validation.evaluation import evaluate
    from cryokit.validation.splits import grouped_folds

    recipe = RECIPES[target]
    folds = grouped_folds(target, rows, recipe.n_folds, recipe.n_repeats, seed)
    return evaluate(target, rows, folds, seed, progress, helper_for(target, rows, seed))
