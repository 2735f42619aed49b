"""A fitted model: one ensemble, calibration and domain for each series of a target."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.domain import CONFIDENCE, target_named
from cryokit.errors import InputError
from cryokit.models.applicability import MoleculeDomain, RecipeDomain, molecule_domain, recipe_domain
from cryokit.models.columns import connectivities
from cryokit.models.estimators import Ensemble, fitted_ensemble
from cryokit.models.features import PROTOCOL, FeatureSchema, checked_rows, feature_matrix, feature_schema, numbers
from cryokit.models.groups import composition, grouped_assignment, groups, series_of
from cryokit.models.intervals import Calibration, calibrated
from cryokit.models.targets import Member, Recipe, recipe_for
from cryokit.models.transforms import AS_MEASURED, LOGIT, Transform

PLAIN = "features alone"
PREDICTION_COLUMNS = ["value", "lower", "upper", "confidence", "in_training", "in_domain", "domain_reasons"]

_ALTERNATIVE_PENALTY = 1.05
"""An alternative must lower the squared error by about 5 %, so that chance alone rarely moves a small series to it."""

_IMPUTER = (Member("svr", {"C": 10.0, "gamma": 0.003, "epsilon": 0.03}),)


@dataclass(frozen=True)
class Learned:
    """An ensemble, and what fills in the optional property of training rows that lack it."""

    ensemble: Ensemble
    imputer: Ensemble | None

    def predict(
        self, matrix: NDArray[np.float64], extra: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return value and spread of each row."""
        return self.ensemble.predict(_completed(matrix, extra, self.imputer))


@dataclass(frozen=True)
class View:
    """What predicts rows for which the same things are known, with its calibration."""

    learned: Learned
    calibration: Calibration
    transform: Transform = AS_MEASURED
    """Scale on which `learned` predicts and `calibration` was found out."""
    choice: int = 0
    """Which ensemble of the recipe was taken: 0 for its members, from 1 on for its alternatives."""


