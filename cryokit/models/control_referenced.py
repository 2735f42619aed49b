"""Predictions of one study, shifted by what its own control wells say about the study."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cryokit.chemistry.concentration import is_carrier
from cryokit.domain import CONFIDENCE, Component
from cryokit.errors import InputError
from cryokit.models.columns import numbers
from cryokit.models.estimators import fitted_ensemble
from cryokit.models.features import checked_rows, feature_matrix, feature_schema
from cryokit.models.fitted import FittedModel
from cryokit.models.groups import composition, grouped_assignment, series_of
from cryokit.models.intervals import finite_sample_quantile
from cryokit.models.targets import Recipe, recipe_for
from cryokit.models.transforms import Transform

TARGET = "viability"
CONTROLS = 2
"""Control wells that a new study needs at least, and that each training study gives."""
MINIMUM_STUDIES = 5
"""Training studies with controls and other rows, below which nothing can be said about how far controls carry."""

REFERENCED_COLUMNS = ["value", "lower", "upper", "confidence", "shift"]

_DMSO = "IAZDPXIOMUYVGZ"  # connectivity of dimethyl sulfoxide
_CONTROL_PERCENT = 10.0


@dataclass(frozen=True)
class ControlReference:
    """How far the residuals of a study's controls carry over to its other rows, learned from training studies."""

    between: float
    """Variance among studies that controls and other rows share, on the scale of `transform`."""
    within: float
    """Variance of one control's residual beyond that, on the same scale."""
    centre: float
    """Mean residual of controls over the training studies."""
    quantile: float
    """Half width of the 90 % interval on that scale; infinite if there were too few rows."""
    transform: Transform
    lower_bound: float
    upper_bound: float
    n_studies: int
    n_rows: int

    def shrinkage(self, n_controls: int) -> float:
        """
        Share of the controls' mean residual that is passed on to the study.

        Parameters
        ----------
        n_controls : int
            Number of control wells, at least 1.

        Returns
        -------
        float
            From 0 (controls say nothing about the rest) to 1.

        References
        ----------
        .. [1] Robinson, G. K. (1991). Stat. Sci. 6, 15-32. 10.1214/ss/1177011926

        Examples
        --------
        >>> ControlReference(1.0, 2.0, 0.0, 1.0, Transform("logit"), 0.0, 1.0, 9, 40).shrinkage(2)
        0.5
        """
        total = self.between + self.within / n_controls
        return self.between / total if total > 0 else 0.0

    def shift(self, residuals: NDArray[np.float64]) -> float:
        """
        Shift of a study from the residuals of its controls.

        Parameters
        ----------
        residuals : ndarray of shape (n_controls,)
            Measured minus predicted, on the scale of `transform`.

        Returns
        -------
        float
            On the same scale, shrunken towards 0.

        References
        ----------
        .. [1] Robinson, G. K. (1991). Stat. Sci. 6, 15-32. 10.1214/ss/1177011926
        """
        return self.shrinkage(len(residuals)) * (float(np.mean(residuals)) - self.centre)


def control_rows(rows: pd.DataFrame, study: Sequence[str] | None = None) -> NDArray[np.bool_]:
    """
    Choose the control wells of each study by rule: never by what was measured.

    Parameters
    ----------
    rows : DataFrame of n rows
        Rows with ``components`` and, unless `study` is given, ``source``.
    study : sequence of str, optional
        Study of each row.

    Returns
    -------
    ndarray of shape (n,)
        Two controls in each study of at least three rows: 10 % DMSO without other solutes first, then the
        formulation with most rows, then the order of the rows.

    Examples
    --------
    >>> recipes = [(Component("a", 1.0, "% w/v"),), (), ()]
    >>> control_rows(pd.DataFrame({"components": recipes, "source": "one"})).tolist()
    [False, True, True]
    """
    studies = pd.Series(list(rows["source"] if study is None else study))
    keys = pd.Series([composition(components) for components in rows["components"]])
    repeats = keys.groupby([studies, keys]).transform("size")
    rank = [
        (not _is_dmso_control(components), -count, place)
        for place, (components, count) in enumerate(zip(rows["components"], repeats, strict=True))
    ]
    chosen = np.zeros(len(rows), dtype=bool)
    for _, places in studies.groupby(studies):
        if len(places) > CONTROLS:
            chosen[sorted(places.index, key=rank.__getitem__)[:CONTROLS]] = True
    return chosen


