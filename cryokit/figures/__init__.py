"""
Table -> HoloViews element, each with a sentence that says the same.

Labels, units and decimals come from the target, colours from one palette that colour-blind readers can tell apart
(Okabe and Ito, https://jfly.uni-koeln.de/color/; their blue is lightened until it shows on dark pages too); what
colour says is also said by shape or words.
"""

import html
import math
from collections.abc import Mapping
from functools import lru_cache

import holoviews as hv
import numpy as np
import pandas as pd
from bokeh.models import HoverTool
from holoviews.plotting import bokeh as _renderer  # noqa: F401  registers the options that are set below
from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D

from cryokit.chemistry.molecules import parse
from cryokit.domain import Target, target_named
from cryokit.errors import InputError

BLUE, VERMILLION, GREEN, ORANGE, GREY = "#2E8BC9", "#D55E00", "#009E73", "#E69F00", "#808890"
PALETTE = (BLUE, ORANGE, GREEN, VERMILLION, GREY)
"""Colours of series, in this order."""

_COMMON = {
    "responsive": True,
    "min_height": 520,
    "toolbar": "above",
    "default_tools": ["pan", "box_zoom", "wheel_zoom", "save", "reset"],
    "active_tools": [],  # a wheel or finger that only passes over a chart scrolls the page
    "show_grid": True,
    "gridstyle": {"grid_line_alpha": 0.25},
    # The page shows through, so that one figure fits light and dark.
    "backend_opts": {"plot.toolbar.logo": None, "plot.background_fill_alpha": 0, "plot.border_fill_alpha": 0},
}
_LEGEND_BELOW = {"legend_position": "bottom", "legend_cols": 1}
_SMALLEST_STEP = 1e-9


def decimals(target: str) -> int:
    """Return how many decimals a value of `target` is shown with."""
    specification = target_named(target)
    return 3 if specification.plausible_upper - specification.plausible_lower <= 10 else 1  # noqa: PLR2004  a fraction