@dataclass(frozen=True)
class SeriesModel:
    """The model of one series; series are never pooled."""

    schema: FeatureSchema
    views: dict[str, View]
    """`PLAIN`, and one by the name of the optional property for rows in which it is known."""
    domain: MoleculeDomain | RecipeDomain
    identities: tuple[str, ...]
    """What was trained on: connectivities, or recipes with their conditions."""

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return one row of `PREDICTION_COLUMNS` for each row; none depends on the others."""
        matrix = feature_matrix(self.schema, rows)
        bounds = np.full((len(rows), 3), np.nan)
        for view, extra, chosen in self._views_of(rows):
            value, spread = view.learned.predict(matrix[chosen], extra[chosen])
            lower, upper = view.calibration.interval(value, spread, view.transform)
            inside = np.clip(view.transform.inverse(value), view.calibration.lower_bound, view.calibration.upper_bound)
            bounds[chosen] = np.column_stack([inside, lower, upper])
        reasons = self.domain.reasons(rows)
        known = set(self.identities)
        return pd.DataFrame(
            {
                "value": bounds[:, 0],
                "lower": bounds[:, 1],
                "upper": bounds[:, 2],
                "confidence": CONFIDENCE,
                "in_training": [identity in known for identity in row_identities(self.schema.target, rows)],
                "in_domain": [not listed for listed in reasons],
                "domain_reasons": reasons,
            },
            index=rows.index,
        )

    def _views_of(self, rows: pd.DataFrame) -> Iterator[tuple[View, NDArray[np.float64], NDArray[np.bool_]]]:
        left = np.ones(len(rows), dtype=bool)
        for name in sorted(self.views, key=lambda name: name == PLAIN):
            extra = numbers(rows, name)
            chosen = left if name == PLAIN else left & np.isfinite(extra)
            left = left & ~chosen
            if chosen.any():
                yield self.views[name], extra, chosen


@dataclass(frozen=True)
class FittedModel:
    """Models of all series of one target, fitted on one set of rows."""

    target: str
    seed: int
    series: dict[str, SeriesModel]

    def require_series(self, name: str) -> str:
        """Return `name` if there is a model for that series, or say which there are."""
        if name not in self.series:
            conditions = " and ".join(target_named(self.target).series) or "series"
            msg = (
                f"there is no {self.target} model for {conditions} {name!r}; there are models for "
                f"{'; '.join(self.series)}; measure and load rows of that kind, or use one of these"
            )
            raise InputError(msg)
        return name

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """
        Predict rows.

        Parameters
        ----------
        rows : DataFrame of n rows
            Row frame of the target; no measured value is needed.

        Returns
        -------
        DataFrame of n rows
            ``value``, ``lower``, ``upper`` (unit of the target), ``confidence``, ``in_training``, ``in_domain`` and
            ``domain_reasons``, in the order and with the index of `rows`.

        Raises
        ------
        InputError
            If a condition is missing, a structure cannot be read or a series has no model.

        References
        ----------
        .. [1] Lei, J. et al. (2018). J. Am. Stat. Assoc. 113, 1094-1111. 10.1080/01621459.2017.1307116
        """
        checked = checked_rows(self.target, rows, needs_value=False)
        if checked.empty:
            return pd.DataFrame(columns=PREDICTION_COLUMNS, index=rows.index)
        names = pd.Series([self.require_series(name) for name in series_of(self.target, checked)])
        parts = [self.series[name].predict(checked[names == name]) for name in names.unique()]
        return pd.concat(parts).sort_index().set_axis(rows.index, axis=0)

    def basis(self) -> dict[str, dict[str, dict]]:
        """Return how the intervals of each series and view were found out, in words and numbers (None: infinite)."""
        return {
            name: {view_name: _basis(view.calibration) for view_name, view in series.views.items()}
            for name, series in self.series.items()
        }


def fit(
    target: str, rows: pd.DataFrame, seed: int = 0, recipe: Recipe | None = None, helper: Ensemble | None = None
) -> FittedModel:
    """
    Fit the recipe of a target to measured rows, one model for each series.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame
        Row frame of the target with ``value``; viability rows carry ``components``.
    seed : int
        Fixes all randomness: equal rows and seed give bit-equal predictions.
    recipe : Recipe, optional
        Another recipe for the same target.
    helper : Ensemble, optional
        Predicts the optional property where it is not measured (see `helpers.fitted_helper`); without it that
        property is learned from `rows` and used only where it is measured.

    Returns
    -------
    FittedModel
        Ready to predict and to be saved.

    Raises
    ------
    InputError
        If there is no row, or a row lacks what the target needs.

    References
    ----------
    .. [1] Galeazzo, T. and Shiraiwa, M. (2022). Environ. Sci. Atmos. 2, 362-374. 10.1039/D1EA00090J
    """
    recipe = recipe or recipe_for(target)
    checked = checked_rows(target, rows, needs_value=True)
    if checked.empty:
        msg = f"there is no row to fit a {target} model to; load measured rows first"
        raise InputError(msg)
    names = pd.Series(series_of(target, checked))
    parts = {name: checked[names == name].reset_index(drop=True) for name in sorted(names.unique())}
    return FittedModel(target, seed, {name: _series_model(recipe, part, seed, helper) for name, part in parts.items()})


def row_identities(target: str, rows: pd.DataFrame) -> list[str]:
    """Return by what rows are recognised: connectivity, or recipe with cell, assay and protocol."""
    if target_named(target).subject == "smiles":
        return connectivities(rows)
    columns = ["cell", "assay", "endpoint"]
    conditions = zip(*(rows[name] for name in columns), *(numbers(rows, name) for name in PROTOCOL), strict=True)
    return [
        repr((composition(components), *map(str, condition)))
        for components, condition in zip(rows["components"], conditions, strict=True)
    ]


def _basis(calibration: Calibration) -> dict:
    facts = calibration.as_json() | {"basis": calibration.basis}
    return {name: None if isinstance(item, float) and not np.isfinite(item) else item for name, item in facts.items()}


def _series_model(recipe: Recipe, rows: pd.DataFrame, seed: int, helper: Ensemble | None) -> SeriesModel:
    schema = feature_schema(recipe.target, rows)
    recipe = recipe.placed(schema.columns)
    matrix, values = feature_matrix(schema, rows), numbers(rows, "value")
    nothing = np.full(len(values), np.nan)
    known = Known(matrix, nothing, values, groups(recipe.target, rows), helper)
    views = {PLAIN: _view(recipe, known, seed)}
    if recipe.optional_property:
        extra = numbers(rows, recipe.optional_property)
        if np.isfinite(extra).sum() >= recipe.minimum_rows:
            views[recipe.optional_property] = _view(recipe, replace(known, extra=extra), seed)
    ranges = [name for name in (recipe.optional_property, "concentration_millimolar") if name]
    return SeriesModel(
        schema=schema,
        views=views,
        domain=molecule_domain(rows, ranges) if recipe.molecule_features else recipe_domain(rows),
        identities=tuple(sorted(set(row_identities(recipe.target, rows)))),
    )


@dataclass(frozen=True)
class Known:
    """Training rows of one view: features, optional property (NaN where unknown), values and groups."""

    matrix: NDArray[np.float64]
    extra: NDArray[np.float64]
    values: NDArray[np.float64]
    group: NDArray[np.int64]
    helper: Ensemble | None

    def part(self, chosen: NDArray[np.bool_]) -> "Known":
        """Return some of the rows."""
        return Known(self.matrix[chosen], self.extra[chosen], self.values[chosen], self.group[chosen], self.helper)


def _view(recipe: Recipe, known: Known, seed: int) -> View:
    """Fit on all rows; calibrate on out-of-fold errors of the rows that this view would be asked about."""
    enough = len(known.values) >= recipe.minimum_rows
    ensembles = (recipe.members, *recipe.alternatives) if enough else ((),)
    transform = recipe.transform if enough else AS_MEASURED  # the mean alone is that of the values themselves
    bounds, known = _bounds(recipe, known.values), replace(known, values=transform.forward(known.values))
    folds = _calibration_folds(recipe, known.group, seed)
    tried = [_out_of_fold(members, known, folds, seed) for members in ensembles]
    squared = np.array([np.sum(errors[np.isfinite(errors)] ** 2) for errors, _ in tried])
    choice = int(np.argmin(squared * np.where(np.arange(len(squared)) > 0, _ALTERNATIVE_PENALTY, 1.0)))
    errors, spread = tried[choice]
    scored = np.isfinite(errors)
    calibration = calibrated(errors[scored], spread[scored], folds[scored], known.group[scored], bounds)
    return View(_learned(ensembles[choice], known, seed), calibration, transform, choice)


def _out_of_fold(
    members: tuple[Member, ...], known: Known, folds: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Absolute error and spread of each row that is asked about, NaN for the others."""
    asked = np.isfinite(known.extra) if np.isfinite(known.extra).any() else np.ones(len(folds), dtype=bool)
    errors, spread = np.full(len(folds), np.nan), np.full(len(folds), np.nan)
    for fold in np.unique(folds[folds >= 0]):
        held_out = (folds == fold) & asked
        if not held_out.any():
            continue
        learned = _learned(members, known.part(folds != fold), seed)
        value, spread[held_out] = learned.predict(known.matrix[held_out], known.extra[held_out])
        errors[held_out] = np.abs(value - known.values[held_out])
    return errors, spread


