"""Ensembles of scikit-learn regressors on standardised features and a standardised target."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Kernel, Matern, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from threadpoolctl import ThreadpoolController

from cryokit.errors import InputError
from cryokit.models.forests import chosen_columns, columns_of, grown_forest
from cryokit.models.targets import Member

KINDS = ("ridge", "svr", "extra_trees", "gradient_boosting", "gaussian_process")
"""Regressors that a recipe may name."""

_GAUSSIAN_PROCESS_ROWS = 3000
"""A Gaussian process takes time with the cube of its rows; of more rows it sees an evenly spaced part."""

_SETTLED_DECIMALS = 6
"""Matrix products differ in their last digits with the number of rows; what is rounded does not depend on the batch."""

_ROBUST_STEPS = 8
"""Reweighted fits of a robust Gaussian process."""

_LEAST_NOISE = 1e-10

_BLOCK_ROWS = 32
"""Matrix products of one size treat all their rows alike, so that a row does not depend on the others."""


@dataclass(frozen=True)
class Ensemble:
    """
    Mean of several regressors, with a spread that says how far they and their trees disagree.

    Without members it predicts the mean of the training values.
    """

    scaling: Pipeline
    members: tuple[BaseEstimator, ...]
    centre: float
    scale: float
    """Mean and standard deviation of the training values, in the unit of the target."""

    def predict(self, features: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """
        Predict values and their spread.

        Parameters
        ----------
        features : ndarray of shape (n, p)
            Feature matrix as at the time of fitting; NaN where a feature is not known.

        Returns
        -------
        value : ndarray of shape (n,)
            Mean over the members, in the unit of the target; a row's value does not depend on the other rows.
        spread : ndarray of shape (n,)
            Disagreement among trees and members, at least 0, in the unit of the target.

        Raises
        ------
        InputError
            If the number of features is not that of fitting.

        References
        ----------
        .. [1] Geurts, P. et al. (2006). Mach. Learn. 63, 3-42. 10.1007/s10994-006-6226-1
        """
        if features.shape[1] != self.scaling.n_features_in_:
            msg = f"the model was fitted on {self.scaling.n_features_in_} features, but {features.shape[1]} came"
            raise InputError(msg)
        if not self.members or not len(features):
            return np.full(len(features), self.centre), np.zeros(len(features))
        scaled = self.scaling.transform(features)
        with _one_thread():
            per_member = [_member_prediction(member, scaled) for member in self.members]
        values = np.stack([value for value, _ in per_member])
        tree_variance = np.mean([variance for _, variance in per_member], axis=0)
        spread = np.sqrt(tree_variance + values.var(axis=0))
        return self.centre + self.scale * values.mean(axis=0), self.scale * spread


def fitted_ensemble(
    members: tuple[Member, ...], features: NDArray[np.float64], values: NDArray[np.float64], seed: int
) -> Ensemble:
    """
    Fit the members of a recipe to one training set.

    Parameters
    ----------
    members : tuple of Member
        What to fit; none for the mean alone.
    features : ndarray of shape (n, p)
        Feature matrix; NaN is replaced by the median of the training rows.
    values : ndarray of shape (n,)
        Measured values in the unit of the target.
    seed : int
        Fixes all randomness; equal input and seed give bit-equal output.

    Returns
    -------
    Ensemble
        The fitted mean of the members.

    Raises
    ------
    InputError
        If there is no row.

    References
    ----------
    .. [1] Pedregosa, F. et al. (2011). J. Mach. Learn. Res. 12, 2825-2830.
    """
    if not len(values):
        msg = "no row to fit a model to; give at least one measured value"
        raise InputError(msg)
    scaling = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    scaled = scaling.fit_transform(features)
    centre, scale = float(values.mean()), float(values.std()) or 1.0
    standardised = (values - centre) / scale
    with _one_thread():
        regressors = tuple(_fitted_member(member, scaled, standardised, seed) for member in members)
    return Ensemble(scaling=scaling, members=regressors, centre=centre, scale=scale)


def _one_thread() -> AbstractContextManager:
    """Threads gain nothing on so few rows, and wait for each other on a busy machine."""
    return _thread_pools().limit(limits=1)


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries, so once


def _fitted_member(
    member: Member, scaled: NDArray[np.float64], standardised: NDArray[np.float64], seed: int
) -> BaseEstimator:
    if member.kind == "gaussian_process" and len(scaled) > _GAUSSIAN_PROCESS_ROWS:
        chosen = np.linspace(0, len(scaled) - 1, _GAUSSIAN_PROCESS_ROWS).astype(np.int64)
        scaled, standardised = scaled[chosen], standardised[chosen]
    if not member.columns:
        return _fitted_regressor(member, scaled, standardised, seed)
    columns = chosen_columns(member.columns, scaled.shape[1])
    regressor = _fitted_regressor(member, columns_of(columns, scaled), standardised, seed)
    return Pipeline([("columns", columns), ("regressor", regressor)])


def _fitted_regressor(
    member: Member, scaled: NDArray[np.float64], standardised: NDArray[np.float64], seed: int
) -> BaseEstimator:
    if member.kind == "extra_trees":
        return grown_forest(scaled, standardised, seed, **member.settings)
    regressor = _regressor(member, seed)
    if "huber" in member.settings:
        regressor.alpha = _robust_noise(regressor.kernel, scaled, standardised, **member.settings)
    return regressor.fit(scaled, standardised)


def _regressor(member: Member, seed: int) -> BaseEstimator:
    if member.kind == "gradient_boosting":
        return HistGradientBoostingRegressor(**member.settings, early_stopping=False, random_state=seed)
    if member.kind == "gaussian_process":
        settings = {name: value for name, value in member.settings.items() if name != "huber"}
        return _gaussian_process(seed, **settings)
    return {"svr": SVR, "ridge": Ridge}[member.kind](**member.settings)


def _gaussian_process(
    seed: int, amplitude: float = 1.0, length_scale: float = 15.0, linear: float = 0.003, noise: float = 0.02
) -> GaussianProcessRegressor:
    """Rough similarity plus a linear trend plus noise, all of declared size: nothing is searched for in training."""
    rough = ConstantKernel(amplitude) * Matern(length_scale=length_scale, nu=1.5)
    return GaussianProcessRegressor(
        rough + ConstantKernel(linear) * DotProduct() + WhiteKernel(noise), optimizer=None, random_state=seed
    )


def _robust_noise(
    kernel: Kernel,
    scaled: NDArray[np.float64],
    standardised: NDArray[np.float64],
    huber: float,
    noise: float,
    **_: float,
) -> NDArray[np.float64]:
    """
    Noise of each row beyond what the kernel declares, so that the mean has Huber's loss (reweighted least squares).

    A row that lies further than `huber` standard deviations of the noise from the mean pulls no harder than one at that
    distance: wrong values among the training rows then mislead less.
    """
    covariance, added = kernel(scaled), np.full(len(scaled), _LEAST_NOISE)
    for _step in range(_ROBUST_STEPS):
        pull = np.linalg.solve(covariance + np.diag(added), standardised)
        distance = np.abs(pull) * (noise + added)
        added = np.maximum(noise * (distance / (huber * np.sqrt(noise)) - 1), _LEAST_NOISE)
    return added


def _member_prediction(
    member: BaseEstimator, scaled: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Value and variance of one member; the variance is 0 where a member does not tell it."""
    if isinstance(member, Pipeline):
        scaled, member = columns_of(member[0], scaled), member[-1]
    if isinstance(member, GaussianProcessRegressor):
        value, deviation = member.predict(scaled, return_std=True)
        return value.round(_SETTLED_DECIMALS), deviation.round(_SETTLED_DECIMALS) ** 2
    if isinstance(member, SVR) and member.kernel == "rbf":
        return _radial_prediction(member, scaled), np.zeros(len(scaled))
    if not isinstance(member, ExtraTreesRegressor):
        return member.predict(scaled), np.zeros(len(scaled))
    single = np.ascontiguousarray(scaled, dtype=np.float32)  # the form in which trees compare thresholds
    per_tree = np.stack([tree.tree_.predict(single).ravel() for tree in member.estimators_], axis=1)
    return per_tree.mean(axis=1), per_tree.var(axis=1)


def _radial_prediction(member: SVR, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Predict by matrix products, ten times as fast as one support vector after the other."""
    vectors, gamma = member.support_vectors_, member._gamma  # noqa: SLF001  what was fitted; `gamma` may be a word
    squares = (vectors**2).sum(axis=1)
    value = np.empty(len(scaled))
    block = np.zeros((_BLOCK_ROWS, scaled.shape[1]))
    for begin in range(0, len(scaled), _BLOCK_ROWS):
        some = scaled[begin : begin + _BLOCK_ROWS]
        block[: len(some)] = some
        distance = (block**2).sum(axis=1)[:, np.newaxis] + squares - 2 * (block @ vectors.T)
        kernel = np.exp(-gamma * distance, out=distance)
        value[begin : begin + _BLOCK_ROWS] = (kernel @ member.dual_coef_[0])[: len(some)]
    return value + member.intercept_[0]
