"""Probability of lying at or below a threshold: known distributions, limits, and no statement from too little."""

import numpy as np
import pytest
from scipy.stats import norm

from cryokit.errors import InputError
from cryokit.models.probability import MINIMUM_ERRORS, probability_at_most

RESIDUALS = np.random.default_rng(0).normal(size=400)


def test_normal_errors_give_the_normal_probability():
    value, scale = np.array([50.0, 30.0, 70.0]), np.full(3, 20.0)

    assert probability_at_most(value, scale, 50.0, RESIDUALS) == pytest.approx(
        norm.cdf((50.0 - value) / 20.0), abs=0.05
    )


def test_skewed_errors_are_not_taken_for_normal_ones():
    skewed = np.random.default_rng(1).exponential(size=400)
    [below] = probability_at_most(np.array([50.0]), np.array([10.0]), 50.0, skewed)

    assert below < 0.15


def test_the_probability_falls_as_the_prediction_rises():
    probability = probability_at_most(np.linspace(0.0, 120.0, 50), np.full(50, 20.0), 50.0, RESIDUALS)

    assert (np.diff(probability) < 0).all()
    assert 0.0 <= probability.min() <= probability.max() <= 1.0


def test_predicted_probabilities_come_true_on_new_rows():
    generator = np.random.default_rng(2)
    value, scale = generator.uniform(0, 100, 4000), generator.uniform(10, 30, 4000)
    measured = value + scale * generator.normal(size=4000)
    probability = probability_at_most(value, scale, 50.0, RESIDUALS)
    bins = np.digitize(probability, [0.2, 0.4, 0.6, 0.8])

    for number in range(5):
        inside = bins == number

        assert (measured[inside] <= 50.0).mean() == pytest.approx(probability[inside].mean(), abs=0.06)


def test_too_few_errors_give_no_statement():
    too_few = np.zeros(MINIMUM_ERRORS - 1)

    assert np.isnan(probability_at_most(np.array([1.0]), np.array([1.0]), 50.0, too_few)).all()


def test_equal_errors_give_a_sharp_step():
    probability = probability_at_most(np.array([49.0, 51.0]), np.ones(2), 50.0, np.zeros(20))

    assert probability.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(("scale", "residual"), [(0.0, 0.0), (np.nan, 0.0), (1.0, np.nan)])
def test_impossible_scales_and_errors_are_refused(scale, residual):
    with pytest.raises(InputError):
        probability_at_most(np.array([1.0]), np.array([scale]), 50.0, np.full(20, residual))