def control_reference(rows: pd.DataFrame, seed: int = 0, recipe: Recipe | None = None) -> ControlReference:
    """
    Learn from training studies how far controls carry over, and how wide intervals must be.

    Residuals are out of fold, whole studies held out. In each study two controls are chosen by `control_rows`; the
    covariance of their mean with the mean of the study's other rows is the variance that both share.

    Parameters
    ----------
    rows : DataFrame
        Training rows of one series with ``components``, ``value`` and ``source``.
    seed : int
        Fixes folds and estimators.
    recipe : Recipe, optional
        Another recipe for viability than the declared one.

    Returns
    -------
    ControlReference
        For `referenced_predictions`.

    Raises
    ------
    InputError
        If the rows are of several series or of fewer than 5 studies of at least three rows.

    References
    ----------
    .. [1] Searle, S. R., Casella, G. and McCulloch, C. E. (1992). Variance Components. ISBN 9780471621621.
    .. [2] Lei, J. et al. (2018). J. Am. Stat. Assoc. 113, 1094-1111. 10.1080/01621459.2017.1307116
    """
    recipe = recipe or recipe_for(TARGET)
    checked = _one_series(checked_rows(TARGET, rows, needs_value=True))
    study = checked["source"].to_numpy(dtype=str)
    controls = control_rows(checked, study)
    others = np.isin(study, np.unique(study[controls])) & ~controls
    if len(np.unique(study[others])) < MINIMUM_STUDIES:
        msg = (
            f"{len(np.unique(study[others]))} training studies have at least {CONTROLS + 1} rows; at least "
            f"{MINIMUM_STUDIES} are needed to learn how far controls carry over"
        )
        raise InputError(msg)
    residual = _out_of_fold_residuals(recipe, checked, study, seed)
    between, within, centre = _components(residual, study, controls, others)
    values = numbers(checked, "value")
    known = ControlReference(
        between,
        within,
        centre,
        math.inf,
        recipe.transform,
        min(0.0, float(values.min())),
        max(1.0, float(values.max())),
        len(np.unique(study[others])),
        int(others.sum()),
    )
    errors = np.concatenate(
        [
            np.abs(residual[others & (study == name)] - known.shift(residual[controls & (study == name)]))
            for name in np.unique(study[others])
        ]
    )
    return ControlReference(**vars(known) | {"quantile": finite_sample_quantile(errors)})


def referenced_predictions(
    model: FittedModel, reference: ControlReference, rows: pd.DataFrame, controls: ArrayLike
) -> pd.DataFrame:
    """
    Predict the rows of one study, shifted by its own controls.

    Parameters
    ----------
    model : FittedModel
        Viability model that has not seen the study.
    reference : ControlReference
        Learned from studies that do not include this one.
    rows : DataFrame of n rows
        Rows of one study and series; the controls have a measured ``value``.
    controls : array_like of bool, shape (n,)
        Which rows are the controls; at least two.

    Returns
    -------
    DataFrame of n rows
        ``value``, ``lower`` and ``upper`` (fraction of control), ``confidence`` and ``shift`` (on the scale of the
        model), with the index of `rows`. The interval is that of rows that are no controls.

    Raises
    ------
    InputError
        If there are fewer than two controls, a control has no measured value, or rows are of several studies.

    References
    ----------
    .. [1] Robinson, G. K. (1991). Stat. Sci. 6, 15-32. 10.1214/ss/1177011926
    """
    marked = _checked_controls(rows, controls)
    predicted = reference.transform.forward(model.predict(rows)["value"].to_numpy(dtype=np.float64))
    measured = reference.transform.forward(numbers(rows, "value")[marked])
    shift = reference.shift(measured - predicted[marked])
    value = predicted + shift
    lower, upper = reference.transform.interval(value - reference.quantile, value + reference.quantile)
    return pd.DataFrame(
        {
            "value": np.clip(reference.transform.inverse(value), reference.lower_bound, reference.upper_bound),
            "lower": np.clip(lower, reference.lower_bound, reference.upper_bound),
            "upper": np.clip(upper, reference.lower_bound, reference.upper_bound),
            "confidence": CONFIDENCE,
            "shift": shift,
        },
        index=rows.index,
    )


