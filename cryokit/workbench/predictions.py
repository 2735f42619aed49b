"""Predictions: values with interval, version, domain flag and label."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cryokit.chemistry import molecules
from cryokit.chemistry.recipe import format_recipe, parse_recipe
from cryokit.domain import INSUFFICIENT_SKILL, Target, target_named
from cryokit.errors import InputError
from cryokit.sources import imports, names
from cryokit.sources.reference import reference_questions
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
        rows = pd.DataFrame({target_named(target).subject: items, **conditions})
        return self._all_predicted(target, rows, version)

    def predict_file(
        self, target: str, path: Path, version: int | None = None, conditions: dict[str, object] | None = None
    ) -> pd.DataFrame:
        """Predict the rows of a CSV file; `conditions` apply where the file has no such column."""
        rows = imports.read_table(path)
        for name, value in (conditions or {}).items():
            if name not in rows:
                rows[name] = value
        return self._all_predicted(target, rows, version)

    def _all_predicted(self, target: str, rows: pd.DataFrame, version: int | None) -> pd.DataFrame:
        predictions, problems = self.predict_checked(target, rows, version)
        if problems:
            raise InputError("; ".join(f"row {item['row'] + 1}: {item['message']}" for item in problems))
        return predictions

    def predict_checked(
        self, target: str, rows: pd.DataFrame, version: int | None = None
    ) -> tuple[pd.DataFrame, list[dict]]:
        """Predict the good rows and report the bad ones by their number, counted from 0."""
        specification = target_named(target)
        _refuse_unknown_columns(specification, rows)
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


def _refuse_unknown_columns(target: Target, rows: pd.DataFrame) -> None:
    known = ["name", target.subject, *(condition.name for condition in target.conditions)]
    known += ["tm_kelvin"] if target.name == "tg" else []
    if unknown := [name for name in rows if name not in known]:
        msg = f"{target.name} knows no {', '.join(map(str, unknown))}; a row has {', '.join(known)}"
        raise InputError(msg)
    if target.subject not in rows:
        msg = f"there is no column {target.subject}; a row has {', '.join(known)}"
        raise InputError(msg)


def _checked(target: Target, row: dict, model: "FittedModel") -> dict:
    from cryokit.models.fitted import series_name

    checked = {"name": row.get("name") or "", **target.checked_conditions(row)}
    series = model.require_series(series_name(target.name, checked))
    if target.subject == "smiles":
        molecule = molecules.parse(row["smiles"])
        checked |= {"smiles": molecule.smiles, "inchikey": molecule.inchikey}
        if target.name == "tg":
            checked["tm_kelvin"] = _melting_point(row, molecule.inchikey)
    else:
        components = parse_recipe(row["recipe"], names.molecule_named)
        checked |= {"recipe": format_recipe(components), "components": components}
    return checked | {"series": series}


def _melting_point(row: dict, inchikey: str) -> float:
    given = row.get("tm_kelvin")
    if given is not None and str(given).strip() not in ("", "nan"):
        return float(given)
    measured = names.melting_point_kelvin(inchikey)
    return measured[0] if measured else np.nan


def _predicted(target: Target, registered: dict, model: "FittedModel", rows: pd.DataFrame) -> pd.DataFrame:
    conditions = [condition.name for condition in target.conditions]
    front = ["target", target.subject, "name", *conditions, *(["tm_kelvin"] if target.name == "tg" else [])]
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
