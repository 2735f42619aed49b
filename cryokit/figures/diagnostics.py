"""Figures that show where and how a model errs, each with a sentence that says the same."""

import holoviews as hv
import numpy as np
import pandas as pd
from scipy.stats import norm

from cryokit.domain import target_named
from cryokit.figures import (
    _COMMON,
    _LEGEND_BELOW,
    BLUE,
    GREY,
    _by_inside,
    _diagonal,
    _hover,
    evaluation_table,
    formatted,
)
from cryokit.validation.reliability import coverage_curve

_BINS = 24
_SAME_WIDTH = 1e-9
_ASIDE = 0.1
"""How far from zero the middle error must be, in distances of the quartiles, to be called one-sided."""
_SPREAD_OF_QUARTILES = 1.349
"""Distance of the quartiles of a normal distribution, in standard deviations."""


def residual_histogram(rows: pd.DataFrame, target: str) -> hv.Overlay:
    """
    How often which error occurs, and no error as a line.

    Parameters
    ----------
    rows : DataFrame
        Rows of an evaluation: measured, value, lower, upper in the unit of `target`.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Overlay
        Bars and a line.
    """
    counts, edges = np.histogram(evaluation_table(rows, target)["residual"].dropna(), bins=_BINS)
    bars = hv.Histogram((edges, counts), kdims="residual", vdims="rows")
    line = hv.VLine(0).opts(color=GREY, line_dash="dashed", line_width=1, backend="bokeh")
    return (bars.opts(color=BLUE, line_color=None, tools=["hover"], backend="bokeh") * line).opts(
        xlabel=f"measured minus predicted ({target_named(target).unit})", ylabel="rows", backend="bokeh", **_COMMON
    )


def normal_quantiles(rows: pd.DataFrame, target: str) -> hv.Overlay:
    """
    Errors against those of a normal distribution of the same middle and quartiles (Q-Q).

    Parameters
    ----------
    rows : DataFrame
        Rows of an evaluation: measured, value, lower, upper in the unit of `target`.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Overlay
        Points and the line on which a normal distribution lies.
    """
    table = evaluation_table(rows, target).dropna(subset=["residual"]).sort_values("residual", ignore_index=True)
    quarter, middle, three_quarters = table["residual"].quantile([0.25, 0.5, 0.75])
    places = (np.arange(len(table)) + 0.5) / max(len(table), 1)
    expected = middle + norm.ppf(places) * (three_quarters - quarter) / _SPREAD_OF_QUARTILES
    ends = (expected.min(), expected.max()) if len(table) else (0.0, 1.0)
    line = _diagonal(*ends, "expected", "residual", "normal distribution")
    hover = _hover(target, ("measured", "measured"), ("predicted", "value"), ("error", "residual"))
    points = _by_inside(table.assign(expected=expected), "expected", "residual", hover)
    unit = target_named(target).unit
    return (line * points).opts(
        xlabel=f"error if errors were normal ({unit})",
        ylabel=f"measured minus predicted ({unit})",
        backend="bokeh",
        **_LEGEND_BELOW,
        **_COMMON,
    )


def residuals_text(rows: pd.DataFrame, target: str) -> str:
    """Say in one sentence how errors lie."""
    errors = evaluation_table(rows, target)["residual"].dropna()
    if errors.empty:
        return "There are no errors to show."
    unit = target_named(target).unit
    quarter, middle, three_quarters = errors.quantile([0.25, 0.5, 0.75])
    is_aside = abs(middle) > _ASIDE * (three_quarters - quarter)
    side = ("rather too low" if middle > 0 else "rather too high") if is_aside else "neither too low nor too high"
    return (
        f"Half of the errors lie between {formatted(quarter, target)} and {formatted(three_quarters, target)} {unit}; "
        f"the middle one is {formatted(middle, target)} {unit}, so predictions are {side}."
    )


def reliability(rows: pd.DataFrame) -> hv.Overlay:
    """
    Measured coverage of intervals of several levels, and where it should be.

    Parameters
    ----------
    rows : DataFrame
        Rows of an evaluation with their folds.

    Returns
    -------
    holoviews.Overlay
        Points joined by a line, and the diagonal.
    """
    curve = 100 * coverage_curve(rows)
    right = _diagonal(0, 100, "level", "coverage", "as promised")
    found = hv.Curve(curve, "level", "coverage", label="measured")
    points = hv.Scatter(curve, "level", "coverage").opts(size=8, color=BLUE, tools=["hover"], backend="bokeh")
    return (right * found.opts(color=BLUE, backend="bokeh") * points).opts(
        xlabel="promised coverage (%)",
        ylabel="measured coverage (%)",
        legend_position="bottom_right",
        backend="bokeh",
        **_COMMON,
    )


def reliability_text(rows: pd.DataFrame) -> str:
    """Say in one sentence how far coverage is from what is promised."""
    curve = coverage_curve(rows)
    if curve.empty:
        return "There are too few rows to say how intervals of other levels would do."
    worst = curve.loc[(curve["coverage"] - curve["level"]).abs().idxmax()]
    return (
        f"At every level measured and promised coverage differ by at most "
        f"{100 * abs(worst['coverage'] - worst['level']):.0f} points (at {100 * worst['level']:.0f} %)."
    )


def width_against_error(rows: pd.DataFrame, target: str) -> hv.Overlay:
    """
    Size of the error against half the width of its interval: above the line the interval missed.

    Parameters
    ----------
    rows : DataFrame
        Rows of an evaluation: measured, value, lower, upper in the unit of `target`.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Overlay
        Points and the line on which error and half width are equal.
    """
    table = evaluation_table(rows, target)
    table = table.assign(half_width=(table["upper"] - table["lower"]) / 2, error=table["residual"].abs())
    end = float(table["half_width"].max()) if len(table) else 1.0
    hover = _hover(target, ("half width", "half_width"), ("error", "error"), ("measured", "measured"))
    line = _diagonal(0.0, end, "half_width", "error", "error = half width")
    unit = target_named(target).unit
    return (line * _by_inside(table, "half_width", "error", hover)).opts(
        xlabel=f"half width of the 90 % interval ({unit})",
        ylabel=f"size of the error ({unit})",
        backend="bokeh",
        **_LEGEND_BELOW,
        **_COMMON,
    )


def width_against_error_text(rows: pd.DataFrame, target: str) -> str:
    """Say in one sentence whether wide intervals go with large errors."""
    table = evaluation_table(rows, target)
    width, error = table["upper"] - table["lower"], table["residual"].abs()
    if np.ptp(width) < _SAME_WIDTH * width.max():
        return "All intervals are equally wide."
    rank = width.corr(error, method="spearman")
    return f"Width of interval and size of error have the rank correlation {rank:.2f} (0: unrelated, 1: in step)."