def formatted(value: float | None, target: str) -> str:
    """Return `value` with the decimals of `target`, without the unit."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.{decimals(target)}f}"


def axis_label(target: str, what: str) -> str:
    """
    Return the label of an axis: what is shown, of which quantity, in which unit.

    Examples
    --------
    >>> axis_label("tg", "measured")
    'measured glass transition temperature (K)'
    """
    specification = target_named(target)
    return f"{what} {specification.title.lower()} ({specification.unit})"


def _with_columns(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    missing = [name for name in columns if name not in rows]
    if missing:
        msg = f"the table needs the columns {', '.join(columns)}, but {', '.join(missing)} is missing"
        raise InputError(msg)
    return rows


def _names(rows: pd.DataFrame, target: Target) -> pd.Series:
    subjects = rows[target.subject] if target.subject in rows else pd.Series("", index=rows.index)
    return subjects if "name" not in rows else rows["name"].fillna(subjects)


def _is_inside(rows: pd.DataFrame) -> pd.Series:
    return (rows["lower"] <= rows["measured"]) & (rows["measured"] <= rows["upper"])


def _share(count: int, total: int) -> str:
    return f"{count} of {total} ({100 * count / total:.0f} %)"


def _hover(target: str, *columns: tuple[str, str]) -> HoverTool:
    number, unit = f"{{0.{'0' * decimals(target)}}}", target_named(target).unit
    tooltips = [("", "@name")]
    tooltips += [(label, f"@{column}{number} {unit}") for label, column in columns]
    return HoverTool(tooltips=tooltips)


def evaluation_table(rows: pd.DataFrame, target: str) -> pd.DataFrame:
    """
    Return what is drawn of an evaluation: name, measured, value, lower, upper, residual, inside.

    Parameters
    ----------
    rows : DataFrame of shape (n_rows, ...)
        Columns measured, value, lower, upper in the unit of `target`, and name, smiles or recipe.
    target : str
        Name of the target.

    Returns
    -------
    DataFrame of shape (n_rows, 7)
        residual is measured minus value, in the unit of `target`; inside says whether the interval holds the
        measured value.

    Raises
    ------
    InputError
        If a column is missing.
    """
    _with_columns(rows, "measured", "value", "lower", "upper")
    table = rows[["measured", "value", "lower", "upper"]].astype(float)
    table.insert(0, "name", _names(rows, target_named(target)))
    return table.assign(residual=table["measured"] - table["value"], inside=_is_inside(table)).reset_index(drop=True)


def _by_inside(table: pd.DataFrame, x: str, y: str, hover: HoverTool) -> hv.Overlay:
    """Two kinds of points: interval holds the measured value (dots), or not (crosses)."""
    kinds = (
        (True, "inside its interval", {"color": BLUE, "marker": "circle", "size": 7, "alpha": 0.75}),
        (False, "outside its interval", {"color": VERMILLION, "marker": "x", "size": 9, "line_width": 2}),
    )
    hovered = [name for name in table.columns if name not in (x, y)]
    points = [
        hv.Points(table[table["inside"] == inside], [x, y], hovered, label=label).opts(
            tools=[hover], backend="bokeh", **style
        )
        for inside, label, style in kinds
    ]
    return hv.Overlay(points)


def _diagonal(low: float, high: float, x: str, y: str, label: str) -> hv.Curve:
    """Dashed line on which both axes say the same."""
    line = hv.Curve([(low, low), (high, high)], x, y, label=label)
    return line.opts(color=GREY, line_dash="dashed", backend="bokeh")


def predicted_against_measured(rows: pd.DataFrame, target: str) -> hv.Overlay:
    """
    Predicted against measured values, each with its interval, and the line where both are equal.

    Parameters
    ----------
    rows : DataFrame of shape (n_rows, ...)
        Rows of an evaluation: measured, value, lower, upper in the unit of `target`.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Overlay
        Line, intervals and points; axis labels carry the unit.

    Raises
    ------
    InputError
        If a column is missing.
    """
    table = evaluation_table(rows, target)
    ends = table[["measured", "value"]].to_numpy()
    low, high = (np.nanmin(ends), np.nanmax(ends)) if len(table) else (0.0, 1.0)
    hover = _hover(target, ("measured", "measured"), ("predicted", "value"), ("from", "lower"), ("to", "upper"))
    line = _diagonal(low, high, "measured", "value", "predicted = measured")
    intervals = hv.Segments(table.assign(end=table["measured"]), ["measured", "lower", "end", "upper"])
    overlay = (
        intervals.opts(color=GREY, alpha=0.35, line_width=1.2, backend="bokeh")
        * line
        * _by_inside(table, "measured", "value", hover)
    )
    return overlay.opts(
        xlabel=axis_label(target, "measured"),
        ylabel=axis_label(target, "predicted"),
        padding=0.05,
        backend="bokeh",
        **_LEGEND_BELOW,
        **_COMMON,
    )


def predicted_against_measured_text(rows: pd.DataFrame, target: str) -> str:
    """Say in one sentence what `predicted_against_measured` shows."""
    table = evaluation_table(rows, target)
    if table.empty:
        return "There are no evaluated rows to show."
    specification = target_named(target)
    worst = table.loc[table["residual"].abs().idxmax()]
    return (
        f"{_share(int(table['inside'].sum()), len(table))} measured values lie inside their prediction interval; "
        f"the largest error is {formatted(abs(worst['residual']), target)} {specification.unit}, for {worst['name']}."
    )


def residuals(rows: pd.DataFrame, target: str) -> hv.Overlay:
    """
    Measured minus predicted, against predicted.

    Parameters
    ----------
    rows : DataFrame of shape (n_rows, ...)
        Rows of an evaluation: measured, value, lower, upper in the unit of `target`.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Overlay
        Points and the line of no error; axis labels carry the unit.

    Raises
    ------
    InputError
        If a column is missing.
    """
    table = evaluation_table(rows, target)
    hover = _hover(target, ("measured", "measured"), ("predicted", "value"), ("error", "residual"))
    points = _by_inside(table, "value", "residual", hover)
    line = hv.HLine(0).opts(color=GREY, line_dash="dashed", line_width=1, backend="bokeh")
    return (line * points).opts(
        xlabel=axis_label(target, "predicted"),
        ylabel=f"measured minus predicted ({target_named(target).unit})",
        backend="bokeh",
        **_COMMON,
    )


def metric_table(metrics: Mapping[str, float], baselines: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """
    Return the metrics of a model beside those of its trivial baselines, one row each.

    Parameters
    ----------
    metrics : mapping of str to float
        mae, rmse, r2, spearman, coverage_90, mean_width_90, n of the model.
    baselines : mapping of str to mapping
        The same metrics by name of the baseline.

    Returns
    -------
    DataFrame of shape (1 + n_baselines, 8)
        Columns predictor, mae, rmse, r2, spearman, coverage_90, mean_width_90, n; NaN where a metric is not known.
    """
    names = ["mae", "rmse", "r2", "spearman", "coverage_90", "mean_width_90", "n"]
    rows = [{"predictor": "model"} | {name: metrics.get(name) for name in names}]
    rows += [{"predictor": key} | {name: item.get(name) for name in names} for key, item in baselines.items()]
    table = pd.DataFrame(rows, columns=["predictor", *names])
    return table.astype(dict.fromkeys(names, float))


def baseline_bars(metrics: Mapping[str, float], baselines: Mapping[str, Mapping[str, float]], target: str) -> hv.Bars:
    """
    Mean absolute error of a model beside its trivial baselines.

    Parameters
    ----------
    metrics : mapping of str to float
        Metrics of the model, with mae in the unit of `target`.
    baselines : mapping of str to mapping
        The same metrics by name of the baseline.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Bars
        One bar for each predictor; the axis carries the unit.
    """
    table = metric_table(metrics, baselines)[["predictor", "mae", "n"]].dropna(subset="mae")
    table["colour"] = [BLUE if name == "model" else GREY for name in table["predictor"]]
    number = f"{{0.{'0' * decimals(target)}}}"
    hover = HoverTool(
        tooltips=[("", "@predictor"), ("error", f"@mae{number} {target_named(target).unit}"), ("n", "@n")]
    )
    return hv.Bars(table, "predictor", ["mae", "n", "colour"]).opts(
        color="colour",
        xlabel="",
        ylabel=f"mean absolute error ({target_named(target).unit})",
        tools=[hover],
        backend="bokeh",
        **_COMMON,
    )


def table_bars(tables: pd.DataFrame) -> hv.Bars:
    """
    Rows of each table of the database.

    Parameters
    ----------
    tables : DataFrame
        Columns name, rows and bytes.

    Returns
    -------
    holoviews.Bars
        One bar for each table.
    """
    table = tables[["name", "rows", "bytes"]].sort_values("rows")
    hover = HoverTool(tooltips=[("", "@name"), ("rows", "@rows{0,0}"), ("bytes", "@bytes{0.0 b}")])
    return hv.Bars(table, "name", ["rows", "bytes"]).opts(
        color=BLUE, invert_axes=True, xlabel="", ylabel="rows", tools=[hover], backend="bokeh", **_COMMON
    )


_SEVERITIES = {"error": (VERMILLION, "solid", "square"), "warning": (ORANGE, "dashed", "triangle")}
_SEVERITIES["info"] = (BLUE, "dotted", "circle")


def health_history(history: pd.DataFrame) -> hv.Overlay:
    """
    Findings of each check of the database over time, a line for each severity.

    Parameters
    ----------
    history : DataFrame of shape (n_checks, ...)
        Columns checked_at (ISO 8601, UTC), status, error, warning and info.

    Returns
    -------
    holoviews.Overlay
        Lines and markers that differ in colour, dash and shape.
    """
    table = _with_columns(history, "checked_at", "status", *_SEVERITIES).copy()
    table["checked_at"] = pd.to_datetime(table["checked_at"], utc=True).dt.tz_localize(None)
    lines = []
    for severity, (colour, dash, marker) in _SEVERITIES.items():
        points = table[["checked_at", severity, "status"]].rename(columns={severity: "count"})
        hover = HoverTool(
            tooltips=[("checked (UTC)", "@checked_at{%F %H:%M}"), (severity, "@count"), ("status", "@status")],
            formatters={"@checked_at": "datetime"},
        )
        line = hv.Curve(points, "checked_at", "count", label=severity)
        dots = hv.Scatter(points, "checked_at", ["count", "status"], label=severity)
        lines += [
            line.opts(color=colour, line_dash=dash, line_width=2, backend="bokeh"),
            dots.opts(color=colour, marker=marker, size=9, tools=[hover], backend="bokeh"),
        ]
    most = max(1, int(table[list(_SEVERITIES)].to_numpy(dtype=float).max(initial=0)))
    return hv.Overlay(lines).opts(
        xlabel="checked at (UTC)",
        ylabel="findings",
        ylim=(-0.05 * most, 1.15 * most),
        legend_position="top_left",
        backend="bokeh",
        **_COMMON | {"min_height": 320},
    )


def health_history_text(history: pd.DataFrame) -> str:
    """Say in one sentence what `health_history` shows."""
    if history.empty:
        return "The database has not been checked yet."
    last, first = history.iloc[-1], history.iloc[0]["checked_at"][:10]
    counts = ", ".join(f"{int(last[name])} {name}" for name in _SEVERITIES)
    runs = "1 check" if len(history) == 1 else f"{len(history)} checks"
    return f"{runs} since {first}; the newest, at {last['checked_at'][:16].replace('T', ' ')} UTC, found {counts}."


def interval_plot(predictions: pd.DataFrame) -> hv.Overlay:
    """
    Predicted values of one target with their intervals, one line for each item.

    Parameters
    ----------
    predictions : DataFrame of shape (n_items, ...)
        Columns target, value, lower, upper, in_domain, and smiles or recipe; name when known.

    Returns
    -------
    holoviews.Overlay
        Intervals and points; crosses lie outside the model's domain.

    Raises
    ------
    InputError
        If a column is missing or there is not exactly one target.
    """
    target = _only_target(predictions)
    labels = _names(predictions, target_named(target)).astype(str).str.slice(0, 40)
    table = predictions[["value", "lower", "upper", "in_domain"]].assign(name=labels).reset_index(drop=True)
    table["item"] = [f"{position + 1}. {name}" for position, name in enumerate(table["name"])]
    hover = _hover(target, ("predicted", "value"), ("from", "lower"), ("to", "upper"))
    segments = hv.Segments(table.assign(end=table["item"]), ["lower", "item", "upper", "end"])
    overlay = segments.opts(color=GREY, line_width=3, alpha=0.6, backend="bokeh")
    for is_inside, color, marker in ((True, BLUE, "circle"), (False, VERMILLION, "x")):
        chosen = table[table["in_domain"].astype(bool) == is_inside]
        label = "in domain" if is_inside else "outside the domain"
        points = hv.Points(chosen, ["value", "item"], ["name", "lower", "upper"], label=label)
        overlay *= points.opts(color=color, marker=marker, size=9, line_width=2, tools=[hover], backend="bokeh")
    return overlay.opts(
        xlabel=axis_label(target, "predicted"), ylabel="", invert_yaxis=True, backend="bokeh", **_COMMON
    )


def interval_plot_text(predictions: pd.DataFrame) -> str:
    """Say in one sentence what `interval_plot` shows."""
    if predictions.empty:
        return "Nothing was predicted."
    target = _only_target(predictions)
    low, high = (formatted(bound, target) for bound in (predictions["value"].min(), predictions["value"].max()))
    unit, count = target_named(target).unit, len(predictions)
    outside = int((~predictions["in_domain"].astype(bool)).sum())
    values = f"{low} {unit}" if low == high else f"{low} {unit} to {high} {unit}"
    domain = "all lie inside" if outside == 0 else f"{outside} of {count} outside"
    return f"Predicted: {values} for {count} {'item' if count == 1 else 'items'}; {domain} the model's domain."


def prediction_summary(predictions: pd.DataFrame) -> pd.DataFrame:
    """
    Predictions of one target as a short table for people: rounded, with the interval in words.

    Parameters
    ----------
    predictions : DataFrame of n rows
        As the workbench predicts them.

    Returns
    -------
    DataFrame of n rows
        Index: name or subject; the heading of the values carries the unit.

    Raises
    ------
    InputError
        If predictions of several targets are mixed.
    """
    target = _only_target(predictions)
    subject = target_named(target).subject
    bounds = zip(predictions["lower"], predictions["upper"], strict=True)
    return pd.DataFrame(
        {
            subject: [name or item for name, item in zip(predictions["name"], predictions[subject], strict=True)],
            f"predicted ({target_named(target).unit})": predictions["value"].round(decimals(target)),
            "90 % interval": [f"{formatted(low, target)} to {formatted(high, target)}" for low, high in bounds],
            "in training": predictions["in_training"].map({True: "yes", False: "no"}),
            "domain": ["; ".join(reasons) or "inside" for reasons in predictions["domain_reasons"]],
            "label": predictions["skill"],
        }
    ).set_index(subject)


def _only_target(predictions: pd.DataFrame) -> str:
    names = _with_columns(predictions, "target", "value", "lower", "upper", "in_domain")["target"].unique()
    if len(names) != 1:
        msg = f"an interval plot shows one target, but the table holds {', '.join(map(str, names)) or 'none'}"
        raise InputError(msg)
    return str(names[0])


@lru_cache(maxsize=4096)
def structure_svg(smiles: str, width: int = 160, height: int = 110) -> str:
    """
    Return the structure as an SVG picture that says its SMILES.

    Parameters
    ----------
    smiles : str
        Structure of the molecule.
    width, height : int
        Size of the picture in pixels.

    Returns
    -------
    str
        SVG document with a title.

    Raises
    ------
    InputError
        If `smiles` cannot be read.
    """
    molecule = Chem.MolFromSmiles(parse(smiles).smiles)
    drawing = rdMolDraw2D.MolDraw2DSVG(width, height)
    options = drawing.drawOptions()
    options.clearBackground, options.padding, options.bondLineWidth = False, 0.08, 2
    rdMolDraw2D.PrepareAndDrawMolecule(drawing, molecule)
    drawing.FinishDrawing()
    text = drawing.GetDrawingText()
    start = text.index(">", text.index("<svg")) + 1
    return f"{text[:start]}<title>Structure of {html.escape(smiles)}</title>{text[start:]}"
