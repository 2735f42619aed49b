"""The model card: what a reader must know of a version before trusting it, as data, Markdown and HTML."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.domain import CONFIDENCE, INSUFFICIENT_SKILL, Target
from cryokit.models.applicability import MoleculeDomain, RecipeDomain
from cryokit.models.columns import numbers
from cryokit.validation.metrics import METRICS, SCORED, scores, table_scores
from cryokit.validation.uncertainty import score_intervals

FEW_ROWS, FEW_GROUPS = 30, 10
"""Below these a series is said to be small."""
COVERAGE_SLACK = 0.03
"""How far coverage may be from its nominal level without being called a limit."""
_RANGES = ("lowest third", "middle third", "highest third")
_LISTED = 12


@dataclass(frozen=True)
class ModelCard:
    """Everything that the card says, in sections; each section is facts by name, tables or sentences."""

    title: str
    sections: dict[str, Any]

    def as_json(self) -> dict:
        """Plain data."""
        return {"title": self.title, **self.sections}

    def facts(self) -> pd.DataFrame:
        """Return the plain facts of all sections as one table."""
        plain = [
            {"fact": name.replace("_", " "), "value": _text(value)}
            for section in self.sections.values()
            if isinstance(section, Mapping)
            for name, value in section.items()
            if not isinstance(value, Mapping | list)
        ]
        return pd.DataFrame(plain, columns=["fact", "value"]).set_index("fact")

    def markdown(self) -> str:
        """Return the card as Markdown."""
        lines = [f"# {self.title}"]
        for name, section in self.sections.items():
            lines += ["", f"## {_heading(name)}", "", *_markdown(section)]
        return "\n".join(lines) + "\n"

    def fragment(self, level: int = 2) -> str:
        """Return the sections as markup for a page that has a title of its own."""
        parts: list[str] = []
        for name, section in self.sections.items():
            parts += [f"<h{level}>{escape(_heading(name))}</h{level}>", *_html(section)]
        return "".join(parts)

    def html(self) -> str:
        """Return the card as one page without scripts."""
        body = [f"<h1>{escape(self.title)}</h1>", self.fragment()]
        style = (
            "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
            "th,td{border:1px solid #bbb;padding:.2em .6em;text-align:left;vertical-align:top}"
        )
        head = f'<meta charset="utf-8"><title>{escape(self.title)}</title><style>{style}</style>'
        return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'


def scores_with_intervals(
    table: pd.DataFrame, group: NDArray[np.int64], seed: int = 0
) -> dict[str, dict[str, float | None]]:
    """
    Scores of out-of-fold predictions with bootstrap intervals over groups.

    Parameters
    ----------
    table : DataFrame
        ``row``, ``repeat``, ``measured``, ``value``, ``lower`` and ``upper``; rows without prediction do not count.
    group : ndarray of shape (n,)
        Group of each row; groups are resampled whole.
    seed : int
        Fixes the resampling.

    Returns
    -------
    dict
        For each of `METRICS` its ``value``, averaged over repeats, and the 95 % interval ``lower`` to ``upper`` (None
        with fewer than 5 groups); empty without predictions.

    References
    ----------
    .. [1] Efron, B. and Tibshirani, R. (1993). An Introduction to the Bootstrap. ISBN 9780412042317

    Examples
    --------
    >>> table = pd.DataFrame({"row": range(6), "repeat": 0, "measured": 0.0, "value": 1.0, "lower": -1.0, "upper": 3.0})
    >>> scores_with_intervals(table, np.arange(6))["mae"]
    {'value': 1.0, 'lower': 1.0, 'upper': 1.0}
    """
    table = table[np.isfinite(table["value"])]
    if table.empty:
        return {}
    value = table_scores(table)
    ends = score_intervals(table, group, seed=seed)
    return {name: {"value": value[name], "lower": ends[name][0], "upper": ends[name][1]} for name in METRICS}


def coverage_by_range(table: pd.DataFrame) -> list[dict[str, Any]]:
    """
    Coverage and width of intervals in the lowest, middle and highest third of the measured values.

    Parameters
    ----------
    table : DataFrame
        ``measured``, ``value``, ``lower`` and ``upper``.

    Returns
    -------
    list of dict
        ``range``, ``from``, ``to``, ``n``, ``coverage_90`` and ``mean_width_90``; a third without rows is left out.
    """
    table = table[np.isfinite(table["value"])]
    if table.empty:
        return []
    edges = np.quantile(table["measured"], [1 / 3, 2 / 3])
    place = np.searchsorted(edges, table["measured"], side="left")
    found = []
    for number, name in enumerate(_RANGES):
        part = table[place == number]
        if len(part):
            columns = part[list(SCORED)].to_numpy(dtype=np.float64).T
            kept = {key: scores(*columns)[key] for key in ("coverage_90", "mean_width_90")}
            ends = {"from": float(part["measured"].min()), "to": float(part["measured"].max())}
            found.append({"range": name, **ends, "n": int(part["row"].nunique()), **kept})
    return found


def known_limits(
    target: Target, rows: pd.DataFrame, series: NDArray[np.str_], group: NDArray[np.int64], evaluation: Mapping
) -> list[str]:
    """
    Limits that follow from the facts, as sentences.

    Parameters
    ----------
    target : Target
        What is predicted.
    rows : DataFrame of n rows
        Rows that the version learned from.
    series, group : ndarray of shape (n,)
        Series and group of each row.
    evaluation : mapping
        ``rows`` (out of fold) and ``metrics`` with ``series``.

    Returns
    -------
    list of str
        Ranges without data, small series, series without skill, coverage away from nominal.
    """
    values = numbers(rows, "value")
    ordered = np.unique(values)
    unit = target.unit
    limits = [f"No measured value lies below {ordered[0]:g} or above {ordered[-1]:g} {unit}."]
    gaps = np.diff(ordered)
    if len(gaps) and gaps.max() > 0.1 * np.ptp(ordered):
        at = int(np.argmax(gaps))
        limits.append(f"No measured value lies between {ordered[at]:g} and {ordered[at + 1]:g} {unit}.")
    for name, item in evaluation["metrics"].get("series", {}).items():
        if item["verdict"] == INSUFFICIENT_SKILL:
            limits.append(f"Series {name!r}: {INSUFFICIENT_SKILL}; it does not beat its baselines out of noise.")
    for name in np.unique(series):
        inside = series == name
        counts = int(inside.sum()), len(np.unique(group[inside]))
        if counts[0] < FEW_ROWS or counts[1] < FEW_GROUPS:
            limits.append(f"Series {str(name)!r} rests on {counts[0]} rows in {counts[1]} groups.")
    for item in coverage_by_range(evaluation["rows"]):
        if item["coverage_90"] < CONFIDENCE - COVERAGE_SLACK:
            limits.append(
                f"Intervals of the {item['range']} ({item['from']:g} to {item['to']:g} {unit}) held "
                f"{item['coverage_90']:.2f} of the measured values, below {CONFIDENCE}."
            )
    for condition in target.conditions:
        if condition.kind is float and condition.name in rows:
            known = numbers(rows, condition.name)
            known = known[np.isfinite(known)]
            if len(known):
                limits.append(f"{condition.name} was only varied between {known.min():g} and {known.max():g}.")
    return limits


def domain_in_words(domain: MoleculeDomain | RecipeDomain) -> list[str]:
    """Return the domain of one series as sentences."""
    ranges = [f"{name} from {low:g} to {high:g}" for name, (low, high) in domain.ranges.items()]
    inside = [f"Inside: {'; '.join(ranges)}."] if ranges else []
    if isinstance(domain, MoleculeDomain):
        return [
            f"Molecules made of {', '.join(domain.elements)}.",
            f"Functional groups known from training: {', '.join(domain.groups) or 'none'}.",
            f"The nearest of {len(domain.fingerprints)} training molecules has a Tanimoto similarity of at least "
            f"{domain.threshold:.2f}.",
            *inside,
        ]
    return [
        f"Formulations of at most {domain.most_components} components, of {len(domain.components)} known ones, each up "
        "to its greatest trained amount.",
        *(f"{name.capitalize()}: {', '.join(known)}." for name, known in domain.categories.items()),
        *inside,
    ]


def source_counts(rows: pd.DataFrame) -> dict[str, int]:
    """Return in how many rows each source has a part, the largest first; those beyond the first dozen together."""
    parts = rows["source"].fillna("not stated").str.split("; ").explode()
    counts = parts.value_counts()
    listed = {str(name): int(count) for name, count in counts.head(_LISTED).items()}
    rest = counts.iloc[_LISTED:]
    return listed | ({f"{len(rest)} other sources": int(rest.sum())} if len(rest) else {})


# Rendering


def _heading(name: str) -> str:
    words = name.replace("_", " ")
    return words[0].upper() + words[1:]


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {_text(item)}" for name, item in value.items())
    return "unknown" if value is None else str(value)


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _markdown(section: object) -> Iterator[str]:
    if _is_table(section):
        names = list(section[0])
        yield f"| {' | '.join(map(_heading, names))} |"
        yield f"|{' --- |' * len(names)}"
        yield from (f"| {' | '.join(_cell(row.get(name)) for name in names)} |" for row in section)
    elif isinstance(section, Mapping):
        yield from (f"- **{_heading(name)}**: {_text(value)}" for name, value in section.items())
    elif isinstance(section, list):
        yield from (f"- {_text(item)}" for item in section)
    else:
        yield _text(section)


def _cell(value: object) -> str:
    return _text(value).replace("|", "\\|")


def _html(section: object) -> Iterator[str]:
    if _is_table(section):
        names = list(section[0])
        yield "<table><tr>" + "".join(f'<th scope="col">{escape(_heading(name))}</th>' for name in names) + "</tr>"
        for row in section:
            yield "<tr>" + "".join(f"<td>{escape(_text(row.get(name)))}</td>" for name in names) + "</tr>"
        yield "</table>"
    elif isinstance(section, Mapping):
        yield "<table>"
        for name, value in section.items():
            yield f'<tr><th scope="row">{escape(_heading(name))}</th><td>{escape(_text(value))}</td></tr>'
        yield "</table>"
    elif isinstance(section, list):
        yield "<ul>" + "".join(f"<li>{escape(_text(item))}</li>" for item in section) + "</ul>"
    else:
        yield f"<p>{escape(_text(section))}</p>"
