"""Importance and contributions as figures: largest first, spread to both sides, the same in words and as a table."""

import holoviews as hv
import pandas as pd
import pytest

from cryokit.figures import importance as figures

IMPORTANCE = pd.DataFrame(
    {
        "series": "all",
        "group": ["molar_mass", "donors", "rings"],
        "features": [["molar_mass", "heavy_atoms"], ["donors", "acceptors"], ["rings"]],
        "importance": [12.0, 3.0, -0.5],
        "spread": [1.0, 2.0, 0.5],
        "n": 30,
    }
)
CONTRIBUTIONS = pd.DataFrame(
    {
        "row": 0,
        "group": ["donors", "molar_mass", "rings"],
        "features": [["donors"], ["molar_mass", "heavy_atoms"], ["rings"]],
        "contribution": [-20.0, 5.0, 0.0],
        "spread": [4.0, 3.0, 0.0],
    }
)


def drawn(element: hv.Overlay):
    return hv.renderer("bokeh").get_plot(element).state


@pytest.mark.parametrize(
    ("draw", "table", "label"),
    [
        (figures.importance_chart, IMPORTANCE, "growth of the mean absolute error (K)"),
        (figures.contribution_chart, CONTRIBUTIONS.head(2), "adds (K)"),
    ],
)
def test_each_group_is_drawn_once_in_its_place_with_its_spread_to_both_sides(draw, table, label):
    chart = draw(table, "tg")
    points = chart.traverse(lambda element: element, [hv.Points])
    [lines] = chart.traverse(lambda element: element, [hv.Segments])
    value = table.columns[3]
    state = drawn(chart)

    assert sum(len(part) for part in points) == len(table)
    assert (lines["high"] - lines["low"]).tolist() == (2 * table["spread"]).tolist()
    assert ((lines["high"] + lines["low"]) / 2).tolist() == table[value].tolist()
    assert state.xaxis[0].axis_label == label
    # The axis is drawn from below, so the last factor is on top.
    assert state.y_range.factors[-1] == figures._words(table.to_dict("records")[0])
    assert len(state.y_range.factors) == len(table)


def test_what_adds_nothing_is_not_drawn_unless_nothing_adds():
    charts = [figures.contribution_chart(table, "tg") for table in (CONTRIBUTIONS, CONTRIBUTIONS.tail(1))]
    counts = [len(chart.traverse(lambda element: element, [hv.Segments])[0]) for chart in charts]

    assert counts == [2, 1]
    assert drawn(charts[1]) is not None


def test_only_the_largest_are_drawn():
    many = pd.concat([IMPORTANCE.assign(group=f"group_{place}") for place in range(10)], ignore_index=True)
    [lines] = figures.importance_chart(many, "tg").traverse(lambda element: element, [hv.Segments])

    assert len(lines) == figures.SHOWN


def test_words_name_the_first_and_count_what_is_beyond_its_spread():
    assert figures.importance_text(IMPORTANCE, "tg") == (
        "Without molar mass and 1 like it the error grows by 12.0 K (standard deviation 1.0); 1 of 3 groups of "
        "features matter by more than twice their standard deviation."
    )
    assert figures.importance_text(IMPORTANCE.iloc[:0], "tg") == "The importance of features is not known."
    assert figures.importance_text(IMPORTANCE.assign(series="splat, PBS"), "iri").startswith("Splat, PBS: Without")


def test_words_tell_what_adds_and_what_takes_away():
    assert figures.contribution_text(CONTRIBUTIONS, "tg") == (
        "Compared with the training median, most is added by molar mass and 1 like it: 5.0 K (standard deviation 3.0); "
        "most is taken away by donors: 20.0 K (standard deviation 4.0)."
    )
    assert figures.contribution_text(CONTRIBUTIONS.tail(1), "tg").startswith("No group of features moves")


def test_tables_hold_what_is_drawn():
    assert figures.importance_table(IMPORTANCE, "tg").loc["molar mass"].tolist() == [
        "heavy atoms",
        "12.0",
        "1.0",
    ]
    assert figures.contribution_table(CONTRIBUTIONS, "tg")["adds (K)"].tolist() == ["-20.0", "5.0"]


def test_names_fit_beside_a_chart_and_stay_apart():
    long = "amount of diethylene glycol monobutyl ether (OAYXUHPQHDHDDZ-UHFFFAOYSA-N)"
    other = "amount of diethylene glycol monobutyl ester (BAYXUHPQHDHDDZ-UHFFFAOYSA-N)"
    both = IMPORTANCE.head(2).assign(group=[long, other], features=[[long], [other]])
    [lines] = figures.importance_chart(both, "tg").traverse(lambda element: element, [hv.Segments])

    assert figures._short("amount of pyridine (JUJWROOIHBZHMG-UHFFFAOYSA-N)") == "amount of pyridine"
    assert lines["what"].tolist() == [f"{place}. amount of diethylene glycol m\u2026" for place in (1, 2)]
    assert figures.importance_table(both, "tg").index[0] == "amount of diethylene glycol monobutyl ether"
