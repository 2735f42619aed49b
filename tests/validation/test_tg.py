"""Glass transitions of the public compilation, one row for each structure: figures against their bars."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cryokit.models.groups import groups
from cryokit.validation.comparison import compared
from cryokit.validation.evaluation import Evaluation, evaluate
from cryokit.validation.split_kinds import split_of
from cryokit.workbench.helpers import helper_for
from tests.validation.public_data import all_rows

REPEATS = 3
KEPT = Path(__file__).resolve().parents[2] / "test-results" / "evaluations"
EXCLUDED = "exclude"
PEER = Path(__file__).parent / "folds" / "peer_tgboost.csv"
"""Predictions of tgBoost's published recipe on the same folds (see `peer.py`)."""


@pytest.fixture(scope="module")
def structures(tmp_path_factory) -> dict[str, pd.DataFrame]:
    """Structures as published (without what is no measured organic substance) and curated."""
    return selections_of(tmp_path_factory.mktemp("koop"))


def selections_of(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the same two selections; `peer.py` trains on them too."""
    rows = all_rows("koop", folder)
    published = rows[~rows["excluded"].str.startswith(EXCLUDED)]
    return {"published": by_structure(published), "curated": by_structure(rows[rows["excluded"] == ""])}


def by_structure(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each structure, with the medians of its Tg and Tm."""
    kept = {"name": ("name", "first"), "value": ("value", "median"), "tm_kelvin": ("tm_kelvin", "median")}
    return rows.groupby("smiles", as_index=False).agg(**kept)


def evaluated(rows: pd.DataFrame, kind: str, label: str) -> Evaluation:
    """Evaluate on one split, with a helper that has seen none of the structures, and say what came out."""
    split = split_of("tg", rows, kind, n_splits=10, repeats=REPEATS, seed=0)
    evaluation = evaluate("tg", rows, split.folds, helper=helper_for("tg", rows, KEPT))
    scores = {name: round(value, 2) for name, value in evaluation.metrics.items() if value is not None}
    print(f"\nTg, {label}, {kind}, {len(rows)} structures: {scores}; {evaluation.verdict}")  # noqa: T201  the figures
    return evaluation


@pytest.mark.parametrize(
    ("selection", "kind", "bar_kelvin"),
    [
        ("curated", "compound", 11.5),
        ("curated", "cluster", 13.0),
        ("published", "compound", 14.0),
        ("published", "cluster", 16.0),
    ],
)
def test_error_from_structure_alone(structures, selection, kind, bar_kelvin):
    rows = structures[selection].assign(tm_kelvin=float("nan"))
    evaluation = evaluated(rows, kind, f"{selection}, structure alone")
    peer = peer_on(evaluation.rows, selection, kind)
    result = compared(peer, evaluation.rows, groups("tg", rows), np.full(len(rows), "all"))
    paired = {name: round(value, 2) for name, value in result["paired"].items()}
    print(f"tgBoost's recipe on the same folds: MAE {result['first']['mae']:.2f}; ours less by {paired}")  # noqa: T201  the figures

    assert result["second_is"] == "better"
    assert evaluation.metrics["mae"] <= bar_kelvin


def peer_on(ours: pd.DataFrame, selection: str, kind: str) -> pd.DataFrame:
    """Return the predictions that `peer.py` made on the same folds, in the form of ours, without intervals."""
    table = pd.read_csv(PEER)
    table = table[(table["selection"] == selection) & (table["split"] == kind)]
    both = ours[["row", "repeat", "fold", "measured"]].merge(table, on=["row", "repeat", "fold"], validate="1:1")
    assert len(both) == len(ours) == len(table), "the folds are not those of peer.py; run it again"
    return both.assign(value=both["predicted"], lower=both["predicted"], upper=both["predicted"])


@pytest.mark.parametrize(("selection", "bar_kelvin"), [("curated", 10.8), ("published", 12.0)])
def test_error_with_measured_melting_points(structures, selection, bar_kelvin):
    evaluation = evaluated(structures[selection], "compound", f"{selection}, with measured Tm")

    assert evaluation.metrics["mae"] <= bar_kelvin
    assert evaluation.baselines["0.7*Tm"]["mae"] > evaluation.metrics["mae"]


@pytest.mark.parametrize(("kind", "widest_kelvin"), [("compound", 47.0), ("cluster", 58.0)])
def test_intervals_hold_what_they_say_and_stay_narrow(structures, kind, widest_kelvin):
    rows = structures["curated"].assign(tm_kelvin=float("nan"))
    evaluation = evaluated(rows, kind, "curated, intervals")
    table = evaluation.rows
    high = table[table["measured"] > 250.0]
    holds = (high["lower"] <= high["measured"]) & (high["measured"] <= high["upper"])

    assert 0.87 <= evaluation.metrics["coverage_90"] <= 0.93
    assert holds.mean() >= 0.87
    assert evaluation.metrics["mean_width_90"] <= widest_kelvin
