"""What backups let one go back to: a table first, then a timeline and its sentence."""

from collections.abc import Iterable

import holoviews as hv
import pandas as pd
from bokeh.models import HoverTool

from cryokit.figures import _COMMON, _LEGEND_BELOW, BLUE, GREEN, GREY, ORANGE, VERMILLION, _with_columns

ANY_MOMENT, NOTHING = "any moment", "nothing"
_KINDS = {"full": (BLUE, "square"), "incremental": (GREEN, "triangle"), "dump": (ORANGE, "diamond")}
_ROWS = {ANY_MOMENT: 0, "dump": 1, "incremental": 2, "full": 3}
"""Height of each row of the timeline."""


def recovery_table(spans: pd.DataFrame) -> pd.DataFrame:
    """
    Return the pieces of time of which any moment can be restored, and the gaps between them.

    Parameters
    ----------
    spans : DataFrame of shape (n_spans, 2)
        Columns begin and end with a time zone, oldest first.

    Returns
    -------
    DataFrame of shape (2 * n_spans - 1, 4)
        Columns begin, end, hours, and restorable: ``any moment``, or ``nothing`` for a gap.
    """
    pieces = [(begin, end, ANY_MOMENT) for begin, end in _times(spans)]
    gaps = [
        (before[1], after[0], NOTHING)
        for before, after in zip(pieces[:-1], pieces[1:], strict=True)
        if after[0] > before[1]
    ]
    table = pd.DataFrame(sorted([*pieces, *gaps]), columns=["begin", "end", "restorable"])
    seconds = [(end - begin).total_seconds() for begin, end in zip(table["begin"], table["end"], strict=True)]
    return table.assign(hours=[value / 3600 for value in seconds])


def _times(spans: pd.DataFrame) -> Iterable[tuple[pd.Timestamp, pd.Timestamp]]:
    table = _with_columns(spans, "begin", "end")
    return zip(*(pd.to_datetime(table[name], utc=True).dt.tz_localize(None) for name in ("begin", "end")), strict=True)


def recovery_timeline(backups: pd.DataFrame, spans: pd.DataFrame) -> hv.Overlay:
    """
    Backups by kind and the time of which any moment can be restored, on one axis of time.

    Parameters
    ----------
    backups : DataFrame of shape (n_backups, ...)
        Columns id, kind, started_at, proved_at and removed_at (ISO 8601, UTC); removed ones are left out.
    spans : DataFrame of shape (n_spans, 2)
        Columns begin and end with a time zone, oldest first.

    Returns
    -------
    holoviews.Overlay
        A row for each kind, marks that differ in colour and shape, those that were not proved as crosses; below them
        bars where any moment can be restored, dashes where none can, and the newest moment that can.
    """
    pieces = recovery_table(spans)
    parts = [*_bars(pieces), *_marks(_kept(backups))]
    known = [times for times in (pieces["begin"], pieces["end"], _kept(backups)["started_at"]) if len(times)]
    first, last = min(map(min, known), default=pd.Timestamp(0)), max(map(max, known), default=pd.Timestamp(1))
    margin = max(0.04 * (last - first), pd.Timedelta(minutes=2))
    return hv.Overlay(parts).opts(
        xlabel="time (UTC)",
        ylabel="",
        xlim=(first - margin, last + margin),
        ylim=(-0.6, 3.6),
        yticks=[(height, name) for name, height in _ROWS.items()],
        backend="bokeh",
        **_LEGEND_BELOW,
        **_COMMON | {"min_height": 400},
    )


def _bars(pieces: pd.DataFrame) -> list[hv.Element]:
    """Spans as thick bars, gaps as dashes between them, and the newest moment that can be restored."""
    hover = _hover_times(("", "@restorable"), ("from (UTC)", "@begin"), ("to (UTC)", "@end"), ("hours", "@hours{0.0}"))
    table = pieces.assign(height=_ROWS[ANY_MOMENT], level=_ROWS[ANY_MOMENT])
    newest = table[table["restorable"] == ANY_MOMENT].tail(1)
    styles = (
        (ANY_MOMENT, "any moment can be restored", {"color": BLUE, "line_width": 14, "alpha": 0.8}),
        (NOTHING, "gap: nothing can be restored", {"color": VERMILLION, "line_width": 3, "line_dash": "dashed"}),
    )
    bars = [
        hv.Segments(chosen, ["begin", "height", "end", "level"], ["restorable", "hours"], label=label).opts(
            tools=[hover], backend="bokeh", **style
        )
        for name, label, style in styles
        if len(chosen := table[table["restorable"] == name])
    ]
    reached = hv.Points(newest, ["end", "height"], ["restorable", "begin", "hours"], label="newest reachable moment")
    style = {"color": GREY, "marker": "inverted_triangle", "size": 14, "line_color": "white"}
    return [*bars, *([reached.opts(tools=[hover], backend="bokeh", **style)] if len(newest) else [])]


