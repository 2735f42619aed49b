"""Evaluation: out of fold, one path for any rows and folds, honest where nothing can be learned."""

import json

import numpy as np
import pandas as pd
import pytest

from cryokit.domain import INSUFFICIENT_SKILL
from cryokit.errors import InputError
from cryokit.validation.evaluation import ROW_COLUMNS, evaluate
from cryokit.validation.gate import SKILL
from cryokit.validation.splits import grouped_folds


@pytest.fixture(scope="module")
def tg_evaluation(made_up_tg, few_trees):
    known = made_up_tg["tm_kelvin"].where(made_up_tg.index < 13)
    rows = made_up_tg.assign(tm_kelvin=known)
    return evaluate("tg", rows, grouped_folds("tg", rows, n_splits=3), recipe=few_trees("tg"))


def test_rows_and_metrics_follow_the_contract(tg_evaluation, made_up_tg):
    assert list(tg_evaluation.rows.columns) == ROW_COLUMNS
    stable = ["mae", "rmse", "r2", "spearman", "coverage_90", "mean_width_90", "n"]
    assert list(tg_evaluation.metrics) == [*stable, "median_error", "winkler_90"]
    assert tg_evaluation.metrics["n"] == len(made_up_tg) == tg_evaluation.rows["row"].nunique()


def test_a_learnable_target_shows_skill_over_the_mean(tg_evaluation):
    assert tg_evaluation.metrics["r2"] > 0.8
    assert tg_evaluation.metrics["mae"] < 0.5 * tg_evaluation.baselines["mean"]["mae"]
    assert tg_evaluation.verdict == SKILL


def test_the_melting_point_baseline_is_compared_on_its_own_rows(tg_evaluation):
    baseline = tg_evaluation.baselines["0.7*Tm"]

    assert baseline["n"] == baseline["model_on_these_rows"]["n"] == 8
    assert baseline["r2"] > 0.9


def test_the_result_is_plain_json_without_numbers_that_are_not_finite(tg_evaluation):
    text = json.dumps(tg_evaluation.as_json(), allow_nan=False)

    assert json.loads(text)["metrics"] == tg_evaluation.metrics


def test_a_shuffled_target_has_no_skill(made_up_tg, few_trees):
    shuffled = np.random.default_rng(5).permutation(made_up_tg["value"])
    rows = made_up_tg.assign(value=shuffled).drop(columns="tm_kelvin")
    result = evaluate("tg", rows, grouped_folds("tg", rows, n_splits=2), recipe=few_trees("tg"))

    assert result.metrics["r2"] <= 0.1
    assert result.verdict == INSUFFICIENT_SKILL


def test_a_factorial_of_one_source_and_cell_can_be_evaluated(made_up_viability, few_trees):
    folds = grouped_folds("viability", made_up_viability, n_splits=2)
    result = evaluate("viability", made_up_viability, folds, recipe=few_trees("viability"))

    assert result.metrics["r2"] > 0.6
    assert result.rows["lower"].min() >= 0.0


def test_series_are_scored_and_labelled_apart(made_up_iri):
    rows = made_up_iri[made_up_iri.index % 18 < 8]
    result = evaluate("iri", rows, grouped_folds("iri", rows, n_splits=2))

    assert list(result.series) == ["splat, 10 mM NaCl", "splat, PBS"]
    assert {item["metrics"]["n"] for item in result.series.values()} == {8}
    assert result.rows.loc[result.rows["row"] < 8, "value"].max() < 40


def test_a_series_that_is_held_out_whole_is_not_predicted_from_another(made_up_iri):
    rows = made_up_iri[made_up_iri.index % 18 < 8]
    result = evaluate("iri", rows, pd.DataFrame({"row": range(8), "repeat": 0, "fold": 0}))

    assert result.as_json()["unpredicted"] == 8
    assert result.metrics["mae"] is None


def test_rows_in_no_fold_only_train_and_leaks_are_counted(made_up_tg):
    rows = pd.concat([made_up_tg.head(6), made_up_tg.head(3)], ignore_index=True)
    result = evaluate("tg", rows, pd.DataFrame({"row": [0, 1, 5], "repeat": 0, "fold": 0}))

    assert result.rows["row"].tolist() == [0, 1, 5]
    assert result.leaking_groups == 2


def test_scores_are_averaged_over_repeats():
    rows = pd.DataFrame({"smiles": ["CO", "CCO", "CCCO"], "value": [100.0, 110.0, 120.0]})
    folds = pd.DataFrame({"row": [0, 1], "repeat": [0, 1], "fold": 0})
    seen = []
    result = evaluate("tg", rows, folds, on_fold=lambda done, total: seen.append((done, total)))

    assert result.metrics["n"] == 1
    assert result.metrics["mae"] == pytest.approx((15.0 + 0.0) / 2)
    assert seen == [(1, 2), (2, 2)]


def test_a_row_without_a_value_is_named(made_up_tg):
    rows = made_up_tg.assign(value=[np.nan, *made_up_tg["value"][1:]])

    with pytest.raises(InputError, match="value is not a finite number in row 0"):
        evaluate("tg", rows, pd.DataFrame({"row": [1], "repeat": 0, "fold": 0}))
