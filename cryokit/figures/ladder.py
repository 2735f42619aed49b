"""The split ladder: errors of one model under ever harder splits, with intervals, baselines and noise floor."""

import holoviews as hv
import pandas as pd
from bokeh.models import HoverTool

from cryokit.domain import target_named
from cryokit.figures import _COMMON, BLUE, GREEN, GREY, VERMILLION, decimals, formatted

LEAKS, FAIR = "rows at random (leaks)", "whole groups held out"
_TO = "\u00a0to\u00a0"
"""Between the ends of an interval, which stay on one line."""
_ROW_PIXELS, _FRAME_PIXELS = 52, 215


def split_ladder(ladder: pd.DataFrame, target: str) -> hv.Overlay:
    """
    Mean absolute error for each split of one series, the easiest on top.

    Parameters
    ----------
    ladder : DataFrame
        Rows of one series of a ladder, as `cryokit.validation.ladder.split_ladder` gives them.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Overlay
        Points with 95 % intervals, the best baseline of each split as a diamond, and the noise of measurement, where
        it is known, as a dashed line.
    """
    table = ladder[ladder["mae"].notna()].astype({name: float for name in ("mae", "mae_lower", "mae_upper")})
    table = table.assign(end=table["split"])
    number = f"{{0.{'0' * decimals(target)}}}"
    unit = target_named(target).unit
    hover = HoverTool(
        tooltips=[
            ("", "@split"),
            ("error", f"@mae{number} {unit} (@mae_lower{number} to @mae_upper{number})"),
            ("held out in turn", "@n_groups"),
            ("leaking groups", "@leaking_groups"),
        ]
    )
    lines = hv.Segments(table, ["mae_lower", "split", "mae_upper", "end"])
    parts = [lines.opts(color=GREY, line_width=3, alpha=0.7, backend="bokeh")]
    known = table[table["baseline_mae"].notna()].astype({"baseline_mae": float})
    told = HoverTool(tooltips=[("", "@baseline"), ("error", f"@baseline_mae{number} {unit}")])
    baseline = hv.Points(known, ["baseline_mae", "split"], ["baseline"], label="best baseline")
    style = {"color": GREY, "marker": "diamond", "size": 12, "tools": [told]}
    parts.append(baseline.opts(backend="bokeh", **style))
    extra = ["mae_lower", "mae_upper", "n_groups", "leaking_groups"]
    for is_random, label, style in (
        (True, LEAKS, {"color": VERMILLION, "marker": "x", "size": 11, "line_width": 3}),
        (False, FAIR, {"color": BLUE, "marker": "circle", "size": 10}),
    ):
        chosen = table[(table["kind"] == "random") == is_random]
        points = hv.Points(chosen, ["mae", "split"], extra, label=label)
        parts.append(points.opts(tools=[hover], backend="bokeh", **style))
    noise = pd.to_numeric(table["noise_mae"]).dropna()
    if len(noise):
        floor = hv.Curve(
            [(noise.iloc[0], name) for name in table["split"]], "mae", "split", label="noise of measurement"
        )
        parts.append(floor.opts(color=GREEN, line_dash="dashed", line_width=2, backend="bokeh"))
    largest = max(table[["mae_upper", "mae"]].max().max(), known["baseline_mae"].max() if len(known) else 0.0)
    return hv.Overlay(parts).opts(
        xlabel=f"mean absolute error ({unit})",
        ylabel="",
        xlim=(0.0, 1.05 * float(largest)),
        invert_yaxis=True,
        legend_position="bottom",
        legend_cols=2,
        backend="bokeh",
        **_COMMON | {"min_height": _FRAME_PIXELS + _ROW_PIXELS * len(table)},
    )


def split_ladder_text(ladder: pd.DataFrame, target: str) -> str:
    """Say in one sentence what `split_ladder` shows."""
    table = ladder[ladder["mae"].notna()]
    if table.empty:
        return "No split could be evaluated."
    unit, random = target_named(target).unit, table[table["kind"] == "random"]
    hardest = table.loc[table["mae"].astype(float).idxmax()]
    told = [f"With {hardest['split']} the mean absolute error is {_error(hardest, target)} {unit}"]
    if len(random) and hardest["kind"] != "random":
        told.append(f"rows at random would claim {_error(random.iloc[0], target)} {unit}")
    noise = pd.to_numeric(table["noise_mae"]).dropna()
    if len(noise):
        told.append(f"noise of measurement alone makes {formatted(noise.iloc[0], target)} {unit}")
    return "; ".join(told) + "."


