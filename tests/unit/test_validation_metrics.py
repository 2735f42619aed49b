"""Scores: closed forms, and defined answers where a score has no meaning."""

import math

import numpy as np
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
    result = metrics.averaged([{"r2": math.nan, "n": 2}, {"r2": 0.5, "n": 2}])

    assert result == {"r2": 0.5, "n": 2}


def test_area_under_curve_counts_ties_half_and_needs_both_classes():
    measured = np.array([10.0, 40.0, 90.0])

    assert metrics.area_under_curve(measured, np.array([1.0, 2.0, 3.0]), 50.0) == 1.0
    assert metrics.area_under_curve(measured, np.array([3.0, 2.0, 1.0]), 50.0) == 0.0
    assert metrics.area_under_curve(measured, np.ones(3), 50.0) == 0.5
    assert math.isnan(metrics.area_under_curve(measured, measured, 5.0))
    assert math.isnan(metrics.area_under_curve(measured, measured, 95.0))
