"""The split ladder, one evaluation path for every kind of model, and no skill where there is nothing to learn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cryokit.domain import INSUFFICIENT_SKILL
from cryokit.errors import InputError
from cryokit.figures import ladder as figures
from cryokit.models.estimators import KINDS as ESTIMATORS
from cryokit.models.targets import Member, Recipe, recipe_for
from cryokit.validation.comparison import compared
from cryokit.validation.evaluation import evaluate
from cryokit.validation.ladder import LADDER_COLUMNS, split_ladder
from cryokit.validation.split_kinds import KINDS, split_of, why_not

SETTINGS = {"extra_trees": {"n_estimators": 10}, "gradient_boosting": {"max_iter": 10}}
MEMBERS = {"mean": (), **{kind: (Member(kind, SETTINGS.get(kind, {})),) for kind in ESTIMATORS}}


def light(target: str) -> Recipe:
    return replace(
        recipe_for(target),
        members=(Member("ridge", {"alpha": 30.0}),),
        alternatives=(),
        n_repeats=1,
        n_folds=3,
        calibration_folds=2,
    )


@pytest.fixture(scope="module")
def rows_of(made_up_tg, made_up_iri, made_up_viability) -> dict[str, pd.DataFrame]:
    """Rows of each target to which as many kinds of split apply as possible."""
    days = pd.date_range("2026-01-01", periods=6)
    viability = made_up_viability.assign(
        source=np.repeat(["one", "two", "three", "four", "five", "six"], 6),
        cell=np.repeat(["A", "B", "C"], 12),
        date=np.repeat(days, 6),
    )
    return {
        "tg": made_up_tg.assign(source=np.tile(["one", "two", "three"], 12), date=np.repeat(days, 6)),
        "iri": made_up_iri.assign(source=np.tile(["one", "two", "three"], 12), date=np.tile(np.repeat(days, 3), 2)),
        "viability": viability,
    }


@pytest.fixture(scope="module")
def tg_ladder(rows_of) -> pd.DataFrame:
    return split_ladder("tg", rows_of["tg"], ("compound", "cluster", "cell_type"), recipe=light("tg"))


def test_a_ladder_has_a_row_for_each_split_and_random_rows_first(tg_ladder):
    assert list(tg_ladder.columns) == LADDER_COLUMNS
    assert tg_ladder["kind"].tolist() == ["random", "compound", "cluster", "cell_type"]
    assert (tg_ladder["mae_lower"] <= tg_ladder["mae_upper"])[:3].all()


def test_the_gap_is_the_difference_to_rows_at_random(tg_ladder):
    errors = tg_ladder.set_index("kind")["mae"].astype(float)

    assert pd.isna(tg_ladder.loc[0, "gap"])
    assert tg_ladder.loc[2, "gap"] == pytest.approx(errors["cluster"] - errors["random"])


def test_a_split_that_does_not_apply_has_no_scores_and_a_reason(tg_ladder):
    last = tg_ladder.iloc[-1]

    assert pd.isna(last["mae"])
    assert last["note"] == "no cells are measured"


def test_series_have_rungs_of_their_own(rows_of):
    ladder = split_ladder("iri", rows_of["iri"], ("compound",), recipe=light("iri"))

    assert ladder["series"].tolist() == ["splat, 10 mM NaCl"] * 2 + ["splat, PBS"] * 2
    assert (ladder["n_groups"] == 18).all()


def test_the_table_for_people_names_the_closest_baseline_and_a_sentence_what_does_not_apply(tg_ladder):
    table = figures.ladder_summary(tg_ladder, "tg")

    assert table.index.tolist() == ["rows at random", "leave-compound-out", "leave-cluster-out"]
    assert figures.not_applied_text(tg_ladder) == "Not applied: leave-cell-type-out (no cells are measured)."
    assert figures.not_applied_text(tg_ladder.head(3)) == "Every split that was asked for applies."
    assert table.loc["leave-compound-out", "closest baseline"].split(":")[0] in {"mean", "nearest neighbour", "0.7*Tm"}


def test_the_sentence_names_the_hardest_split_and_the_claim_of_random_rows(tg_ladder):
    text = figures.split_ladder_text(tg_ladder, "tg")

    assert "rows at random would claim" in text
    assert figures.split_ladder_text(tg_ladder.iloc[-1:], "tg") == "No split could be evaluated."


def test_the_figure_draws_each_split_once_and_marks_the_one_that_leaks(tg_ladder):
    import holoviews as hv

    points = figures.split_ladder(tg_ladder, "tg").traverse(lambda element: element, [hv.Points])

    assert {part.label: len(part) for part in points} == {figures.LEAKS: 1, figures.FAIR: 2, "best baseline": 3}
    assert hv.renderer("bokeh").get_plot(figures.split_ladder(tg_ladder, "tg")).state.xaxis[0].axis_label == (
        "mean absolute error (K)"
    )


def test_figures_and_bars_say_what_was_missed():
    rows = {"test": ["one", "two"], "figure": "mae", "value": ["13.41234", "skill"], "bar": ["<= 15", "== skill"]}
    table = figures.figures_summary(pd.DataFrame(rows | {"passed": [True, False]}))

    assert table["outcome"].tolist() == ["holds", "MISSED"]
    assert table["value"].tolist() == ["13.41", "skill"]


def record_of(rows: pd.DataFrame, kind: str) -> dict:
    rows = rows.drop(columns="tm_kelvin")
    split = split_of("tg", rows, "compound", n_splits=2)
    return evaluate("tg", rows, split.folds, recipe=replace(light("tg"), members=MEMBERS[kind])).as_json()


@pytest.fixture(scope="module")
def reference(rows_of) -> dict:
    return record_of(rows_of["tg"], "mean")


@pytest.mark.parametrize("kind", [kind for kind in MEMBERS if kind != "mean"])
def test_every_kind_of_model_gives_records_of_one_schema(rows_of, reference, kind):
    found = record_of(rows_of["tg"], kind)

    assert list(found) == list(reference)
    assert list(found["metrics"]) == list(reference["metrics"])
    assert {name: list(item) for name, item in found["series"].items()} == {
        name: list(item) for name, item in reference["series"].items()
    }


def test_two_kinds_of_models_are_compared_on_the_same_folds(rows_of):
    rows = rows_of["tg"].drop(columns="tm_kelvin")
    folds = split_of("tg", rows, "compound", n_splits=3).folds
    ridge = evaluate("tg", rows, folds, recipe=light("tg"))
    mean = evaluate("tg", rows, folds, recipe=replace(light("tg"), members=()))
    result = compared(mean.rows, ridge.rows, ridge.group, np.full(len(rows), "all"))

    assert result["paired"]["difference"] == pytest.approx(mean.metrics["mae"] - ridge.metrics["mae"])
    assert result["second_is"] == "better"


def test_a_recipe_of_another_target_is_refused(rows_of):
    with pytest.raises(InputError, match="the recipe is for iri"):
        evaluate("tg", rows_of["tg"], pd.DataFrame({"row": [0], "repeat": 0, "fold": 0}), recipe=light("iri"))


@pytest.mark.parametrize("target", ["tg", "iri", "viability"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_shuffled_target_has_no_skill_on_any_split(rows_of, target, kind):
    """R2 at most 0 within noise: the lower end of its interval does not exceed 0, and the gate says so."""
    rows = rows_of[target].drop(columns="tm_kelvin", errors="ignore")
    if reason := why_not(target, rows, kind):
        assert (target, kind) in {
            ("tg", "cell_type"),
            ("iri", "cell_type"),
            ("viability", "cluster"),
            ("viability", "scaffold"),
        }, reason
        return
    generator = np.random.default_rng(11)
    series = rows["buffer"] if target == "iri" else pd.Series("", index=rows.index)
    shuffled = rows.assign(value=rows.groupby(series)["value"].transform(generator.permutation))
    split = split_of(target, shuffled, kind, n_splits=2)
    found = evaluate(target, shuffled, split.folds, recipe=light(target), purged=split.purged)

    assert all((item["intervals"]["r2"][0] or 0.0) <= 0 for item in found.series.values())
    assert all(item["metrics"]["r2"] <= 0.15 for item in found.series.values())
    assert found.verdict == INSUFFICIENT_SKILL
