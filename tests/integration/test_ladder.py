"""The split ladder of stored rows: what was computed is kept, and only what is missing is computed again."""

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


def test_unknown_splits_and_selections_are_refused(workbench):
    with pytest.raises(InputError, match="there are random, compound"):
        workbench.split_ladder("viability", splits="random,nonsense")
    with pytest.raises(NotFoundError):
        workbench.split_ladder("iri")
