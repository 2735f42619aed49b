"""What predictions rest on: importance of features and contributions to one prediction, each with its spread."""

import re

import holoviews as hv
import pandas as pd
from bokeh.models import HoverTool

from cryokit.domain import target_named
from cryokit.figures import _COMMON, BLUE, GREY, VERMILLION, _with_columns, decimals, formatted

SHOWN = 12
"""How many groups of features are drawn, the largest."""
_ROW_PIXELS, _FRAME_PIXELS = 34, 130
_KEY = re.compile(r" \([A-Z]{14}-[A-Z]{10}-[A-Z]\)$")
_LONGEST = 30
_WORDS = {"tm_kelvin": "melting temperature"}


def importance_chart(table: pd.DataFrame, target: str) -> hv.Overlay:
    """
    Growth of the error when a group of features says nothing, the most important on top.

    Parameters
    ----------
    table : DataFrame
        Rows of one series of `cryokit.models.explanation.permutation_importance`.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Overlay
        Points with their standard deviation over the repeats to both sides, and a line at 0.
    """
    label = f"growth of the mean absolute error ({target_named(target).unit})"
    return _ranked(_with_columns(table, "series", "n"), "importance", label, target)


def contribution_chart(table: pd.DataFrame, target: str) -> hv.Overlay:
    """
    What groups of features add to one prediction, the largest on top.

    Parameters
    ----------
    table : DataFrame
        Contributions to one prediction, as `cryokit.models.explanation.contributions` gives them.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Overlay
        Points with their standard deviation over the training rows that they were compared with, and a line at 0.
    """
    moving = _with_columns(table, "row", "contribution").query("contribution != 0")
    return _ranked(moving if len(moving) else table, "contribution", f"adds ({target_named(target).unit})", target)


def frame_pixels(table: pd.DataFrame) -> int:
    """Return the height that either chart needs."""
    return _FRAME_PIXELS + _ROW_PIXELS * max(4, min(SHOWN, len(table)))


def importance_text(table: pd.DataFrame, target: str) -> str:
    """Say in a sentence for each series what matters most, and how much of it is beyond the spread."""
    table = _with_columns(table, "series", "group", "features", "importance", "spread")
    if table.empty:
        return "The importance of features is not known."
    return " ".join(_said(str(name), part, target) for name, part in table.groupby("series", sort=False))


def _said(name: str, part: pd.DataFrame, target: str) -> str:
    first, unit = part.iloc[0], target_named(target).unit
    sure = int((part["importance"] > 2 * part["spread"]).sum())
    start = "" if name == "all" else f"{_plain(name[0].upper() + name[1:])}: "
    grows, spread = (formatted(float(first[key]), target) for key in ("importance", "spread"))
    return (
        f"{start}Without {_words(first)} the error grows by {grows} {unit} (standard deviation {spread}); {sure} of "
        f"{len(part)} groups of features matter by more than twice their standard deviation."
    )


def contribution_text(table: pd.DataFrame, target: str) -> str:
    """Say in one sentence which groups of features add most to a prediction, and take most away."""
    table = _with_columns(table, "group", "features", "contribution", "spread")
    unit, told = target_named(target).unit, []
    for way, chosen in (("added", table[table["contribution"] > 0]), ("taken away", table[table["contribution"] < 0])):
        if len(chosen):
            largest = chosen.loc[chosen["contribution"].abs().idxmax()]
            number, spread = formatted(abs(largest["contribution"]), target), formatted(largest["spread"], target)
            told.append(f"most is {way} by {_words(largest)}: {number} {unit} (standard deviation {spread})")
    if not told:
        return "No group of features moves this prediction away from what it is at the training median."
    return f"Compared with the training median, {'; '.join(told)}."


def importance_table(table: pd.DataFrame, target: str) -> pd.DataFrame:
    """Return importance as a short table for people, the most important first."""
    return _for_people(table, "importance", "error grows by", target)


def contribution_table(table: pd.DataFrame, target: str) -> pd.DataFrame:
    """Return contributions as a short table for people, the largest first; what adds nothing is left out."""
    return _for_people(table[table["contribution"] != 0], "contribution", "adds", target)


def _ranked(table: pd.DataFrame, value: str, label: str, target: str) -> hv.Overlay:
    shown = _with_columns(table, "group", "features", value, "spread").head(SHOWN).astype({value: float})
    shown = shown.assign(
        what=_distinct([_words(line) for line in shown.to_dict("records")]),
        members=[", ".join(_named(name) for name in names) for names in shown["features"]],
        low=shown[value] - shown["spread"],
        high=shown[value] + shown["spread"],
    )
    shown = shown.assign(end=shown["what"]).drop(columns="features")  # lists have no range
    number, unit = f"{{0.{'0' * decimals(target)}}}", target_named(target).unit
    hover = HoverTool(
        tooltips=[
            ("", "@members"),
            (value, f"@{value}{number} {unit}"),
            ("standard deviation", f"@spread{number} {unit}"),
        ]
    )
    extra = ["members", "spread"]
    lines = hv.Segments(shown, ["low", "what", "high", "end"])
    parts = [
        hv.VLine(0).opts(color=GREY, line_dash="dashed", line_width=1, backend="bokeh"),
        lines.opts(color=GREY, line_width=3, alpha=0.7, backend="bokeh"),
    ]
    for is_up, colour, marker in ((True, BLUE, "circle"), (False, VERMILLION, "diamond")):
        chosen = shown[(shown[value] >= 0) == is_up]
        points = hv.Points(chosen, [value, "what"], extra)
        parts.append(points.opts(color=colour, marker=marker, size=10, tools=[hover], backend="bokeh"))
    return hv.Overlay(parts).opts(
        xlabel=label,
        ylabel="",
        invert_yaxis=True,
        padding=0.05,
        backend="bokeh",
        **_COMMON | {"min_height": frame_pixels(table)},
    )


def _for_people(table: pd.DataFrame, value: str, heading: str, target: str) -> pd.DataFrame:
    unit = target_named(target).unit
    columns = {
        **({"series": table["series"]} if "series" in table and table["series"].nunique() > 1 else {}),
        "moved with it": [
            ", ".join(_named(name) for name in names if name != first)
            for first, names in zip(table["group"], table["features"], strict=True)
        ],
        f"{heading} ({unit})": [formatted(float(number), target) for number in table[value]],
        f"standard deviation ({unit})": [formatted(float(number), target) for number in table["spread"]],
    }
    named = pd.Index([_named(name) for name in table["group"]], name="features")
    return pd.DataFrame({name: list(values) for name, values in columns.items()}, index=named)


def _words(line: pd.Series | dict) -> str:
    others = len(line["features"]) - 1
    return _short(line["group"]) + (f" and {others} like it" if others > 0 else "")


def _short(name: object) -> str:
    """Return a name as words, cut where it would not fit beside a chart."""
    words = _named(name)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}\u2026"


def _named(name: object) -> str:
    """Return a name as words, without the key of its structure."""
    return _KEY.sub("", _plain(name))


def _distinct(labels: list[str]) -> list[str]:
    """Return labels of an axis, numbered where two are the same."""
    return [label if labels.count(label) == 1 else f"{place + 1}. {label}" for place, label in enumerate(labels)]


def _plain(name: object) -> str:
    return _WORDS.get(str(name), str(name).replace("_", " "))
