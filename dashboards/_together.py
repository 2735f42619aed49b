"""All targets of a molecule in one table, and what stands behind each of its columns."""

from collections.abc import Container
from html import escape

import pandas as pd
import panel as pn

from cryokit import figures
from cryokit.domain import TARGETS, Target
from dashboards import _tables

ABOUT = (
    "Each target is predicted by its current version. Ice recrystallization inhibition and cell viability depend on "
    "the conditions of the measurement; viability is predicted for the molecule alone in the carrier."
)


def table(found: pd.DataFrame, versions: pd.DataFrame) -> pn.widgets.Tabulator:
    """Return the table with a column for each target that was asked."""
    targets = [target for target in TARGETS.values() if f"{target.name}_value" in found]
    view = pd.DataFrame(index=range(len(found)))
    view["structure"] = [_tables.structure(smiles) for smiles in found["smiles"]]
    view["item"] = [_tables.item(*pair) for pair in zip(found["name"], found["smiles"], strict=True)]
    columns = {"structure": ("Structure", "drawn from the SMILES"), "item": ("Molecule", "its name and canonical form")}
    if "similarity" in found:
        view["likeness"] = [f"{value:.2f}" for value in found["similarity"]]
        columns["likeness"] = _tables.LIKENESS
    for target in targets:
        names = {name.removeprefix(f"{target.name}_"): name for name in found if name.startswith(f"{target.name}_")}
        view[target.name] = [
            _cell({short: row[name] for short, name in names.items()}, target) for row in found.to_dict("records")
        ]
        columns[target.name] = (f"{target.title} ({target.unit})", _meaning(target, versions))
    return _tables.html_table(view, columns, {"item": "18%"})


def said(found: pd.DataFrame, asked: Container[str]) -> str:
    """Say how many molecules each target was predicted for."""
    counts = [
        f"{target.title}: {found[f'{target.name}_value'].notna().sum()} of {len(found)}"
        if target.name in asked
        else f"{target.title}: not asked, its conditions are empty"
        for target in TARGETS.values()
    ]
    return "; ".join(counts) + "." if len(found) else ""


def behind_the_columns(versions: pd.DataFrame) -> str:
    """Return a table: for each target its current version with a link to the card, its data and scores."""
    rows = "".join(_behind(target, _current(target, versions)) for target in TARGETS.values())
    heads = (
        "Target",
        "Unit",
        "Version",
        "Measured values",
        "Mean absolute error",
        "Coverage of 90 % intervals",
        "Label",
    )
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="What stands behind the columns">'
        f'<table class="behind"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cell(facts: dict, target: Target) -> str:
    """Return all that is known of one prediction: value, interval, flags, nearest measured examples."""
    if isinstance(facts["problem"], str):
        return f'<span class="reason">not predicted: {escape(facts["problem"])}</span>'
    low, high = (figures.formatted(facts[name], target.name) for name in ("lower", "upper"))
    training = "<br>" + _tables.chip("in training", "plain") if facts["in_training"] else ""
    value = figures.formatted(facts["value"], target.name)
    standing = _tables.standing(facts["known_fraction_below"], facts["known_compounds"])
    return (
        f'<strong>{value}</strong> <span class="range">({low} to {high})</span><br>'
        f'<span class="reason">among known: {standing}</span><br>'
        f"{_tables.domain(bool(facts['in_domain']), list(facts['domain_reasons']))}{training}<br>"
        f"{_tables.skill_chip(facts['skill'])}<br>{_tables.nearest(facts['nearest_measured'])}"
    )


def _meaning(target: Target, versions: pd.DataFrame) -> str:
    current = _current(target, versions)
    basis = "no version is trained yet"
    if current is not None:
        count, error = f"{current['metrics']['n']:.0f}", _mean_error(target, current)
        basis = f"version {current['version']}, {count} measured values, mean error {error} out of fold"
    return f"{target.quantity}; {basis}; in brackets the 90 % interval; among known: {_tables.STANDING}; card below"


def _mean_error(target: Target, version: dict) -> str:
    return f"{figures.formatted(version['metrics']['mae'], target.name)} {target.unit}"


def _current(target: Target, versions: pd.DataFrame) -> dict | None:
    found = versions[(versions["target"] == target.name) & versions["is_default"].astype(bool)].to_dict("records")
    return found[0] if found else None


def _behind(target: Target, version: dict | None) -> str:
    title = f'<th scope="row">{target.title}</th><td>{target.unit}</td>'
    if version is None:
        return (
            f'<tr>{title}<td colspan="5">No version is trained yet: <code>cryokit train {target.name}</code>.</td></tr>'
        )
    number, metrics = version["version"], version["metrics"]
    link = f'<a href="/models?target={target.name}&version={number}">{number}, model card</a>'
    cells = (link, f"{metrics['n']:.0f}", _mean_error(target, version), f"{100 * metrics['coverage_90']:.0f} %")
    cells = "".join(f"<td>{cell}</td>" for cell in cells)
    return f"<tr>{title}{cells}<td>{_tables.skill_chip(version['verdict'])}</td></tr>"
