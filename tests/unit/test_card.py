"""The model card: intervals, limits that follow from facts, and how it is written."""

import numpy as np
import pandas as pd
import pytest

from cryokit.domain import TARGETS
from cryokit.validation.card import ModelCard, coverage_by_range, known_limits, scores_with_intervals, source_counts

CARD = ModelCard(
    "Glass <b>transition</b>, version 1",
    {
        "label": {"label": "skill", "current": "yes"},
        "scores": [{"score": "mae", "value": 1.23456, "lower": 1.0}, {"score": "r|2", "value": None, "lower": 0.5}],
        "known_limits": ["No measured value lies below 1 K."],
    },
)


def evaluated(error: float = 1.0, half_width: float = 2.0) -> pd.DataFrame:
    row = np.arange(30)
    table = pd.DataFrame({"row": row, "repeat": 0, "fold": row % 3, "measured": row * 10.0})
    value = table["measured"] + error
    return table.assign(value=value, lower=value - half_width, upper=value + half_width)


def test_a_score_lies_inside_its_interval():
    table = evaluated()
    table["value"] += np.random.default_rng(0).normal(size=len(table))
    found = scores_with_intervals(table, np.arange(30) // 2)

    assert all(item["lower"] <= item["value"] <= item["upper"] for item in found.values())
    assert found["mae"]["lower"] < found["mae"]["upper"]


def test_repeats_do_not_narrow_the_interval():
    table = evaluated()
    table["value"] += np.random.default_rng(0).normal(size=len(table))
    thrice = pd.concat([table.assign(repeat=repeat) for repeat in range(3)], ignore_index=True)
    group = np.arange(30)

    once, repeated = (scores_with_intervals(item, group) for item in (table, thrice))
    assert all(repeated[name] == pytest.approx(item) for name, item in once.items())


def test_nothing_predicted_has_no_scores():
    assert scores_with_intervals(evaluated().assign(value=np.nan), np.arange(30)) == {}


def test_coverage_is_told_by_thirds():
    table = evaluated()
    table.loc[table["row"] >= 20, ["lower", "upper"]] += 50.0

    assert [item["coverage_90"] for item in coverage_by_range(table)] == [1.0, 1.0, 0.0]
    assert sum(item["n"] for item in coverage_by_range(table)) == 30


def test_limits_follow_from_the_facts():
    rows = pd.DataFrame({"value": [*np.arange(100.0, 110.0), 200.0]})
    table = evaluated()
    table.loc[table["row"] >= 20, ["lower", "upper"]] += 50.0
    metrics = {"series": {"all": {"verdict": "insufficient skill"}}}
    evaluation = {"rows": table, "metrics": metrics}
    limits = known_limits(TARGETS["tg"], rows, np.full(11, "all"), np.arange(11), evaluation)

    assert limits == [
        "No measured value lies below 100 or above 200 K.",
        "No measured value lies between 109 and 200 K.",
        "Series 'all': insufficient skill; it does not beat its baselines out of noise.",
        "Series 'all' rests on 11 rows in 11 groups.",
        "Intervals of the highest third (200 to 290 K) held 0.00 of the measured values, below 0.9.",
    ]


def test_each_source_of_a_row_is_counted():
    assert source_counts(pd.DataFrame({"source": ["a; b", "a", None]})) == {"a": 2, "b": 1, "not stated": 1}


def test_markdown_keeps_tables_whole():
    lines = CARD.markdown().splitlines()

    assert lines[0] == "# Glass <b>transition</b>, version 1"
    assert "| mae | 1.235 | 1 |" in lines
    assert "| r\\|2 | unknown | 0.5 |" in lines
    assert "- **Current**: yes" in lines


def test_html_is_escaped_and_holds_every_section():
    page = CARD.html()

    assert "<b>" not in page
    assert page.count("<h2>") == 3
    assert "<li>No measured value lies below 1 K.</li>" in page


def test_facts_are_the_plain_ones():
    assert CARD.facts()["value"].to_dict() == {"label": "skill", "current": "yes"}
