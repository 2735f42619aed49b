"""Whether two control wells of a new study make its predictions better: whole studies held out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cryokit.models.columns import numbers
from cryokit.models.control_referenced import (
    TARGET,
    control_reference,
    control_rows,
    referenced_predictions,
)
from cryokit.models.features import checked_rows
from cryokit.models.fitted import fit
from cryokit.models.groups import grouped_assignment
from cryokit.models.targets import Recipe
from cryokit.validation.gate import paired_difference, verdict
from cryokit.validation.metrics import mean_absolute_error, scores

BASELINES = ("mean", "own control", "model without controls")
GATES = ("mean", "own control")
"""Baselines that must be beaten out of noise; the model without controls shows what the controls add."""


@dataclass(frozen=True)
class ControlEvaluation:
    """Scores of control-referenced predictions on the rows that are no controls."""

    metrics: dict[str, float | int]
    compared: dict[str, dict[str, float | int]]
    """For each of `BASELINES` its ``mae`` and the paired difference with a bootstrap interval over studies."""
    verdict: str
    """``skill`` only if mean and own control are both beaten with an interval that excludes 0."""
    n_studies: int
    rows: pd.DataFrame
    """``row``, ``study``, ``measured``, ``value``, ``lower``, ``upper`` and one column for each baseline."""


def evaluate_control_referenced(
    rows: pd.DataFrame, n_splits: int = 10, seed: int = 0, recipe: Recipe | None = None
) -> ControlEvaluation:
    """
    Predict held-out studies from all others and two controls of their own.

    Parameters
    ----------
    rows : DataFrame
        Viability rows of one series with ``components``, ``value`` and ``source``.
    n_splits : int
        Folds; each holds whole studies.
    seed : int
        Fixes folds, estimators and resampling.
    recipe : Recipe, optional
        Another recipe for viability than the declared one.

    Returns
    -------
    ControlEvaluation
        Of all rows that are no controls, in studies with at least three rows.

    Raises
    ------
    InputError
        If the rows are of several series or there are too few studies.

    References
    ----------
    .. [1] Efron, B. and Tibshirani, R. (1993). An Introduction to the Bootstrap. ISBN 9780412042317
    """
    checked = checked_rows(TARGET, rows, needs_value=True)
    study = checked["source"].to_numpy(dtype=str)
    controls = control_rows(checked, study)
    fold = grouped_assignment(np.unique(study, return_inverse=True)[1], n_splits, [seed, n_splits])
    parts = []
    for number in np.unique(fold):
        train = checked[fold != number]
        model, reference = fit(TARGET, train, seed, recipe), control_reference(train, seed, recipe)
        for name in np.unique(study[(fold == number) & controls]):
            here = study == name
            own = referenced_predictions(model, reference, checked[here], controls[here])
            parts.append(
                own.assign(
                    row=np.flatnonzero(here),
                    study=name,
                    measured=numbers(checked, "value")[here],
                    is_control=controls[here],
                    **{
                        "mean": numbers(train, "value").mean(),
                        "own control": numbers(checked, "value")[here & controls].mean(),
                        "model without controls": model.predict(checked[here])["value"],
                    },
                )
            )
    table = pd.concat(parts, ignore_index=True)
    return _summary(table[~table["is_control"]].drop(columns="is_control").sort_values("row", ignore_index=True), seed)


def _summary(table: pd.DataFrame, seed: int) -> ControlEvaluation:
    measured, value, lower, upper = table[["measured", "value", "lower", "upper"]].to_numpy(dtype=np.float64).T
    group = np.unique(table["study"], return_inverse=True)[1]
    errors = np.abs(value - measured)
    baseline_errors = {name: (table[name] - table["measured"]).abs().to_numpy() for name in BASELINES}
    compared = {
        name: {"mae": mean_absolute_error(measured, table[name].to_numpy())}
        | paired_difference(errors, baseline_errors[name], group, seed)
        for name in BASELINES
    }
    return ControlEvaluation(
        metrics=scores(measured, value, lower, upper),
        compared=compared,
        verdict=verdict(errors, {name: baseline_errors[name] for name in GATES}, group, seed),
        n_studies=len(np.unique(group)),
        rows=table,
    )
