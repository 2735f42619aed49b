"""Folds of the public sets are fixed in files; nothing is learned from a shuffled target, whatever the split."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cryokit.chemistry.recipe import parse_recipe
from cryokit.domain import INSUFFICIENT_SKILL, TARGETS
from cryokit.sources import bundled, upstream
from cryokit.validation.evaluation import evaluate
from cryokit.validation.split_kinds import FAIR, KINDS, split_of, why_not
from cryokit.validation.splits import FOLD_COLUMNS
from tests.validation.public_data import usable_rows

FOLDS = Path(__file__).parent / "folds"
N_SPLITS, REPEATS, SEED = 10, 3, 0


def with_components(rows: pd.DataFrame) -> pd.DataFrame:
    if "recipe" not in rows:
        return rows
    return rows.assign(components=[parse_recipe(text, bundled.component_named) for text in rows["recipe"]])


def public_rows(name: str, folder: Path) -> pd.DataFrame:
    """Return the rows of a public set that its loader does not exclude; of viability only that endpoint."""
    rows = usable_rows(name, folder)
    rows = rows[rows["endpoint"] == "viability"] if name == "cryomn" else rows
    return with_components(rows.reset_index(drop=True))


def shipped_rows(target: str) -> pd.DataFrame:
    """Return the rows that ship with cryokit; of glass transitions the curated ones."""
    rows = bundled.bundled_rows(target)
    rows = rows[rows["is_curated"].astype(bool)] if "is_curated" in rows else rows
    return with_components(rows.reset_index(drop=True))


def shuffled(target: str, rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return rows whose values changed places inside each series; melting points, which know them, are left out."""
    columns = list(TARGETS[target].series)
    keys = rows[columns].astype(str).agg(", ".join, axis=1) if columns else pd.Series("", index=rows.index)
    values = rows.groupby(keys)["value"].transform(np.random.default_rng(seed).permutation)
    return rows.assign(value=values, **({"tm_kelvin": np.nan} if "tm_kelvin" in rows else {}))


# jurkat needs amounts that the file does not tell; test_viability makes them up and has the folds of grouped_folds.
@pytest.mark.parametrize("name", sorted(set(upstream.DATASETS) - {"jurkat"}))
def test_the_fair_folds_are_those_of_the_file(name, tmp_path, pytestconfig):
    target = upstream.dataset_named(name).target
    split = split_of(target, public_rows(name, tmp_path), FAIR, N_SPLITS, REPEATS, SEED)
    wide = split.folds.pivot(index="row", columns="repeat", values="fold").add_prefix("fold_of_repeat_")
    path = FOLDS / f"{name}.csv"
    if pytestconfig.getoption("write_folds"):
        wide.to_csv(path)
    stored = pd.read_csv(path, index_col="row")

    assert split.leaking_groups == 0
    assert wide.to_numpy().tolist() == stored.to_numpy().tolist()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "kind"),
    [(target, kind) for target in TARGETS for kind in KINDS if not why_not(target, shipped_rows(target), kind)],
)
def test_a_shuffled_target_has_no_skill_on_any_split(target, kind):
    """R2 at most 0 within noise: not above 0 by more than the half width of its bootstrap interval."""
    rows = shuffled(target, shipped_rows(target), seed=1)
    split = split_of(target, rows, kind, n_splits=5)
    evaluation = evaluate(target, rows, split.folds[FOLD_COLUMNS], purged=split.purged)
    scores = {name: (item["metrics"]["r2"], item["intervals"]["r2"]) for name, item in evaluation.series.items()}
    largest_r2 = max(r2 for r2, _ in scores.values())
    print(f"\n{target}, {kind}, shuffled: {scores}; {evaluation.verdict}")  # noqa: T201  the figures

    assert evaluation.verdict == INSUFFICIENT_SKILL
    assert all((ends[0] if ends[0] is not None else r2 - 0.1) <= 0 for r2, ends in scores.values())
    assert largest_r2 <= 0.15
