"""Split ladder, learning curve and importance of stored rows: what was computed is kept and not computed again."""

import json
import stat
from collections.abc import Iterator

import pandas as pd
import pytest

from cryokit.errors import InputError, NotFoundError
from cryokit.sources.bundled import bundled_rows
from cryokit.workbench import Workbench
from cryokit.workbench.core import with_components

SPLITS = "random,source,time"


@pytest.fixture
def workbench(fresh_database, tmp_path) -> Iterator[Workbench]:
    """Nine survivals, of which the mean is learned, and no model; what is computed is kept in a folder of its own."""
    settings = fresh_database.settings.model_copy(update={"state_dir": tmp_path})
    workbench = Workbench(settings, fresh_database)
    # Three of each source: with rows at random, a source is on both sides.
    rows = bundled_rows("viability").groupby("source").head(3)
    workbench.registry.store_measurements(with_components("viability", rows), "viability", is_public=True)
    return workbench


def test_a_second_ladder_computes_only_what_is_missing(workbench):
    seen: list[str] = []
    first = workbench.split_ladder("viability", splits=SPLITS, on_fold=lambda title, *_: seen.append(title))
    computed, kept = set(seen), sorted(workbench.settings.evaluations_dir.glob("*.json"))
    seen.clear()
    again = workbench.split_ladder("viability", splits=SPLITS, on_fold=lambda title, *_: seen.append(title))

    pd.testing.assert_frame_equal(first, again)
    assert (computed, seen) == ({"rows at random", "leave-source-out"}, [])

    next(path for path in kept if json.loads(path.read_text())["leaking_groups"] == 0).unlink()
    workbench.split_ladder("viability", splits="random,source", on_fold=lambda title, *_: seen.append(title))

    assert len(set(seen)) == 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in workbench.settings.evaluations_dir.iterdir()} == {0o600}


def test_training_keeps_its_evaluation_for_the_ladder_and_stores_the_split(workbench):
    workbench.train("viability")
    seen: list[str] = []
    ladder = workbench.split_ladder("viability", splits="source", on_fold=lambda title, *_: seen.append(title))
    metrics = workbench.latest_evaluation("viability")["metrics"]

    assert set(seen) == {"rows at random"}
    assert metrics["split"]["sha256"] == ladder.set_index("kind").loc["source", "sha256"]
    assert metrics["mae"] == pytest.approx(ladder.set_index("kind").loc["source", "mae"])


def test_training_again_on_the_same_rows_computes_no_fold_twice(workbench):
    folds: list[int] = []
    first = workbench.train("viability", estimator="ridge", progress=lambda done, _: folds.append(done))
    computed = len(folds)
    again = workbench.train("viability", estimator="ridge", progress=lambda done, _: folds.append(done))
    workbench.train("viability", estimator="ridge", seed=1, progress=lambda done, _: folds.append(done))

    assert computed > 0
    assert (again["version"], again["metrics"]) == (2, first["metrics"])
    assert len(folds) == 2 * computed  # once for each seed


@pytest.fixture
def eighteen(fresh_database, tmp_path) -> Workbench:
    """Eighteen survivals, six of each source: as many as the recipe needs, also where a source is held out."""
    settings = fresh_database.settings.model_copy(update={"state_dir": tmp_path})
    workbench = Workbench(settings, fresh_database)
    rows = bundled_rows("viability").drop_duplicates("recipe").groupby("source").head(6)
    workbench.registry.store_measurements(with_components("viability", rows), "viability", is_public=True)
    return workbench


def test_a_learning_curve_is_kept_and_computed_once(eighteen):
    seen: list[str] = []
    asked = {"target": "viability", "estimator": "ridge"}
    before = eighteen.kept_learning_curve(**asked)
    first = eighteen.learning_curve(**asked, on_fold=lambda title, *_: seen.append(title))
    computed = set(seen)
    again = eighteen.learning_curve(**asked, on_fold=lambda title, *_: seen.append(title))

    assert (len(before), computed, len(seen)) == (
        0,
        {"75 % of the training groups", "100 % of the training groups"},
        20,
    )
    assert first["mae"].notna().tolist() == [False] * 3 + [True] * 2
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(first, eighteen.kept_learning_curve(**asked))
    assert eighteen.kept_learning_curve(**asked, seed=1).empty


def test_importance_is_computed_once_and_a_measured_row_is_explained(eighteen):
    eighteen.train("viability", estimator="ridge")
    folds: list[int] = []
    before = eighteen.kept_importance("viability")
    first = eighteen.feature_importance("viability", progress=lambda done, _: folds.append(done))
    again = eighteen.feature_importance("viability", progress=lambda done, _: folds.append(done))

    assert (len(before), len(folds)) == (0, 3)  # a fold for each source
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(first, eighteen.kept_importance("viability", 1))
    card = eighteen.model_card("viability", importance=True)
    assert len(card.sections["feature_importance"]) == (first["importance"] > 0).sum() > 0

    rows = eighteen.rows_of("viability", 1)
    explained = eighteen.explain_measured("viability", 5)
    assert explained["predictions"]["recipe"].tolist() == [rows["recipe"].iloc[5]]
    assert explained["contributions"]["spread"].max() > 0
    with pytest.raises(InputError, match="there is no row 18"):
        eighteen.explain_measured("viability", 18)


def test_unknown_splits_and_selections_are_refused(workbench):
    with pytest.raises(InputError, match="there are random, compound"):
        workbench.split_ladder("viability", splits="random,nonsense")
    with pytest.raises(NotFoundError):
        workbench.split_ladder("iri")