def _error(rung: pd.Series, target: str) -> str:
    if pd.isna(rung["mae"]):
        return "-"
    return _with_interval(rung, "mae", target)


def ladder_summary(ladder: pd.DataFrame, target: str) -> pd.DataFrame:
    """
    Return the splits of a ladder that were scored as a short table for people: rounded, intervals in words.

    Parameters
    ----------
    ladder : DataFrame
        As `cryokit.validation.ladder.split_ladder` gives it.
    target : str
        Name of the target.

    Returns
    -------
    DataFrame
        Index: the split; the heading of the errors carries the unit.
    """
    unit = target_named(target).unit
    ladder = ladder[ladder["mae"].notna()]
    columns = {
        "series": ladder["series"],
        "held out": _counts(ladder["n_groups"]),
        "leak": _counts(ladder["leaking_groups"]),
        "n": _counts(ladder["n"]),
        f"MAE ({unit})": [_error(row, target) for _, row in ladder.iterrows()],
        "median error": [formatted(_number(value), target) for value in ladder["median_error"]],
        "R2": [_with_ends(row) for _, row in ladder.iterrows()],
        "rank": _two_places(ladder["spearman"]),
        "coverage": _two_places(ladder["coverage_90"]),
        "width": [formatted(_number(value), target) for value in ladder["mean_width_90"]],
        "Winkler": [formatted(_number(value), target) for value in ladder["winkler_90"]],
        "closest baseline": [_closest(row, target) for _, row in ladder.iterrows()],
        "more than at random": [_gap(row, target) for _, row in ladder.iterrows()],
        "label": ladder["label"].fillna("-"),
        "note": ladder["note"].fillna(""),
    }
    table = pd.DataFrame(columns).set_axis(ladder["split"], axis=0)
    return table if ladder["series"].nunique() > 1 else table.drop(columns="series")


def not_applied_text(ladder: pd.DataFrame) -> str:
    """Say in one sentence which splits do not apply, and why."""
    left_out = ladder[ladder["mae"].isna()]
    reasons = dict(zip(left_out["split"], left_out["note"], strict=True))
    if not reasons:
        return "Every split applies."
    return "Not applied: " + "; ".join(f"{split} ({reason})" for split, reason in reasons.items()) + "."


def _number(value: object) -> float | None:
    return None if pd.isna(value) else float(value)


def _counts(values: pd.Series) -> list[str]:
    return ["-" if pd.isna(value) else f"{int(value)}" for value in values]


def _two_places(values: pd.Series) -> list[str]:
    return ["-" if pd.isna(value) else f"{float(value):.2f}" for value in values]


def _with_ends(rung: pd.Series) -> str:
    if pd.isna(rung["r2"]):
        return "-"
    if pd.isna(rung["r2_lower"]):
        return f"{rung['r2']:.2f}"
    return f"{rung['r2']:.2f} ({rung['r2_lower']:.2f}{_TO}{rung['r2_upper']:.2f})"


def _with_interval(rung: pd.Series, name: str, target: str) -> str:
    value = formatted(float(rung[name]), target)
    if pd.isna(rung[f"{name}_lower"]):
        return value
    low, high = (formatted(float(rung[f"{name}_{end}"]), target) for end in ("lower", "upper"))
    return f"{value} ({low}{_TO}{high})"


def _closest(rung: pd.Series, target: str) -> str:
    if pd.isna(rung["closest_mae"]):
        return "-"
    told = f"{rung['closest']}: {formatted(rung['closest_mae'], target)}"
    if rung["closest_n"] == rung["n"]:
        return told
    return f"{told}, model {formatted(rung['closest_model_mae'], target)} (n {int(rung['closest_n'])})"


def _gap(rung: pd.Series, target: str) -> str:
    return "-" if pd.isna(rung["gap"]) else _with_interval(rung, "gap", target)


def figures_summary(figures: pd.DataFrame) -> pd.DataFrame:
    """
    Return measured figures beside their bars, as a table for people.

    Parameters
    ----------
    figures : DataFrame
        Columns test, figure, value, bar and passed.

    Returns
    -------
    DataFrame
        Index: what was tested; the last column says ``holds`` or ``MISSED``.
    """
    table = figures.assign(
        value=[_rounded(value) for value in figures["value"]],
        bar=[bar.replace("<=", "\u2264").replace(">=", "\u2265").replace("==", "=") for bar in figures["bar"]],
        outcome=figures["passed"].map({True: "holds", False: "MISSED"}),
    )
    return table.drop(columns="passed").set_index("test")


def _rounded(value: str) -> str:
    try:
        return f"{float(value):.4g}"
    except ValueError:
        return str(value)
