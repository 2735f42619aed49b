"""The product's own recipes on the public sets: figures against their bars; needs the public data files."""

import pandas as pd
import pytest

from cryokit.sources import upstream
from cryokit.validation.evaluation import Evaluation, evaluate
from cryokit.validation.splits import grouped_folds
from tests.validation.public_data import all_rows, usable_rows

REPEATS = 3


def evaluated(target: str, rows: pd.DataFrame, label: str) -> Evaluation:
    """Evaluate by grouped 10-fold and say what came out."""
    folds = grouped_folds(target, rows, n_splits=10, repeats=REPEATS, seed=0)
    evaluation = evaluate(target, rows, folds)
    scores = {name: round(value, 3) for name, value in evaluation.metrics.items()}
    baselines = {name: round(item["mae"], 2) for name, item in evaluation.baselines.items()}
    print(f"\n{label}: {scores}; baselines (MAE): {baselines}; {evaluation.verdict}")  # noqa: T201  the figures
    return evaluation


def test_iri_of_amino_acids_has_modest_skill(tmp_path):
    evaluation = evaluated("iri", usable_rows("dolmen_amino", tmp_path), "IRI, amino acids")

    assert evaluation.metrics["r2"] >= 0.25
    assert 0.85 <= evaluation.metrics["coverage_90"] <= 0.97


def test_iri_of_sugars_is_labelled_by_the_gate(tmp_path):
    evaluation = evaluated("iri", usable_rows("dolmen_glyco", tmp_path), "IRI, sugars")

    assert evaluation.verdict == "insufficient skill"


def test_public_sets_are_complete():
    assert set(upstream.DATASETS) == {"koop", "dolmen_amino", "dolmen_glyco", "dolmen_glyco2", "cryomn", "jurkat"}


@pytest.mark.parametrize("name", sorted(upstream.DATASETS))
def test_every_public_set_can_be_loaded(name, tmp_path):
    assert len(all_rows(name, tmp_path)) > 50
