"""The learning curve: error against the number of training groups, with its interval, as figure, sentence and table."""

from collections.abc import Mapping
from typing import Any

import holoviews as hv
import pandas as pd
from bokeh.models import HoverTool

from cryokit.domain import target_named
from cryokit.figures import _COMMON, _LEGEND_BELOW, GREEN, GREY, PALETTE, _with_columns, decimals, formatted

_MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle")
_DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot")


def learning_curve(curve: pd.DataFrame, target: str) -> hv.Overlay:
    """
    Mean absolute error against the number of training groups, a line for each series.

    Parameters
    ----------
    curve : DataFrame
        As `cryokit.validation.learning.learning_curve` gives it.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Overlay
        Points joined by lines, with 95 % bootstrap intervals over test groups, and the noise of measurement where
        it is known.
    """
    table = _scored(curve)
    unit, number = target_named(target).unit, f"{{0.{'0' * decimals(target)}}}"
    hover = HoverTool(
        tooltips=[
            ("", "@series"),
            ("learned from", f"@training_groups{{0}} {_groups(target)}, @training_rows{{0}} rows"),
            ("error", f"@mae{number} {unit} (@mae_lower{number} to @mae_upper{number})"),
        ]
    )
    parts: list[hv.Element] = []
    for place, (name, part) in enumerate(table.groupby("series", sort=False)):
        look = place % len(_MARKERS)
        colour = PALETTE[look]
        ends = part.assign(end=part["training_groups"])
        bars = hv.Segments(ends, ["training_groups", "mae_lower", "end", "mae_upper"])
        line = hv.Curve(part, "training_groups", "mae", label=_plain(str(name)))
        points = hv.Points(part, ["training_groups", "mae"], ["series", "training_rows", "mae_lower", "mae_upper"])
        parts += [
            bars.opts(color=GREY, line_width=3, alpha=0.6, backend="bokeh"),
            line.opts(color=colour, line_dash=_DASHES[look], line_width=2, backend="bokeh"),
            points.opts(color=colour, marker=_MARKERS[look], size=10, tools=[hover], backend="bokeh"),
        ]
        if pd.notna(floor := part["noise_mae"].iloc[-1]) and len(part) > 1:
            ends = part["training_groups"].iloc[[0, -1]]
            noise = hv.Curve([(end, floor) for end in ends], "training_groups", "mae", label="noise of measurement")
            parts.append(noise.opts(color=GREEN, line_dash="dashed", line_width=2, backend="bokeh"))
    if not parts:
        parts.append(hv.Points([], ["training_groups", "mae"]).opts(backend="bokeh"))
    largest = table[["mae", "mae_upper"]].max().max() if len(table) else 1.0
    return hv.Overlay(parts).opts(
        xlabel=f"{_groups(target)} learned from",
        ylabel=f"mean absolute error ({unit})",
        ylim=(0.0, 1.05 * float(largest)),
        xlim=(0.0, 1.05 * float(table["training_groups"].max() if len(table) else 1.0)),
        backend="bokeh",
        **_LEGEND_BELOW,
        **_COMMON | {"min_height": 460},
    )


def learning_curve_text(curve: pd.DataFrame, target: str) -> str:
    """Say in a sentence for each series what the last step of `learning_curve` brought."""
    if curve.empty:
        return "The learning curve is not computed."
    table = _scored(curve)
    if table.empty:
        return "No step of the learning curve could be evaluated."
    told = [_told(str(name), part, target) for name, part in table.groupby("series", sort=False)]
    return " ".join(told)


def _told(name: str, part: pd.DataFrame, target: str) -> str:
    unit, last = target_named(target).unit, part.iloc[-1]
    start = "With" if name == "all" else f"{_plain(name[0].upper() + name[1:])}: with"
    said = (
        f"{start} {last['training_groups']:.0f} {_groups(target)} the error is {_interval(last, 'mae', target)} {unit}"
    )
    if pd.isna(last["gain"]):
        return f"{said}; there is no smaller step to compare it with."
    size, gain = part.iloc[-2]["training_groups"], f"{_interval(last, 'gain', target)} {unit}"
    said = f"{said}, less by {gain} than with {size:.0f}"
    if pd.isna(last["gain_lower"]):
        return f"{said}; there are too few independent groups to tell this from chance."
    helped = "the last ones still helped" if last["gain_lower"] > 0 else "that the last ones helped is not shown"
    return f"{said}: {helped}."


def learning_curve_table(curve: pd.DataFrame, target: str) -> pd.DataFrame:
    """Return a learning curve as a short table for people: rounded, intervals in words, and why a step is missing."""
    unit = target_named(target).unit
    numbers = ["training_groups", "training_rows", "n", "mae", "mae_lower", "mae_upper", "gain", "gain_lower"]
    curve = _with_columns(curve, "series", "share", *numbers, "gain_upper", "note")
    lines = curve.to_dict("records")
    columns = {
        "series": [_plain(str(name)) for name in curve["series"]],
        "share": [f"{100 * line['share']:g} %" for line in lines],
        f"{_groups(target)} learned from": [f"{line['training_groups']:.0f}" for line in lines],
        "rows": [f"{line['training_rows']:.0f}" for line in lines],
        "n": ["-" if pd.isna(line["n"]) else f"{line['n']:.0f}" for line in lines],
        f"MAE ({unit})": [_interval(line, "mae", target) for line in lines],
        f"less than one step before ({unit})": [_interval(line, "gain", target) for line in lines],
        "note": curve["note"].fillna(""),
    }
    table = pd.DataFrame(columns)
    is_needed = {"series": table["series"].nunique() > 1, "note": table["note"].any()}
    return table.drop(columns=[name for name, needed in is_needed.items() if not needed])


def _scored(curve: pd.DataFrame) -> pd.DataFrame:
    numbers = ["training_groups", "training_rows", "mae", "mae_lower", "mae_upper", "gain", "gain_lower", "noise_mae"]
    table = _with_columns(curve, "series", *numbers)
    return table[table["mae"].notna()].astype(dict.fromkeys(numbers, float))


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _groups(target: str) -> str:
    return "compounds" if target_named(target).subject == "smiles" else "formulations"


def _interval(line: Mapping[str, Any], name: str, target: str) -> str:
    value, low, high = (line[key] for key in (name, f"{name}_lower", f"{name}_upper"))
    if pd.isna(value):
        return "-"
    said = formatted(float(value), target)
    return said if pd.isna(low) else f"{said} ({formatted(float(low), target)} to {formatted(float(high), target)})"
