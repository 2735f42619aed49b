"""
Models: train, evaluate, compare with baselines, list versions.

Functions that fit import scikit-learn themselves: it takes seconds, and most commands do without.
"""

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cryokit.compute import cluster
from cryokit.db.registry import Registry
from cryokit.db.tables import json_text, records, sha256_of
from cryokit.domain import INSUFFICIENT_SKILL, TARGETS, target_named
from cryokit.errors import ModelError, NotFoundError
from cryokit.models.choices import DECLARED, chosen_recipe
from cryokit.models.stored_recipe import stored_recipe
from cryokit.models.targets import RECIPES, Recipe
from cryokit.sources import imports
from cryokit.workbench import comparing
from cryokit.workbench.core import Progress, with_components
from cryokit.workbench.helpers import helper_for
from cryokit.workbench.kept import kept_or_evaluated
from cryokit.workbench.promoting import MAX_REASON, Promoting

if TYPE_CHECKING:
    from cryokit.validation.evaluation import Mapped
    from cryokit.validation.split_kinds import Split

KEPT_FACTS = ("verdict", "series", "seed", "shared_subjects", "n_subjects", "by_range")
SCORES = ["n", "mae", "rmse", "r2", "spearman", "coverage_90", "mean_width_90"]


class Modelling(Promoting):
    """Train and evaluate; every score is out of fold."""

    def targets(self) -> pd.DataFrame:
        """Return what can be predicted: quantity, unit, conditions, newest version, current version and its label."""
        versions = self.models().sort_values("version")
        newest = {row["target"]: row for row in versions.to_dict("records")}
        current = {row["target"]: row for row in versions.to_dict("records") if row["is_default"]}
        return pd.DataFrame(
            {
                "target": target.name,
                "title": target.title,
                "quantity": target.quantity,
                "unit": target.unit,
                "subject": target.subject,
                "conditions": [condition.name for condition in target.conditions],
                "newest_version": newest.get(target.name, {}).get("version"),
                "current_version": current.get(target.name, {}).get("version"),
                "skill": current.get(target.name, {}).get("verdict"),
            }
            for target in TARGETS.values()
        )

    def train(
        self,
        target: str,
        seed: int = 0,
        progress: Progress | None = None,
        team: str | None = None,
        estimator: str = DECLARED,
        search: str = "none",
        workers: int = 1,
        is_candidate: bool = False,
        is_public_only: bool = False,
    ) -> dict:
        """
        Cross-validate and fit a recipe of a target on its curated rows and register the new version.

        `estimator` and `search` choose another recipe than the declared one; with more than one of `workers` folds are
        computed on Dask as soon as that is quicker; `is_candidate` leaves it to people to promote the version if there
        is another one; `is_public_only` learns from what everybody may see.

        The first version of an owner becomes current, with its label; a later one if it has skill and is not worse than
        the current one, or if that one's file can no longer be used. `promotion_reason` says which, and why.
        """
        from cryokit.models import artifacts
        from cryokit.models.fitted import fit

        registry, selection = self.registry, self.selections(target)[0]
        team_id = registry.team_id(team) if team else None
        recipe = chosen_recipe(target, estimator, search)
        rows = self._stored_rows(target, selection, team_id, is_public_only)
        evaluation, split = self._cross_validated(target, rows, seed, progress, recipe, self._folds_on(workers))
        fitted = fit(target, rows, seed, recipe, helper_for(target, rows, self.settings.evaluations_dir, seed, recipe))
        artifact_sha256 = artifacts.save(fitted, self.settings.artifacts_dir, recipe)
        with registry.transaction():
            snapshot_id, _ = registry.store_snapshot(target, rows, team_id)
            version = registry.store_model_version(
                target=target,
                seed=seed,
                snapshot_id=snapshot_id,
                artifact_sha256=artifact_sha256,
                metrics=evaluation["metrics"] | {"series": evaluation["series"]},
                verdict=evaluation["verdict"],
                recipe=recipe.as_json(),
                library_versions=artifacts.library_versions(),
            )
            _store_evaluation(registry, target, version, selection, rows, evaluation, split)
            facts = {"seed": seed, "team": team, "estimator": estimator, "search": search}
            registry.record_event("model_trained", f"{target} version {version}", facts)
            current = self._registered(registry, registry.model_version(target, version))
        if current is None:
            return self.model(target, version)
        if is_candidate:
            return self.model(target, version) | {"promotion_reason": "stays a candidate until it is promoted"}
        return self._settled(self.model(target, version), current, progress)

    def candidate(self, target: str, seed: int = 0, estimator: str = DECLARED, search: str = "none") -> dict:
        """
        Return a version by this recipe and seed on the rows of now, to compare with the current one.

        The newest equal one that can still be used and is not current is taken; without one a candidate is trained.
        """
        wanted = json_text(chosen_recipe(target, estimator, search).as_json()), self.dataset_sha256(target), seed
        for _, known in self.models(target).sort_values("version", ascending=False).iterrows():
            if known["is_current"] or (json_text(known["recipe"]), known["dataset_sha256"], known["seed"]) != wanted:
                continue
            with contextlib.suppress(ModelError):
                self._require_loadable(known.to_dict())
                return self.model(target, known["version"])
        return self.train(target, seed, estimator=estimator, search=search, is_candidate=True)

    def _folds_on(self, workers: int) -> "Mapped":
        """Say where folds are computed: here, or also on the processes of a Dask cluster."""
        from cryokit.validation.evaluation import one_by_one

        if workers == 1 and not self.settings.dask_address:
            return one_by_one
        return partial(cluster.begun_here, self.settings.dask_address, workers)

    def _settled(self, version: dict, current: dict, progress: Progress | None) -> dict:
        """Let a new version take the place of the current one if it may; say why it does or does not."""
        is_successor, why = self._judged(version, current, progress)
        if not is_successor:
            return version | {"promotion_reason": f"stays a candidate: {why}"}
        self._succeed(version, why)
        return self.model(version["target"], version["version"])

    def _judged(self, version: dict, current: dict, progress: Progress | None) -> tuple[bool, str]:
        target, number, other = version["target"], version["version"], current["version"]
        try:
            self._require_loadable(current)
        except ModelError as error:
            return True, f"version {other} cannot be used any more: {error}"[:MAX_REASON]
        if version["verdict"] == INSUFFICIENT_SKILL:
            cure = f"`cryokit models promote {target} {number} --override --reason ...` makes it current all the same"
            return False, f"it does not beat its baselines out of noise ({INSUFFICIENT_SKILL}); {cure}"
        try:
            result = self.compare(target, other, number, progress=progress)
        except (ModelError, NotFoundError) as error:
            return False, f"it could not be compared with version {other}: {error}"
        return comparing.judgement(result)

    def compare(
        self,
        target: str,
        version_a: int,
        version_b: int,
        selection: str | None = None,
        seed: int | None = None,
        progress: Progress | None = None,
        is_stored_only: bool = False,
    ) -> dict:
        """
        Compare two versions on the same rows: all scores side by side and the paired difference with an interval.

        Stored out-of-fold rows are used where rows and folds are equal or both recipes are; otherwise both recipes are
        evaluated now on the rows of the newer version, or refused with `is_stored_only`.
        """
        chosen = selection or self.selections(target)[0]
        return comparing.comparison(self, target, (version_a, version_b), chosen, seed, progress, is_stored_only)

    def rows_of(self, target: str, version: int, selection: str | None = None) -> pd.DataFrame:
        """Return the rows that a version learned from, or those of another selection as they are stored now."""
        return self._rows_of(self.model(target, version), selection or self.selections(target)[0])

    def _cross_validated(
        self,
        target: str,
        rows: pd.DataFrame,
        seed: int,
        progress: Progress | None,
        recipe: Recipe,
        mapped: "Mapped | None" = None,
    ) -> tuple[dict, "Split"]:
        """Evaluate on the fair split; what was evaluated before is not computed again."""
        from cryokit.validation.split_kinds import FAIR, split_of

        split = split_of(target, rows, FAIR, recipe.n_folds, recipe.n_repeats, seed)
        folder = self.settings.evaluations_dir
        return kept_or_evaluated(folder, recipe, rows, split, seed, progress, mapped), split

    def evaluate(self, target: str, selection: str, seed: int = 0, progress: Progress | None = None) -> str:
        """
        Cross-validate the current version's recipe and return the evaluation's id.

        The selection that versions are trained on is the version's own rows, whatever was stored since.
        """
        model = self.model(target)
        rows = self._rows_of(model, selection)
        recipe = stored_recipe(model["recipe"])
        evaluation, split = self._cross_validated(target, rows, seed, progress, recipe)
        return _store_evaluation(self.registry, target, model["version"], selection, rows, evaluation, split)

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
        """Return the current version's evaluation on a selection, made now if there is none with this seed."""
        try:
            known = self.latest_evaluation(target, None, selection)
        except NotFoundError:
            return self.evaluation(self.evaluate(target, selection, seed))
        is_whole = "by_range" in known["metrics"]  # earlier releases kept fewer scores
        if is_whole and known["metrics"].get("seed") == seed:
            return known
        return self.evaluation(self.evaluate(target, selection, seed))

    def evaluate_files(
        self, target: str, data_file: Path, fold_file: Path, seed: int = 0, progress: Progress | None = None
    ) -> dict:
        """Evaluate the recipe of a target on anybody's rows and folds; needs no database."""
        from cryokit.validation.evaluation import evaluate

        rows, warnings = imports.rows_for_evaluation(data_file, target_named(target).name)
        folds = imports.read_folds(fold_file, len(rows))
        helper = helper_for(target, rows, self.settings.evaluations_dir, seed)
        evaluation = evaluate(target, with_components(target, rows), folds, seed, progress, helper=helper)
        return evaluation.as_json() | {"warnings": warnings}

    def selections(self, target: str) -> list[str]:
        """Return the selections of a target's rows, the one that versions are trained on first."""
        return ["curated", "published"] if target_named(target).name == "tg" else ["curated"]

    def dataset_sha256(self, target: str, team_id: str | None = None) -> str:
        """Return the checksum of the rows that a version would learn from now."""
        rows = self._stored_rows(target, self.selections(target)[0], team_id)
        return sha256_of(records(rows.drop(columns="components", errors="ignore")))

    def _stored_rows(
        self, target: str, selection: str, team_id: str | None = None, is_public_only: bool = False
    ) -> pd.DataFrame:
        rows = self.registry.training_rows(target, team_id)
        if is_public_only:
            rows = rows[rows["is_public"].astype(bool)].reset_index(drop=True)
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
        """Return one version, the current one unless another is named."""
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
    registry: Registry,
    target: str,
    version: int,
    selection: str,
    rows: pd.DataFrame,
    evaluation: dict,
    split: "Split",
) -> str:
    predicted = pd.DataFrame(evaluation["rows"]).astype({"value": float, "lower": float, "upper": float})
    described = rows[["name", TARGETS[target].subject]].take(predicted["row"]).reset_index(drop=True)
    facts = {name: evaluation[name] for name in KEPT_FACTS} | {"split": split.as_json()}
    if target == "tg":
        facts["n_with_tm"] = int(rows["tm_kelvin"].notna().sum())
    return registry.store_evaluation(
        target=target,
        version=version,
        kind=selection,
        split=RECIPES[target].split,
        metrics=evaluation["metrics"] | facts,
        baselines=evaluation["baselines"],
        rows=pd.concat([predicted, described], axis=1),
        is_public=bool(rows["is_public"].all()),
    )