def _kept(backups: pd.DataFrame) -> pd.DataFrame:
    table = _with_columns(backups, "id", "kind", "started_at", "proved_at", "removed_at")
    table = table[table["removed_at"].isna()].sort_values("started_at")
    started = pd.to_datetime(table["started_at"], utc=True).dt.tz_localize(None)
    return table.assign(started_at=started, is_proved=table["proved_at"].notna(), height=table["kind"].map(_ROWS))


def _marks(table: pd.DataFrame) -> list[hv.Points]:
    """A mark for each backup, by kind; a cross for one that was not proved by restoring it."""
    hover = _hover_times(("", "@id"), ("begun (UTC)", "@started_at"), ("proved", "@proved_at"))
    proved = table["is_proved"]
    kinds = [
        # The row says which kind it is, so the legend need not.
        (
            proved & (table["kind"] == kind),
            f"{kind} backup",
            {"color": colour, "marker": marker, "size": 12, "show_legend": False},
        )
        for kind, (colour, marker) in _KINDS.items()
    ]
    cross = {"color": VERMILLION, "marker": "x", "size": 12, "line_width": 3}
    kinds.append((~proved, "backup that was not proved", cross))
    return [
        hv.Points(
            table[chosen].fillna({"proved_at": "no"}), ["started_at", "height"], ["id", "proved_at"], label=label
        ).opts(tools=[hover], backend="bokeh", **style)
        for chosen, label, style in kinds
        if chosen.any()
    ]


def _hover_times(*lines: tuple[str, str]) -> HoverTool:
    """Return a hover whose times are read as such."""
    times = ("@begin", "@end", "@started_at")
    tooltips = [(label, f"{field}{{%F %H:%M:%S}}" if field in times else field) for label, field in lines]
    return HoverTool(tooltips=tooltips, formatters=dict.fromkeys(times, "datetime"))


def recovery_timeline_text(backups: pd.DataFrame, spans: pd.DataFrame, now: pd.Timestamp) -> str:
    """Say in a few sentences what `recovery_timeline` shows; `now` is a time with its zone."""
    return f"{_backups_in_words(_kept(backups))} {_spans_in_words(recovery_table(spans), now)}"


def _backups_in_words(kept: pd.DataFrame) -> str:
    if kept.empty:
        return "There is no backup."
    counts = kept["kind"].value_counts()
    counted = ", ".join(f"{counts[kind]} {kind}" for kind in _KINDS if kind in counts)
    proved = int(kept["is_proved"].sum())
    which = "all" if proved == len(kept) else f"{proved} of them"
    return f"{_counted(len(kept), 'backup')} ({counted}), {which} proved by restoring."


def _spans_in_words(pieces: pd.DataFrame, now: pd.Timestamp) -> str:
    whole, gaps = (pieces[pieces["restorable"] == name] for name in (ANY_MOMENT, NOTHING))
    if whole.empty:
        return "No moment in between can be restored: there is no proved copy of the files."
    newest = whole["end"].iloc[-1]
    age = max(0.0, (now.tz_convert("UTC").tz_localize(None) - newest).total_seconds())
    missing = "; ".join(
        f"{_short(begin)} to {_short(end)}" for begin, end in zip(gaps["begin"], gaps["end"], strict=True)
    )
    said = f"without a gap apart from {missing}" if missing else "without a gap"
    return (
        f"Any moment from {_short(whole['begin'].iloc[0])} to {_short(newest)} UTC can be restored, {said}; "
        f"the newest one is {_duration(age)} ago."
    )


def _short(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _duration(seconds: float) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return _counted(int(seconds // length), unit)
    return _counted(int(seconds), "second")