def _checked_controls(rows: pd.DataFrame, controls: ArrayLike) -> NDArray[np.bool_]:
    marked = np.asarray(controls, dtype=bool)
    if marked.shape != (len(rows),):
        msg = f"controls must say of each of the {len(rows)} rows whether it is one, but has shape {marked.shape}"
        raise InputError(msg)
    if marked.sum() < CONTROLS:
        msg = f"{marked.sum()} control wells came; at least {CONTROLS} measured ones of the same study are needed"
        raise InputError(msg)
    if not np.isfinite(numbers(rows, "value")[marked]).all():
        msg = "a control has no measured value; give the value of every control as a fraction, for example 0.8"
        raise InputError(msg)
    if "source" in rows and rows["source"].nunique(dropna=False) > 1:
        msg = f"rows of {rows['source'].nunique(dropna=False)} studies came; controls hold for one study at a time"
        raise InputError(msg)
    _one_series(rows)
    return marked


def _one_series(rows: pd.DataFrame) -> pd.DataFrame:
    if len(found := sorted(set(series_of(TARGET, rows)))) != 1:
        msg = f"rows of {len(found)} series came ({', '.join(found)}); give those of one, they are never merged"
        raise InputError(msg)
    return rows


def _is_dmso_control(components: Sequence[Component]) -> bool:
    solutes = [part for part in components if not is_carrier(part)]
    return (
        len(solutes) == 1
        and solutes[0].molecule is not None
        and solutes[0].molecule.connectivity == _DMSO
        and solutes[0].unit.startswith("%")
        and math.isclose(solutes[0].amount, _CONTROL_PERCENT)
    )


def _out_of_fold_residuals(
    recipe: Recipe, rows: pd.DataFrame, study: NDArray[np.str_], seed: int
) -> NDArray[np.float64]:
    """Measured minus predicted on the scale of the recipe, each study predicted from the others."""
    measured = recipe.transform.forward(numbers(rows, "value"))
    codes = np.unique(study, return_inverse=True)[1]
    folds = grouped_assignment(codes, recipe.calibration_folds, [seed, recipe.calibration_folds])
    residual = np.empty(len(rows))
    for fold in np.unique(folds):
        inside, held_out = folds != fold, folds == fold
        schema = feature_schema(TARGET, rows[inside])
        learned = fitted_ensemble(recipe.members, feature_matrix(schema, rows[inside]), measured[inside], seed)
        residual[held_out] = measured[held_out] - learned.predict(feature_matrix(schema, rows[held_out]))[0]
    return residual


def _components(
    residual: NDArray[np.float64], study: NDArray[np.str_], controls: NDArray[np.bool_], others: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Variance shared by controls and others, variance of one control beyond it, and the controls' mean residual."""
    names = np.unique(study[others])
    of_controls = np.array([residual[controls & (study == name)].mean() for name in names])
    of_others = np.array([residual[others & (study == name)].mean() for name in names])
    shared = max(float(np.cov(of_controls, of_others)[0, 1]), 0.0)
    own = max(float(of_controls.var(ddof=1)) - shared, 0.0)
    return shared, CONTROLS * own, float(of_controls.mean())
