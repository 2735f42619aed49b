"""Ice recrystallization inhibition on the public sets: figures against their bars; needs the public data files."""

import numpy as np
import pandas as pd
import pytest

from cryokit.models.fitted import fit
from cryokit.models.probability import probability_at_most
from cryokit.validation.evaluation import Evaluation, evaluate
from cryokit.validation.metrics import area_under_curve, determination, interval_coverage, mean_absolute_error
from cryokit.validation.splits import grouped_folds
from tests.validation.public_data import all_rows

REPEATS = 5
ACTIVE = 50.0


def evaluated(rows: pd.DataFrame, label: str) -> tuple[Evaluation, dict[str, float]]:
    """Evaluate by grouped 10-fold, and say what came out: mean over repeats of each figure, and their spread."""
    evaluation = evaluate("iri", rows, grouped_folds("iri", rows, n_splits=10, repeats=REPEATS, seed=0))
    parts = [part for _, part in evaluation.rows.groupby("repeat")]
    pairs = [(part["measured"].to_numpy(), part["value"].to_numpy()) for part in parts]
    areas = [area_under_curve(*pair, ACTIVE) for pair in pairs]
    r2 = [determination(*pair) for pair in pairs]
    figures = dict(evaluation.metrics) | {"r2": float(np.mean(r2)), "auc": float(np.mean(areas))}
    shown = {name: round(value, 3) for name, value in figures.items()}
    spreads = f"spread over repeats: r2 {np.std(r2):.3f}, auc {np.std(areas):.3f}"
    print(f"\n{label}: {shown}; {spreads}; {evaluation.verdict}")  # noqa: T201  the figures
    return evaluation, figures


@pytest.fixture(scope="module")
def amino(tmp_path_factory):
    return all_rows("dolmen_amino", tmp_path_factory.mktemp("amino"))


@pytest.fixture(scope="module")
def amino_result(amino):
    rows = amino[amino["excluded"] == ""].reset_index(drop=True)
    return evaluated(rows, "IRI, 63 amino acids at 20 mM in 10 mM NaCl, random 10-fold")


@pytest.fixture(scope="module")
def sugar_result(tmp_path_factory):
    rows = all_rows("dolmen_glyco2", tmp_path_factory.mktemp("sugars"))
    usable = (rows["excluded"] == "") & (rows["concentration_millimolar"] == 22.0)
    return evaluated(rows[usable].reset_index(drop=True), "IRI, 209 sugars at 22 mM in PBS, grouped by connectivity")


def test_amino_acids_reach_their_bar(amino_result):
    evaluation, figures = amino_result

    assert figures["n"] == 63
    assert figures["r2"] >= 0.45
    assert figures["auc"] >= 0.81
    assert 0.87 <= figures["coverage_90"] <= 0.95
    assert evaluation.verdict == "skill"


def test_sugars_reach_their_bar(sugar_result):
    evaluation, figures = sugar_result

    assert figures["n"] == 209
    assert evaluation.leaking_groups == 0
    assert figures["r2"] >= 0.22
    assert figures["auc"] >= 0.78
    assert 0.87 <= figures["coverage_90"] <= 0.95


def test_prospective_amino_acids_lie_in_their_intervals(amino):
    training, held_out = amino[amino["excluded"] == ""], amino[amino["flags"].str.contains("held_out")]
    predicted = fit("iri", training).predict(held_out)
    measured, value = held_out["value"].to_numpy(float), predicted["value"].to_numpy()
    error = mean_absolute_error(measured, value)
    of_mean = mean_absolute_error(measured, np.full(len(measured), training["value"].mean()))
    coverage = interval_coverage(measured, predicted["lower"].to_numpy(), predicted["upper"].to_numpy())
    area = area_under_curve(measured, value, ACTIVE)
    facts = f"MAE {error:.1f} (mean of the 63: {of_mean:.1f}), AUC {area:.2f}, coverage {coverage:.2f}"
    print(f"\nIRI, 17 prospective amino acids from the 63: {facts}")  # noqa: T201  the figures

    assert len(held_out) == 17
    assert error < of_mean
    assert coverage >= 0.8


@pytest.mark.parametrize("result", ["amino_result", "sugar_result"])
def test_probabilities_of_activity_beat_the_base_rate(result, request):
    evaluation, _ = request.getfixturevalue(result)
    rows = evaluation.rows[evaluation.rows["repeat"] == 0]
    measured, value, fold = (rows[name].to_numpy(float) for name in ("measured", "value", "fold"))
    active, scale = measured <= ACTIVE, np.full(len(rows), (measured - value).std())
    stated, base = np.empty(len(rows)), np.empty(len(rows))
    for number in np.unique(fold):
        inside = fold == number
        residuals = (measured - value)[~inside] / scale[~inside]
        stated[inside] = probability_at_most(value[inside], scale[inside], ACTIVE, residuals)
        base[inside] = active[~inside].mean()
    brier, of_base = np.mean((stated - active) ** 2), np.mean((base - active) ** 2)
    print(f"\n{result}: Brier score of P(<= 50 %MGS) {brier:.3f}, base rate {of_base:.3f}")  # noqa: T201  the figures

    assert brier < of_base
