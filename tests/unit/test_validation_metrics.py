"""Scores: closed forms, and defined answers where a score has no meaning."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from cryokit.errors import InputError
from cryokit.validation import metrics

MEASURED = np.array([1.0, 2.0, 3.0, 4.0])
VALUE = np.array([1.0, 2.0, 3.0, 8.0])


def test_errors_have_their_closed_form():
    assert metrics.mean_absolute_error(MEASURED, VALUE) == 1.0
    assert metrics.root_mean_square_error(MEASURED, VALUE) == 2.0


def test_determination_has_its_closed_form():
    assert metrics.determination(MEASURED, VALUE) == pytest.approx(1 - 16 / 5)
    assert metrics.determination(MEASURED, MEASURED) == 1.0


def test_rank_correlation_agrees_with_scipy_with_ties():
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 6, 40).astype(float), rng.integers(0, 6, 40).astype(float)

    assert metrics.rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert math.isnan(metrics.rank_correlation(np.append(first, np.nan), np.append(second, 1.0)))


def test_coverage_counts_the_bounds_as_inside():
    lower, upper = np.array([1.0, 1.0, 4.0, 0.0]), np.array([1.5, 2.0, 5.0, 3.0])

    assert metrics.interval_coverage(MEASURED, lower, upper) == 0.5


def test_the_score_of_intervals_is_their_width_and_a_fine_by_the_distance_of_each_miss():
    lower, upper = np.array([0.0, 4.0, 0.0, 0.0]), np.array([2.0, 6.0, 3.5, 2.0])

    assert metrics.interval_score(MEASURED, lower, upper, 0.5) == pytest.approx((2 + 2 + 3.5 + 2 + 4 * (2 + 2)) / 4)
    assert metrics.interval_score(MEASURED, lower, upper) == pytest.approx((2 + 2 + 3.5 + 2 + 20 * (2 + 2)) / 4)
    assert metrics.interval_score(MEASURED, MEASURED, MEASURED) == 0.0


def test_every_score_has_its_name_and_stands_for_what_it_says():
    lower, upper = VALUE - 1, VALUE + 2
    result = metrics.scores(MEASURED, VALUE, lower, upper, thresholds=(2.0, 2.5))

    assert result == {
        "mae": 1.0,
        "rmse": 2.0,
        "r2": pytest.approx(1 - 16 / 5),
        "spearman": pytest.approx(1.0),
        "coverage_90": 0.75,
        "mean_width_90": 3.0,
        "n": 4,
        "median_error": 0.0,
        "winkler_90": pytest.approx(3 + 20 * 3 / 4),
        "auc_2": 1.0,
        "auc_2.5": 1.0,
    }


def test_a_table_is_scored_repeat_by_repeat_by_the_columns_that_are_named():
    table = pd.DataFrame({"repeat": [0, 0, 1, 1], "truth": [1.0, 3.0, 1.0, 3.0], "said": [1.0, 5.0, 2.0, 2.0]})
    table["low"], table["high"] = table["said"] - 0.5, table["said"] + 0.5
    result = metrics.table_scores(table, (2.0,), ("truth", "said", "low", "high"))

    assert (result["mae"], result["n"], result["coverage_90"]) == (1.0, 2, 0.25)
    assert (result["auc_2"], result["mean_width_90"], result["median_error"]) == (0.75, 1.0, 1.0)
    assert metrics.table_scores(table.iloc[:0], (2.0,), ("truth", "said", "low", "high")) == {}


def test_a_table_is_scored_by_its_usual_columns():
    table = pd.DataFrame({"repeat": [0, 0], "measured": [1.0, 3.0], "value": [1.0, 5.0], "lower": 0.0, "upper": 2.0})
    result = metrics.table_scores(table)

    assert (result["mae"], result["coverage_90"], result["mean_width_90"]) == (1.0, 0.5, 2.0)


def test_scores_do_not_count_rows_without_a_prediction():
    value = np.array([1.0, np.nan, 3.0, 4.0])
    result = metrics.scores(MEASURED, value, value - 1, value + 1)

    assert (result["n"], result["mae"], result["mean_width_90"], result["coverage_90"]) == (3, 0.0, 2.0, 1.0)


def test_scores_of_nothing_are_not_numbers():
    empty = np.array([])
    result = metrics.scores(empty, empty, empty, empty)

    assert result.pop("n") == 0
    assert all(math.isnan(value) for value in result.values())


@pytest.mark.parametrize("measured", [np.array([5.0]), np.array([5.0, 5.0, 5.0])])
def test_correlations_of_one_or_of_constant_values_are_not_numbers(measured):
    value = np.arange(float(len(measured)))

    assert math.isnan(metrics.determination(measured, value))
    assert math.isnan(metrics.rank_correlation(measured, value))


def test_lengths_must_agree():
    with pytest.raises(InputError, match="lengths differ"):
        metrics.scores(MEASURED, VALUE[:2], VALUE, VALUE)


def test_averages_leave_out_what_a_repeat_does_not_define():
    result = metrics.averaged([{"r2": math.nan, "n": 2, "mae": 1.0}, {"r2": 0.5, "n": 3, "mae": 2.0}])

    assert result == {"r2": 0.5, "n": 2, "mae": 1.5}
    assert isinstance(result["n"], int)
    assert metrics.averaged([]) == {}
    assert math.isnan(metrics.averaged([{"r2": math.nan}])["r2"])


def test_area_under_curve_counts_ties_half_and_needs_both_classes():
    measured = np.array([10.0, 40.0, 90.0])

    assert metrics.area_under_curve(measured, np.array([1.0, 2.0, 3.0]), 50.0) == 1.0
    assert metrics.area_under_curve(measured, np.array([3.0, 2.0, 1.0]), 50.0) == 0.0
    assert metrics.area_under_curve(measured, np.ones(3), 50.0) == 0.5
    assert math.isnan(metrics.area_under_curve(measured, measured, 5.0))
    assert math.isnan(metrics.area_under_curve(measured, measured, 95.0))
