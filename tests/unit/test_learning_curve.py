"""The learning curve: nested training groups, the same test rows, an interval, and a sentence that says no more."""

from dataclasses import replace

import holoviews as hv
import numpy as np
import pandas as pd
import pytest

from cryokit.errors import InputError
from cryokit.figures import learning as figures
from cryokit.models.targets import Member, Recipe, recipe_for
from cryokit.validation.evaluation import evaluate
from cryokit.validation.learning import CURVE_COLUMNS, learning_curve, thinned
from cryokit.validation.split_kinds import split_of
from cryokit.validation.splits import leaking_groups, training_rows

SHARES = (0.25, 0.5, 1.0)


def light(target: str) -> Recipe:
    ridge = (Member("ridge", {"alpha": 3.0}),)
    few = {"n_repeats": 1, "n_folds": 3, "calibration_folds": 2}
    return replace(recipe_for(target), members=ridge, alternatives=(), **few)


@pytest.fixture(scope="module")
def rows(made_up_tg) -> pd.DataFrame:
    return made_up_tg.drop(columns="tm_kelvin")


@pytest.fixture(scope="module")
def curve(rows) -> pd.DataFrame:
    return learning_curve("tg", rows, SHARES, recipe=light("tg"))


def learned_from(split, n_rows):
    for key, part in split.folds.groupby(["repeat", "fold"]):
        yield key, set(training_rows(n_rows, part["row"].to_numpy(), key, split.purged).tolist())


def test_each_step_learns_from_whole_groups_and_holds_the_step_before(made_up_iri):
    made_up_iri = pd.concat([made_up_iri, made_up_iri], ignore_index=True)  # each is measured twice
    split = split_of("iri", made_up_iri, "compound", n_splits=4, repeats=2, seed=3)
    steps = [thinned("iri", made_up_iri, split, share) for share in (0.2, 0.5, 0.8, 1.0)]
    learned = [dict(learned_from(step, len(made_up_iri))) for step in steps]

    for less, more in zip(learned, learned[1:], strict=False):
        assert all(less[key] < more[key] for key in more)
    for step, chosen in zip(steps, learned, strict=True):
        pd.testing.assert_frame_equal(step.folds, split.folds)
        assert leaking_groups(step.folds, split.units, step.purged) == 0
        for key, all_rows in learned[-1].items():
            left_out = all_rows - chosen[key]
            pairs = {(split.units[row], made_up_iri["buffer"].iloc[row]) for row in chosen[key]}
            assert not pairs & {(split.units[row], made_up_iri["buffer"].iloc[row]) for row in left_out}
    assert len({step.sha256 for step in steps}) == len(steps)
    assert steps[-1] is split


def test_the_last_step_is_the_evaluation_of_the_whole_split(curve, rows):
    split = split_of("tg", rows, "compound", n_splits=3)
    whole = evaluate("tg", rows, split.folds, recipe=light("tg"))
    last = curve.iloc[-1]

    assert list(curve.columns) == CURVE_COLUMNS
    assert (last["mae"], last["sha256"]) == (pytest.approx(whole.metrics["mae"]), split.sha256)
    assert [last["mae_lower"], last["mae_upper"]] == whole.series["all"]["intervals"]["mae"]


def test_more_groups_are_learned_from_at_each_step_and_the_gain_is_the_difference(curve):
    scored = curve[curve["mae"].notna()]

    assert scored["training_groups"].is_monotonic_increasing
    assert scored["n"].nunique() == 1
    assert scored["gain"].iloc[1:].tolist() == pytest.approx((-scored["mae"].diff().iloc[1:]).tolist())
    assert (scored["gain_lower"] <= scored["gain_upper"]).iloc[1:].all()


def test_a_step_on_too_few_rows_has_no_error_and_says_so(curve):
    first = curve.iloc[0]

    assert pd.isna(first["mae"])
    assert first["note"] == f"a fold would learn from {first['training_rows']:.0f} rows; the recipe needs 10"


def test_rows_that_say_nothing_do_not_get_better_with_number(rows):
    shuffled = rows.assign(value=np.random.default_rng(5).permutation(rows["value"]))
    last = learning_curve("tg", shuffled, (0.5, 1.0), recipe=light("tg")).iloc[-1]

    assert last["gain_lower"] < 0
    assert "that the last ones helped is not shown" in figures.learning_curve_text(last.to_frame().T.iloc[[0, 0]], "tg")


@pytest.mark.parametrize("shares", [(), (0.5, 0.5), (0.0, 1.0), (0.5, 1.5), (1.0, 0.5)])
def test_shares_that_do_not_rise_in_their_range_are_refused(rows, shares):
    with pytest.raises(InputError, match="must rise"):
        learning_curve("tg", rows, shares, recipe=light("tg"))


def test_figure_sentence_and_table_say_the_same(curve):
    scored, table = curve[curve["mae"].notna()], figures.learning_curve_table(curve, "tg")
    last = scored.iloc[-1]
    points = figures.learning_curve(curve, "tg").traverse(lambda element: element, [hv.Points])
    state = hv.renderer("bokeh").get_plot(figures.learning_curve(curve, "tg")).state

    assert [len(part) for part in points] == [len(scored)]
    assert (state.xaxis[0].axis_label, state.yaxis[0].axis_label) == (
        "compounds learned from",
        "mean absolute error (K)",
    )
    assert table.iloc[-1]["MAE (K)"].startswith(f"{last['mae']:.1f} (")
    assert f"With {last['training_groups']:.0f} compounds the error is {last['mae']:.1f} (" in (
        figures.learning_curve_text(curve, "tg")
    )


def test_series_have_lines_of_their_own(made_up_iri):
    curve = learning_curve("iri", made_up_iri, (0.9, 1.0), recipe=light("iri"))
    text = figures.learning_curve_text(curve, "iri")

    assert curve["series"].tolist() == ["splat, 10 mM NaCl"] * 2 + ["splat, PBS"] * 2
    assert text.count("the error is") == 2
    assert "Splat, PBS: with" in text


def test_few_sources_give_no_interval_and_the_sentence_says_so(made_up_viability):
    rows = made_up_viability.assign(source=np.repeat(["one", "two", "three"], 12))
    curve = learning_curve("viability", rows, (0.5, 1.0), recipe=light("viability"))

    assert curve["n_groups"].tolist() == [3, 3]
    assert curve[["mae_lower", "gain_lower"]].isna().all(axis=None)
    assert "there are too few independent groups to tell this from chance" in (
        figures.learning_curve_text(curve, "viability")
    )


def test_a_curve_without_errors_says_so(curve):
    assert figures.learning_curve_text(curve.head(1), "tg") == "No step of the learning curve could be evaluated."
    assert figures.learning_curve_text(curve.head(0), "tg") == "The learning curve is not computed."
    assert hv.renderer("bokeh").get_plot(figures.learning_curve(curve.head(1), "tg")).state is not None
