"""Folds: whole groups, fixed by the seed, and clear words for folds that cannot be used."""

import numpy as np
import pandas as pd
import pytest

from cryokit.errors import InputError
from cryokit.validation.splits import checked_folds, grouped_folds, groups, leaking_groups


def folds_of(*triples: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(triples, columns=["row", "repeat", "fold"])


def test_stereoisomers_and_spelling_variants_are_one_group():
    rows = pd.DataFrame(
        {
            "smiles": ["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "CCO", "CCCO", "OCCO"],
            "name": ["L-alanine", "D-alanine", "Spirit of wine", "spirit-of-wine", "glycol"],
        }
    )

    assert groups("tg", rows).tolist() == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(made_up_tg, seed):
    with pytest.raises(InputError, match=f"the seed is {seed}"):
        grouped_folds("tg", made_up_tg, seed=seed)


def test_groups_join_through_a_third_row():
    rows = pd.DataFrame({"smiles": ["CCO", "OCC", "CCCO", "CCCO"], "name": ["a", "b", "b", "c"]})

    assert groups("tg", rows).tolist() == [0, 0, 0, 0]


def test_rows_without_a_name_are_grouped_by_structure_alone():
    rows = pd.DataFrame({"smiles": ["CCO", "CCCO"], "name": [None, np.nan]})

    assert groups("tg", rows).tolist() == [0, 1]


def test_formulations_are_grouped_by_source_when_there_are_several(made_up_viability):
    rows = made_up_viability.assign(source=["first"] * 12 + ["second"] * 24)

    assert groups("viability", rows).tolist() == [0] * 12 + [1] * 24


def test_formulations_of_one_source_are_grouped_by_composition(made_up_viability):
    twice = pd.concat([made_up_viability, made_up_viability], ignore_index=True)
    turned = twice.assign(components=[components[::-1] for components in twice["components"]])

    assert groups("viability", turned).tolist() == [*range(36), *range(36)]


def test_no_group_is_on_both_sides(made_up_tg):
    rows = pd.concat([made_up_tg] * 3, ignore_index=True)
    folds = grouped_folds("tg", rows, n_splits=5, repeats=4, seed=7)

    assert leaking_groups(folds, groups("tg", rows)) == 0
    assert (folds.groupby("repeat")["row"].nunique() == len(rows)).all()


def test_folds_are_about_equal_and_fixed_by_the_seed(made_up_tg):
    folds = grouped_folds("tg", made_up_tg, n_splits=6, repeats=2, seed=1)
    sizes = folds.groupby(["repeat", "fold"]).size()

    assert sizes.max() - sizes.min() <= 1
    assert folds.equals(grouped_folds("tg", made_up_tg, n_splits=6, repeats=2, seed=1))
    assert not folds.equals(grouped_folds("tg", made_up_tg, n_splits=6, repeats=2, seed=2))


def test_more_folds_than_groups_become_one_fold_a_group(made_up_viability):
    rows = made_up_viability.assign(source=["first"] * 12 + ["second"] * 24)

    assert grouped_folds("viability", rows, n_splits=10)["fold"].nunique() == 2


def test_one_group_cannot_be_split():
    with pytest.raises(InputError, match="at least 2 groups"):
        grouped_folds("tg", pd.DataFrame({"smiles": ["CCO", "OCC"], "name": ["a", "a"]}))


@pytest.mark.parametrize(
    ("folds", "words"),
    [
        (folds_of((5, 0, 0)), "name row 5"),
        (folds_of((-1, 0, 0)), "name row -1"),
        (folds_of((1, 0, 0), (1, 0, 1)), "comes twice"),
        (folds_of((0, 0, 0), (1, 0, 0), (2, 0, 0)), "none to train on"),
        (folds_of((0, 0, 0)).drop(columns="fold"), "lack the column fold"),
        (folds_of((0, 0, 0)).assign(fold=0.5), "whole numbers"),
        (folds_of(), "empty"),
    ],
)
def test_folds_that_cannot_be_used_are_refused_with_the_reason(folds, words):
    with pytest.raises(InputError, match=words):
        checked_folds(folds, n_rows=3)
