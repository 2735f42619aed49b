"""Predictions: values with interval, version, domain flag and label."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cryokit.domain import INSUFFICIENT_SKILL, THRESHOLDS, Target, target_named
from cryokit.errors import InputError
from cryokit.sources import melting, names
from cryokit.sources.reference import reference_questions
from cryokit.sources.rows import checked_question
from cryokit.telemetry import metrics
from cryokit.workbench import chances
from cryokit.workbench.core import Core
from cryokit.workbench.questions import check_cells, known_columns, questions_in, rows_of, with_conditions
from cryokit.workbench.standing import with_standing

if TYPE_CHECKING:
    from cryokit.models.fitted import FittedModel

COLUMNS = ["value", "unit", "lower", "upper", "confidence", "model_version", "in_training", "in_domain"]
COLUMNS += ["domain_reasons", "skill"]
_SHOWN_PROBLEMS = 50


class Predictions(Core):
    """Predict targets for molecules and formulations."""

    def predict(
        self, target: str, items: Iterable[str], version: int | None = None, **conditions: object
    ) -> pd.DataFrame:
        """
        Predict a target for molecules (SMILES) or, for viability, recipes.

        Every condition of the target must be given. One bad item refuses all; the message names each.
        """
        rows = rows_of(target_named(target), items, conditions)
        return self._all_predicted(target, rows, version)

    def predict_file(
        self,
        target: str,
        path: Path,
        version: int | None = None,
        conditions: Mapping[str, object] | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> pd.DataFrame:
        """Predict the rows of a CSV file; `conditions` hold for all of them, `warn` hears of columns not used."""
        specification = target_named(target)
        asked = questions_in(specification, path)
        rows = with_conditions(specification, asked.rows, conditions or {})
        if asked.unused and warn:
            warn(f"columns that {target} does not use: {', '.join(asked.unused)}")
        return self._all_predicted(target, rows, version, [f"line {line}" for line in asked.lines])

    def _all_predicted(
        self, target: str, rows: pd.DataFrame, version: int | None, places: list[str] | None = None
    ) -> pd.DataFrame:
        predictions, problems = self.predict_checked(target, rows, version)
        places = places or [f"item {number + 1}" for number in range(len(rows))]
        if problems:
            shown = [f"{places[item['row']]}: {item['message']}" for item in problems[:_SHOWN_PROBLEMS]]
            hidden = len(problems) - len(shown)
            raise InputError("; ".join(shown) + (f"; and {hidden} more" if hidden else ""))
        return predictions

    def predict_checked(
        self, target: str, rows: pd.DataFrame, version: int | None = None
    ) -> tuple[pd.DataFrame, list[dict]]:
        """Predict the good rows and report the bad ones by their number, counted from 0."""
        began = time.perf_counter()
        specification = target_named(target)
        registered = self.model(target, version)
        model = self.loaded_model(registered["artifact_sha256"])
        good, problems = [], []
        for number, row in enumerate(rows.to_dict("records")):
            try:
                good.append({"row": number} | _checked(specification, row, model))
            except InputError as error:
                problems.append({"row": number, "message": str(error)})
        rows = pd.DataFrame(good)
        predictions = _predicted(specification, registered, model, rows)
        predictions = with_standing(specification.name, predictions, rows)
        if specification.name in THRESHOLDS and not predictions.empty:
            errors = self._errors_of(specification.name, registered)
            predictions = chances.with_probabilities(specification.name, predictions, rows["series"], errors)
        _count(specification.name, predictions, time.perf_counter() - began)
        return predictions, problems

    def predict_known(self, target: str) -> pd.DataFrame:
        """Predict a fixed list of well-known cryoprotectants and remember the result."""
        rows = reference_questions(target_named(target).name)
        predictions = self._all_predicted(target, rows, None)
        self.registry.store_predictions(predictions)
        return predictions

    def _errors_of(self, target: str, registered: dict) -> chances.Errors:
        """Return the out-of-fold errors of a version, read once."""
        sha256 = registered["artifact_sha256"]
        if sha256 not in self._errors:
            self._errors[sha256] = chances.errors_of(self.registry, target, registered, "curated")
        return self._errors[sha256]

    def loaded_model(self, sha256: str) -> "FittedModel":
        """Return a model, opened once."""
        from cryokit.models import artifacts  # with scikit-learn, which takes seconds

        if sha256 not in self._models:
            self._models[sha256] = artifacts.load(sha256, self.settings.artifacts_dir)
        return self._models[sha256]


def _checked(target: Target, row: dict, model: "FittedModel") -> dict:
    from cryokit.models.groups import series_name

    cells = {name: "" if pd.isna(value) else str(value) for name, value in row.items()}
    check_cells(cells)
    question = checked_question(cells, target, names.molecule_named)
    if question.problems:
        raise InputError("; ".join(question.problems))
    values = question.values
    if target.name == "tg" and np.isnan(values["tm_kelvin"]):
        measured = melting.melting_point_kelvin(values["inchikey"], values["name"])
        values["tm_kelvin"] = measured[0] if measured else np.nan
    return values | {"series": model.require_series(series_name(target.name, values))}


def _count(target: str, predictions: pd.DataFrame, seconds: float) -> None:
    metrics.PREDICTION_SECONDS.labels(target).observe(seconds)
    counts = predictions[["model_version", "in_domain"]].value_counts()
    for (version, in_domain), count in counts.items():
        metrics.PREDICTIONS.labels(target, str(version), str(bool(in_domain)).lower()).inc(count)


def _predicted(target: Target, registered: dict, model: "FittedModel", rows: pd.DataFrame) -> pd.DataFrame:
    front = ["target", *(name for name in known_columns(target) if name != "name")]
    front.insert(2, "name")
    if rows.empty:
        return pd.DataFrame(columns=[*front, *COLUMNS])
    skill = {name: item["verdict"] for name, item in registered["metrics"]["series"].items()}
    table = pd.concat([rows.reset_index(drop=True), model.predict(rows).reset_index(drop=True)], axis=1)
    table = table.assign(
        target=target.name,
        unit=target.unit,
        model_version=registered["version"],
        skill=[skill.get(name, INSUFFICIENT_SKILL) for name in rows["series"]],
    )
    return table[[*front, *COLUMNS]]