def _calibration_folds(recipe: Recipe, group: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Fold of each row, or -1 everywhere if all rows are one group and nothing can be held out fairly."""
    if len(np.unique(group)) < 2:
        return np.full(len(group), -1, dtype=np.int64)
    return grouped_assignment(group, recipe.calibration_folds, [seed, recipe.calibration_folds])


def _learned(members: tuple[Member, ...], known: Known, seed: int) -> Learned:
    imputer = known.helper or _imputer(known, seed)
    completed = _completed(known.matrix, known.extra, imputer)
    return Learned(fitted_ensemble(members, completed, known.values, seed), imputer)


def _imputer(known: Known, seed: int) -> Ensemble | None:
    """Learn the optional property from the rows themselves, for want of a helper that knows other molecules."""
    measured = np.isfinite(known.extra)
    return fitted_ensemble(_IMPUTER, known.matrix[measured], known.extra[measured], seed) if measured.any() else None


def _completed(
    matrix: NDArray[np.float64], extra: NDArray[np.float64], imputer: Ensemble | None
) -> NDArray[np.float64]:
    """Append the optional property, predicted where unknown, and a mask that says where it is measured."""
    if imputer is None:
        return matrix
    measured = np.isfinite(extra)
    filled = np.where(measured, extra, imputer.predict(matrix)[0])
    return np.column_stack([matrix, filled, measured.astype(np.float64)])


def _bounds(recipe: Recipe, values: NDArray[np.float64]) -> tuple[float, float]:
    """Plausible range, widened to the training values where a lab measured beyond it; for a logit 0 to 1, widened."""
    if recipe.transform.kind == LOGIT:
        return min(0.0, float(values.min())), max(1.0, float(values.max()))
    target = target_named(recipe.target)
    return min(target.plausible_lower, float(values.min())), max(target.plausible_upper, float(values.max()))
