"""Model cards and explanations: what a version is, what it rests on, and how far to trust it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cryokit.db.tables import plain, records
from cryokit.domain import TARGETS, target_named
from cryokit.errors import InputError, ModelError, NotFoundError
from cryokit.models.stored_recipe import stored_recipe
from cryokit.models.targets import Recipe
from cryokit.workbench.core import Progress, with_components
from cryokit.workbench.helpers import helper_for
from cryokit.workbench.kept import keep_importance, kept_importance
from cryokit.workbench.modelling import SCORES, Modelling
from cryokit.workbench.predictions import Predictions
from cryokit.workbench.questions import rows_of as question_rows

if TYPE_CHECKING:
    from cryokit.models.fitted import FittedModel
    from cryokit.validation.card import ModelCard

FORMATS = (".html", ".md", ".json")


class Cards(Modelling, Predictions):
    """Tell what stands behind a version and behind a prediction."""

    def model_card(
        self, target: str, version: int | None = None, importance: bool = False, progress: Progress | None = None
    ) -> "ModelCard":
        """
        Return the card of a version, all of it from what is stored; the current version unless another is named.

        With `importance`, feature importance is computed for it: as many fits as there are folds.
        """
        from cryokit.validation.card import ModelCard

        model = self.model(target, version)
        rows = self.rows_of(target, model["version"])
        sections: dict[str, Any] = {
            "what_it_predicts": _purpose(target, model),
            "label": _label(model),
            "data": _data(target, model, rows),
            "recipe": _recipe(model),
            **self._scored(target, model, rows),
            **self._opened(model),
        }
        if importance:
            table = self.feature_importance(target, model["version"], progress)
            sections["feature_importance"] = records(table[table["importance"] > 0])
        sections["provenance"] = _provenance(model)
        return ModelCard(f"{TARGETS[target].title}, version {model['version']}", plain(sections))

    def differences(self, target: str, versions: Sequence[int]) -> pd.DataFrame:
        """
        Return what tells versions apart, a column for each: data, recipe, libraries, scores, moves.

        What is the same of all is left out; ``attrs["n_same"]`` says how much that is.
        """
        facts = {number: _flat(self._facts(target, self.model(target, number))) for number in versions}
        table = pd.DataFrame(facts, dtype=object).fillna("-").rename_axis("fact")
        is_same = table.nunique(axis=1) == 1
        differing = table[~is_same]
        differing.attrs["n_same"] = int(is_same.sum())
        return differing

    def _facts(self, target: str, model: dict) -> dict[str, Any]:
        return {
            "label": _label(model),
            "data": _data(target, model, self.rows_of(target, model["version"])),
            "recipe": model["recipe"] | {"seed": model["seed"]},
            "score": {name: model["metrics"].get(name) for name in SCORES},
            "provenance": _provenance(model),
        }

    def write_card(self, card: "ModelCard", file: Path) -> Path:
        """Write a card as HTML, Markdown or JSON, by the ending of the file's name."""
        import json

        if file.suffix not in FORMATS:
            msg = f"a card cannot be written to {file.name!r}; the name must end in {', '.join(FORMATS)}"
            raise InputError(msg)
        texts = {
            ".html": card.html,
            ".md": card.markdown,
            ".json": lambda: json.dumps(card.as_json(), indent=2, allow_nan=False),
        }
        file.write_text(texts[file.suffix](), encoding="utf-8")
        return file

    def explain(
        self, target: str, items: Iterable[str], version: int | None = None, nearest: int = 5, **conditions: object
    ) -> dict[str, pd.DataFrame]:
        """
        Return predictions with what each group of features adds to them, and the nearest measured examples.

        The tables are ``predictions``, ``contributions`` and ``nearest``; ``row`` counts the items from 0.
        """
        from cryokit.models.explanation import contributions, nearest_measured

        model = self.model(target, version)
        asked = question_rows(target_named(target), items, conditions)
        predictions = self._all_predicted(target, asked, model["version"])
        known = self.rows_of(target, model["version"])
        questions = with_components(target, predictions)
        return {
            "predictions": predictions,
            "contributions": contributions(self.loaded_model(model["artifact_sha256"]), questions, known),
            "nearest": nearest_measured(target, questions, known, nearest),
        }

    def explain_measured(self, target: str, row: int, version: int | None = None) -> dict[str, pd.DataFrame]:
        """Return what `explain` does for one of the rows that a version learned from, counted from 0."""
        model = self.model(target, version)
        rows = self.rows_of(target, model["version"])
        if not 0 <= row < len(rows):
            msg = f"version {model['version']} of {target} learned from {len(rows)} rows; there is no row {row}"
            raise InputError(msg)
        asked = rows.iloc[row]
        conditions = {item.name: asked[item.name] for item in target_named(target).conditions if item.name in rows}
        known = {name: value for name, value in conditions.items() if pd.notna(value)}
        return self.explain(target, [asked[target_named(target).subject]], model["version"], **known)

    def feature_importance(
        self, target: str, version: int | None = None, progress: Progress | None = None
    ) -> pd.DataFrame:
        """Return the permutation importance of features, see `permutation_importance`; computed once and then kept."""
        from cryokit.models.explanation import permutation_importance
        from cryokit.models.fitted import fit
        from cryokit.validation.splits import grouped_folds

        known = self.kept_importance(target, version)
        if len(known):
            return known
        folder, recipe, rows, seed = self._asked_importance(target, version)
        folds = grouped_folds(target, rows, recipe.n_folds, 1, seed)
        helper = helper_for(target, rows, folder, seed, recipe)

        def fitted(training: pd.DataFrame) -> "FittedModel":
            return fit(target, training, seed, recipe, helper)

        table = permutation_importance(target, rows, folds, fitted, seed=seed, on_fold=progress)
        keep_importance(folder, recipe, rows, seed, records(table))
        return table

    def kept_importance(self, target: str, version: int | None = None) -> pd.DataFrame:
        """Return the permutation importance of features if it was computed before, else an empty table."""
        from cryokit.models.explanation import IMPORTANCE_COLUMNS

        return pd.DataFrame(kept_importance(*self._asked_importance(target, version)) or [], columns=IMPORTANCE_COLUMNS)

    def _asked_importance(self, target: str, version: int | None) -> tuple[Path, Recipe, pd.DataFrame, int]:
        model = self.model(target, version)
        rows = self.rows_of(target, model["version"])
        return self.settings.evaluations_dir, stored_recipe(model["recipe"]), rows, model["seed"]

    def _scored(self, target: str, model: dict, rows: pd.DataFrame) -> dict[str, Any]:
        """Return the sections that rest on the version's own evaluation."""
        import numpy as np

        from cryokit.models.groups import groups, series_of
        from cryokit.validation.card import coverage_by_range, known_limits, scores_with_intervals

        try:
            evaluation = self.latest_evaluation(target, model["version"], self.selections(target)[0])
        except NotFoundError as error:
            return {"scores": str(error)}
        group, series = groups(target, rows), np.array(series_of(target, rows))
        held = scores_with_intervals(evaluation["rows"], group)
        table = [{"score": name, **item} for name, item in held.items()]
        return {
            "scores": table,
            "scores_by_series": _by_series(evaluation["metrics"]),
            "baselines": _baselines(evaluation["baselines"]),
            "interval_coverage": coverage_by_range(evaluation["rows"]),
            "known_limits": known_limits(TARGETS[target], rows, series, group, evaluation),
        }

    def _opened(self, model: dict) -> dict[str, Any]:
        """Return the sections that only the model file knows."""
        from cryokit.validation.card import domain_in_words

        try:
            fitted = self.loaded_model(model["artifact_sha256"])
        except ModelError as error:
            return {"applicability_domain": f"The model file cannot be used: {error}."}
        words = {name: " ".join(domain_in_words(item.domain)) for name, item in fitted.series.items()}
        basis = {
            f"{name}, {view}": facts["basis"] for name, views in fitted.basis().items() for view, facts in views.items()
        }
        return {"interval_basis": basis, "applicability_domain": words}


