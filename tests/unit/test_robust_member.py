"""A wrong value among the training rows misleads the robust Gaussian process less than the plain one."""

import numpy as np
import pytest

from cryokit.models.estimators import Ensemble, fitted_ensemble
from cryokit.models.targets import Member, recipe_for

WRONG_ROW = 30


def settings_of_tg() -> dict:
    """Settings that the recipe of Tg declares for its Gaussian process."""
    [member] = [member for member in recipe_for("tg").members if member.kind == "gaussian_process"]
    return member.settings


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    """Sixty rows on a smooth surface over three features."""
    features = np.random.default_rng(5).normal(size=(60, 3))
    return features, 200.0 + 20.0 * features @ [1.0, 0.5, -0.5]


def fitted(rows: tuple[np.ndarray, np.ndarray], wrong_by: float, **changed: float) -> Ensemble:
    features, values = rows
    values = values + np.where(np.arange(len(values)) == WRONG_ROW, wrong_by, 0.0)
    return fitted_ensemble((Member("gaussian_process", settings_of_tg() | changed),), features, values, seed=0)


def misled_by(rows: tuple[np.ndarray, np.ndarray], **changed: float) -> float:
    """How far one wrong value moves the prediction at its place, in the unit of the target."""
    [right], [wrong] = (fitted(rows, by, **changed).predict(rows[0][[WRONG_ROW]])[0] for by in (0.0, 150.0))
    return abs(wrong - right)


def test_a_wrong_value_moves_the_robust_process_by_less_than_a_third_of_the_plain_one(rows):
    never = 1e9  # standard deviations: every row counts with its square

    assert misled_by(rows) < misled_by(rows, huber=never) / 3


def test_without_wrong_values_both_agree(rows):
    features, _ = rows
    robust, plain = (fitted(rows, 0.0, **changed).predict(features)[0] for changed in ({}, {"huber": 1e9}))

    assert np.abs(robust - plain).mean() < 0.01 * np.ptp(plain)
