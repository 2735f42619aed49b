"""Predictions: values with interval, version, domain flag and label."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cryokit.domain import INSUFFICIENT_SKILL, Target, target_named
from cryokit.errors import InputError
from cryokit.sources import imports, names
from cryokit.sources.reference import reference_questions
from cryokit.sources.rows import checked_question
from cryokit.workbench.core import Core

if TYPE_CHECKING:
    from cryokit.models.fitted import FittedModel

COLUMNS = ["value", "unit", "lower", "upper", "confidence", "model_version", "in_training", "in_domain"]
COLUMNS += ["domain_reasons", "skill"]


class Predictions(Core):
    """Predict targets for molecules and formulations."""

    def predict(
        self, target: str, items: Iterable[str], version: int | None = None, **conditions: object
    ) -> pd.DataFrame:
        """
        Predict a target for molecules (SMILES) or, for viability, recipes.

        Every condition of the target must be given. One bad item refuses all; the message names each.
        """
        items = [items] if isinstance(items, str) else list(items)
        if not items:
            msg = f"nothing to predict: give at least one {target_named(target).subject}"
            raise InputError(msg)
        _refuse_unknown_conditions(target_named(target), conditions)
        rows = pd.DataFrame({target_named(target).subject: items, **conditions})
        return self._all_predicted(target, rows, version)

    def predict_file(
        self, target: str, path: Path, version: int | None = None, conditions: dict[str, object] | None = None
    ) -> pd.DataFrame:
        """Predict the rows of a CSV file; `conditions` apply where the file has no such column."""
        subject = target_named(target).subject
        lines = [cells for _, cells in imports.read_table(path, (subject,))]
        known = [name for name in _known_columns(target_named(target)) if name in lines[0]]
        rows = pd.DataFrame(lines)[known].assign(**{k: v for k, v in (conditions or {}).items() if k not in known})
        return self._all_predicted(target, rows, version)

    def _all_predicted(self, target: str, rows: pd.DataFrame, version: int | None) -> pd.DataFrame:
        predictions, problems = self.predict_checked(target, rows, version)
        if problems:
            raise InputError("; ".join(f"item {item['row'] + 1}: {item['message']}" for item in problems))
        return predictions

    def predict_checked(
        self, target: str, rows: pd.DataFrame, version: int | None = None
    ) -> tuple[pd.DataFrame, list[dict]]:
        """Predict the good rows and report the bad ones by their number, counted from 0."""
        specification = target_named(target)
        registered = self.model(target, version)
        model = self.loaded_model(registered["artifact_sha256"])
        good, problems = [], []
        for number, row in enumerate(rows.to_dict("records")):
            try:
                good.append({"row": number} | _checked(specification, row, model))
            except InputError as error:
                problems.append({"row": number, "message": str(error)})
        return _predicted(specification, registered, model, pd.DataFrame(good)), problems

    def predict_known(self, target: str) -> pd.DataFrame:
        """Predict a fixed list of well-known cryoprotectants and remember the result."""
        rows = reference_questions(target_named(target).name)
        predictions = self._all_predicted(target, rows, None)
        self.registry.store_predictions(predictions)
        return predictions

    def loaded_model(self, sha256: str) -> "FittedModel":
        """Return a model, opened once."""
        from cryokit.models import artifacts  # with scikit-learn, which takes seconds

        if sha256 not in self._models:
            self._models[sha256] = artifacts.load(sha256, self.settings.artifacts_dir)
        return self._models[sha256]


def _known_columns(target: Target) -> list[str]:
    conditions = [condition.name for condition in target.conditions]
    return ["name", target.subject, *conditions, *(["tm_kelvin"] if target.name == "tg" else [])]


def _refuse_unknown_conditions(target: Target, conditions: dict[str, object]) -> None:
    known = _known_columns(target)
    if unknown := [name for name in conditions if name not in known]:
        msg = f"{target.name} takes no {', '.join(unknown)}; a row has {', '.join(known)}"
        raise InputError(msg)


def _checked(target: Target, row: dict, model: "FittedModel") -> dict:
    from cryokit.models.fitted import series_name

    cells = {name: "" if pd.isna(value) else str(value) for name, value in row.items()}
    question = checked_question(cells, target, names.molecule_named)
    if question.problems:
        raise InputError("; ".join(question.problems))
    values = question.values
    if target.name == "tg" and np.isnan(values["tm_kelvin"]):
        measured = names.melting_point_kelvin(values["inchikey"])
        values["tm_kelvin"] = measured[0] if measured else np.nan
    return values | {"series": model.require_series(series_name(target.name, values))}


def _predicted(target: Target, registered: dict, model: "FittedModel", rows: pd.DataFrame) -> pd.DataFrame:
    front = ["target", *(name for name in _known_columns(target) if name != "name")]
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