def _flat(facts: Any, name: str = "") -> dict[str, str]:
    """Return nested facts as texts, each under the path to it."""
    if isinstance(facts, list | tuple):
        facts = {str(place): item for place, item in enumerate(facts, start=1)}
    if not isinstance(facts, dict):
        return {name: f"{facts:.4g}" if isinstance(facts, float) else str(facts)}
    found: dict[str, str] = {}
    for key, item in facts.items():
        words = str(key).replace("_", " ")
        found |= _flat(item, f"{name}, {words}" if name else words)
    return found


def _purpose(target: str, model: dict) -> dict[str, Any]:
    spec = TARGETS[target]
    return {
        "target": target,
        "quantity": spec.quantity,
        "unit": spec.unit,
        "subject": "molecules (SMILES)" if spec.subject == "smiles" else "formulations (recipes)",
        "conditions": [f"{item.name}: {item.description}" for item in spec.conditions] or "none",
        "version": model["version"],
    }


def _label(model: dict) -> dict[str, Any]:
    from cryokit.models.artifacts import other_library

    facts = {"label": model["verdict"], "current": "yes" if model["is_current"] else "no"}
    if caution := other_library(model["library_versions"] or {}):
        facts["caution"] = f"The model file {caution}."
    if model["promotion"]:
        facts |= {"last_move": model["promotion"].replace("_", " "), "reason": model["promotion_reason"]}
        facts["override_of_the_skill_gate"] = "yes" if model["is_override"] else "no"
    return facts


def _data(target: str, model: dict, rows: pd.DataFrame) -> dict[str, Any]:
    from cryokit.models.groups import groups
    from cryokit.validation.card import source_counts

    return {
        "rows": len(rows),
        "groups": len(set(groups(target, rows))),
        "sources": source_counts(rows),
        "dataset_sha256": model["dataset_sha256"],
        "seen_by": {"everybody": "everybody", "maintenance": "maintenance alone"}.get(model["owner"], "one team"),
    }


def _recipe(model: dict) -> dict[str, Any]:
    recipe = model["recipe"]
    members = [
        f"{item['kind']} ({', '.join(f'{k} {v}' for k, v in item['settings'].items())})" for item in recipe["members"]
    ]
    return {
        "estimators": " and ".join(members) or "mean",
        "split_of_the_fair_test": recipe.get("split"),
        "folds": recipe.get("n_folds"),
        "repeats": recipe.get("n_repeats"),
        "search": "none: settings are declared, not searched",
        "seed": model["seed"],
    }


def _by_series(metrics: dict) -> list[dict[str, Any]]:
    return [
        {"series": name, "label": item["verdict"]} | {key: item["metrics"].get(key) for key in ("n", "mae", "r2")}
        for name, item in metrics.get("series", {}).items()
    ]


def _baselines(baselines: dict) -> list[dict[str, Any]]:
    return [
        {"baseline": name} | {key: item.get(key) for key in ("n", "mae", "rmse", "r2", "coverage_90")}
        for name, item in baselines.items()
    ]


def _provenance(model: dict) -> dict[str, Any]:
    return {
        "trained_at_utc": model["created_at"][:16].replace("T", " "),
        "artifact_sha256": model["artifact_sha256"],
        "snapshot": model["dataset_snapshot_id"],
        "library_versions": model["library_versions"],
    }
