"""Our intervals against MAPIE's, on the same folds of the bundled glass transitions."""

from dataclasses import dataclass

import numpy as np
import pytest
from mapie.conformity_scores import BaseRegressionScore
from mapie.regression import CrossConformalRegressor
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import PredefinedSplit

from cryokit.models.estimators import fitted_ensemble
from cryokit.models.features import feature_matrix, feature_schema
from cryokit.models.groups import grouped_assignment, groups
from cryokit.models.intervals import Calibration, calibrated, interval_scale
from cryokit.models.targets import recipe_for
from cryokit.sources.bundled import bundled_rows

CALIBRATION_FOLDS = 10
ANYTHING = (-np.inf, np.inf)
NOISE = 0.06
"""Two standard deviations of a coverage near 0.9 that is measured on about a hundred rows."""


class Recipe(RegressorMixin, BaseEstimator):
    """The recipe's ensemble as scikit-learn wants it, without what fills in melting points."""

    def fit(self, features: NDArray, values: NDArray) -> "Recipe":
        self.ensemble_ = fitted_ensemble(recipe_for("tg").members, features, values, seed=0)
        self.is_fitted_ = True
        return self

    def predict(self, features: NDArray) -> NDArray:
        return self.ensemble_.predict(features)[0]


class OverSpread(BaseRegressionScore):
    """MAPIE's absolute error over a width of each row, which it is given as the last column."""

    def __init__(self) -> None:
        super().__init__(sym=True, consistency_check=False)

    def get_signed_conformity_scores(self, y, y_pred, X=None, **_kwargs):  # noqa: N803  MAPIE's names
        return np.abs(y - y_pred) / X[:, -1]

    def get_estimation_distribution(self, y_pred, conformity_scores, X=None, **_kwargs):  # noqa: N803  the same
        return y_pred + conformity_scores * X[:, -1:]


class WithoutLast(Recipe):
    """The same, blind to that column."""

    def fit(self, features: NDArray, values: NDArray) -> "Recipe":
        return super().fit(features[:, :-1], values)

    def predict(self, features: NDArray) -> NDArray:
        return super().predict(features[:, :-1])


@dataclass
class Known:
    """Training and held-out rows, in the logarithm of Tg, and what our way finds out of fold."""

    features: NDArray
    values: NDArray
    folds: NDArray
    group: NDArray
    predicted: NDArray
    spread: NDArray
    new_features: NDArray
    new_values: NDArray
    whole: Recipe

    def ours(self, spread: NDArray) -> Calibration:
        errors = np.abs(self.predicted - self.values)
        return calibrated(errors, spread, self.folds, self.group, ANYTHING)


@pytest.fixture(scope="module")
def known() -> Known:
    rows = bundled_rows("tg")
    rows = rows[rows["is_curated"]].reset_index(drop=True)
    features = feature_matrix(feature_schema("tg"), rows)
    values, group = np.log(rows["value"].to_numpy(float)), groups("tg", rows)
    new = grouped_assignment(group, 3, [1]) == 0
    features, group, values, new_features, new_values = (
        features[~new], group[~new], values[~new], features[new], values[new]
    )  # fmt: skip
    folds = grouped_assignment(group, CALIBRATION_FOLDS, [0])
    predicted, spread = np.empty(len(values)), np.empty(len(values))
    for fold in range(CALIBRATION_FOLDS):
        inside = folds == fold
        learned = fitted_ensemble(recipe_for("tg").members, features[~inside], values[~inside], seed=0)
        predicted[inside], spread[inside] = learned.predict(features[inside])
    whole = Recipe().fit(features, values)
    return Known(features, values, folds, group, predicted, spread, new_features, new_values, whole)


def ends_of(mapie: CrossConformalRegressor, features: NDArray) -> tuple[NDArray, NDArray]:
    _, ends = mapie.predict_interval(features)
    return ends[:, 0, 0], ends[:, 1, 0]


def coverage(values: NDArray, lower: NDArray, upper: NDArray) -> float:
    return float(np.mean((lower <= values) & (values <= upper)))


def test_scaled_intervals_are_those_of_mapie(known):
    """The same errors over the same spread: MAPIE's quantile must give the intervals that we give."""
    calibration = known.ours(known.spread)
    width = interval_scale(known.spread, calibration.spread_floor)
    value, spread = known.whole.ensemble_.predict(known.new_features)
    new_width = interval_scale(spread, calibration.spread_floor)
    lower, upper = calibration.interval(value, spread)
    folds = PredefinedSplit(known.folds)
    mapie = CrossConformalRegressor(WithoutLast(), conformity_score=OverSpread(), method="base", cv=folds)
    mapie.fit_conformalize(np.column_stack([known.features, width]), known.values)
    low, high = ends_of(mapie, np.column_stack([known.new_features, new_width]))
    ours, theirs = (coverage(known.new_values, *ends) for ends in ((lower, upper), (low, high)))
    largest_difference = np.max(np.abs(np.column_stack([lower - low, upper - high])))
    print(f"\nTg, scaled: coverage {ours:.3f}, MAPIE {theirs:.3f}; ends differ by {largest_difference:.1e}")  # noqa: T201  the figures

    assert len(known.new_values) >= 90
    assert largest_difference <= 1e-6
    assert abs(ours - theirs) <= 0.01


def test_plain_intervals_agree_with_cv_plus_within_noise(known):
    """MAPIE's CV+ keeps the model of each fold and has a proof; ours keeps one model: both agree."""
    calibration = known.ours(np.zeros(len(known.values)))
    lower, upper = calibration.interval(known.whole.predict(known.new_features), np.zeros(len(known.new_values)))
    mapie = CrossConformalRegressor(Recipe(), method="plus", cv=PredefinedSplit(known.folds))
    mapie.fit_conformalize(known.features, known.values)
    low, high = ends_of(mapie, known.new_features)
    ours, theirs = (coverage(known.new_values, *ends) for ends in ((lower, upper), (low, high)))
    width_ratio = float(np.mean(upper - lower) / np.mean(high - low))
    print(f"\nTg, plain: coverage {ours:.3f}, MAPIE's CV+ {theirs:.3f}; width {width_ratio:.3f} of it")  # noqa: T201  the figures

    assert abs(ours - theirs) <= NOISE
    assert 0.9 <= width_ratio <= 1.1
