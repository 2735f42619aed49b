"""Versions of a target against one of them, on the same rows: a table first, then a figure and its sentence."""

from collections.abc import Iterable, Mapping
from typing import Any

import holoviews as hv
import pandas as pd
from bokeh.models import HoverTool

from cryokit.domain import target_named
from cryokit.figures import _COMMON, BLUE, GREY, _with_columns, decimals, formatted

_COLUMNS = ("version", "rows", "mae", "other_mae", "difference", "lower", "upper", "second_is")
_ROW_PIXELS, _FRAME_PIXELS = 52, 130


def comparison_table(results: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """
    Return one line for each comparison, and one for each of its series where it has several.

    Parameters
    ----------
    results : iterable of mapping
        What the comparison of two versions gives: ``version_b``, ``first`` and ``second`` (scores), ``paired``,
        ``second_is`` and perhaps ``series``, a mapping of names to the same.

    Returns
    -------
    DataFrame
        ``version`` in words, ``rows``, ``mae`` of the first and ``other_mae`` of the second, ``difference`` (the first
        minus the second: positive if the second errs less) with ``lower`` and ``upper`` end of its 95 % interval, in
        the unit of the target, and ``second_is``.
    """
    lines = []
    for result in results:
        series = result.get("series") or {}
        parts = {f"version {result['version_b']}": result}
        # Scores of series are never pooled.
        parts = {f"version {result['version_b']}, {name}": part for name, part in series.items()} or parts
        lines += [(name, *_numbers(part)) for name, part in parts.items()]
    return pd.DataFrame(lines, columns=list(_COLUMNS))


def _numbers(part: Mapping[str, Any]) -> tuple[Any, ...]:
    paired = part["paired"]
    scores = (part["first"].get("mae"), part["second"].get("mae"))
    return paired["n"], *scores, paired["difference"], paired["lower"], paired["upper"], part["second_is"]


def paired_differences(table: pd.DataFrame, target: str) -> hv.Overlay:
    """
    Difference of the mean absolute errors with its interval, one line for each version.

    Parameters
    ----------
    table : DataFrame
        What `comparison_table` gives.
    target : str
        Name of the target.

    Returns
    -------
    holoviews.Overlay
        Points with 95 % intervals, and a line where both versions err equally.
    """
    known = _with_columns(table, *_COLUMNS).dropna(subset=["difference"])
    known = known.assign(end=known["version"])
    number, unit = f"{{0.{'0' * decimals(target)}}}", target_named(target).unit
    hover = HoverTool(
        tooltips=[
            ("", "@version"),
            ("difference", f"@difference{number} {unit} (@lower{number} to @upper{number})"),
            ("rows", "@rows"),
        ]
    )
    lines = hv.Segments(known, ["lower", "version", "upper", "end"])
    points = hv.Points(known, ["difference", "version"], ["lower", "upper", "rows"])
    reach = float(known[["lower", "upper"]].abs().max().max()) if len(known) else 1.0
    overlay = (
        hv.VLine(0).opts(color=GREY, line_dash="dashed", line_width=1, backend="bokeh")
        * lines.opts(color=GREY, line_width=3, alpha=0.7, backend="bokeh")
        * points.opts(color=BLUE, size=10, tools=[hover], backend="bokeh")
    )
    return overlay.opts(
        xlabel=f"errs less by ({unit}); left of 0 it errs more",
        ylabel="",
        xlim=(-1.1 * reach, 1.1 * reach),
        invert_yaxis=True,
        backend="bokeh",
        **_COMMON | {"min_height": frame_pixels(table)},
    )


def frame_pixels(table: pd.DataFrame) -> int:
    """Return the height that `paired_differences` needs."""
    return _FRAME_PIXELS + _ROW_PIXELS * len(table)


def paired_differences_text(table: pd.DataFrame, target: str, version: int) -> str:
    """Say in a sentence for each line what `paired_differences` shows; `version` is the one compared with."""
    return " ".join(_sentence(row, target, version) for row in table.to_dict("records"))


def _sentence(row: Mapping[str, Any], target: str, version: int) -> str:
    name, unit = str(row["version"]), target_named(target).unit
    name = f"{name[0].upper()}{name[1:]}"
    if not row["rows"]:
        return f"{name} has no row in common with version {version}."
    low, high = (formatted(row[end], target) for end in ("lower", "upper"))
    way = "less" if row["difference"] >= 0 else "more"
    return (
        f"{name} errs {formatted(abs(row['difference']), target)} {unit} {way} than version {version} on "
        f"{row['rows']} rows (95 % interval of the difference {low} to {high}): {row['second_is']}."
    )
