"""The rungs of the split ladder: what is held out whole, what leaks, what does not apply, and the checksum."""

import numpy as np
import pandas as pd
import pytest

from cryokit.chemistry.clusters import clusters, scaffold
from cryokit.errors import InputError
from cryokit.models.groups import groups, subjects
from cryokit.validation.split_kinds import FAIR, KINDS, split_of, why_not
from cryokit.validation.splits import grouped_folds, leaking_groups, training_rows


@pytest.fixture(scope="module")
def repeated_tg(made_up_tg) -> pd.DataFrame:
    """Every molecule twice, from two sources: rows at random must leak."""
    return pd.concat([made_up_tg.assign(source="first"), made_up_tg.assign(source="second")], ignore_index=True)


@pytest.fixture(scope="module")
def dated_viability(made_up_viability) -> pd.DataFrame:
    """A series of six days, two cell types and three sources; the last day repeats formulations of the first."""
    days = pd.Series(pd.date_range("2026-01-01", periods=6)).repeat(6).to_numpy()
    rows = made_up_viability.assign(date=days, cell=["A", "B"] * 18, source=["one", "two", "three"] * 12)
    again = rows.head(6).assign(date=pd.Timestamp("2026-01-06"))
    return pd.concat([rows, again], ignore_index=True)


@pytest.mark.parametrize("kind", ["compound", "cluster", "scaffold", "source", FAIR])
def test_no_compound_is_on_both_sides(repeated_tg, kind):
    split = split_of("tg", repeated_tg, kind, n_splits=4, repeats=2, seed=3)

    assert split.leaking_groups == 0
    assert leaking_groups(split.folds, groups("tg", repeated_tg), split.purged) == 0


def test_rows_at_random_say_how_many_groups_leak(repeated_tg):
    split = split_of("tg", repeated_tg, "random", n_splits=10)

    assert split.leaking_groups > 0.7 * split.n_fair_groups
    assert split.note == "what leakage would claim"


def test_the_fair_split_has_the_folds_of_cross_validation(repeated_tg):
    split = split_of("tg", repeated_tg, FAIR, n_splits=5, repeats=2, seed=4)

    pd.testing.assert_frame_equal(split.folds, grouped_folds("tg", repeated_tg, 5, 2, 4))
    assert split.sha256 == split_of("tg", repeated_tg, "compound", n_splits=5, repeats=2, seed=4).sha256


def test_clusters_hold_alike_molecules_and_are_never_torn(repeated_tg):
    split = split_of("tg", repeated_tg, "cluster", n_splits=4)

    assert 2 < split.n_groups < split.n_fair_groups
    assert leaking_groups(split.folds, split.units) == 0


def test_sugars_are_clustered_more_finely(made_up_iri):
    by_target = {name: split_of(name, made_up_iri, "cluster").n_groups for name in ("tg", "iri")}

    assert by_target["iri"] > by_target["tg"]


def test_molecules_without_a_ring_are_one_scaffold():
    assert scaffold("CCCCO") == scaffold("OCCO") == ""
    assert scaffold("CC1CCCO1") == "C1CCOC1"


def test_equal_structures_share_a_cluster_and_an_impossible_distance_is_refused():
    found = clusters(["OCCO", "CCCCCCCCCC", "OCCO"], 0.3)

    assert found[0] == found[2] != found[1]
    with pytest.raises(InputError, match="between 0 and 1"):
        clusters(["CO"], 1.5)


def test_a_source_with_most_of_the_rows_only_trains(made_up_tg):
    rows = made_up_tg.assign(source=["big"] * 30 + ["one"] * 3 + ["two"] * 3)
    split = split_of("tg", rows, "source")

    assert sorted(split.folds["row"]) == list(range(30, 36))
    assert split.n_groups == 2


def test_leaving_a_source_out_keeps_its_compounds_out_of_training(repeated_tg):
    split = split_of("tg", repeated_tg, "source")
    held_out = split.folds.loc[split.folds["fold"] == 0, "row"].to_numpy()

    assert len(training_rows(len(repeated_tg), held_out, (0, 0), split.purged)) == 0


def test_time_order_trains_on_earlier_rows_of_other_formulations_only(dated_viability):
    split = split_of("viability", dated_viability, "time")
    subject, dates = subjects("viability", dated_viability), dated_viability["date"].to_numpy()

    assert split.folds["fold"].nunique() == 5
    for (repeat, fold), part in split.folds.groupby(["repeat", "fold"]):
        asked = part["row"].to_numpy()
        training = training_rows(len(dated_viability), asked, (repeat, fold), split.purged)
        assert dates[training].max() < dates[asked].min()
        assert not set(subject[training]) & set(subject[asked])


def test_leaving_a_cell_type_out_keeps_its_sources_out_of_training(dated_viability):
    apart = dated_viability.assign(source=np.where(dated_viability["cell"] == "A", "one", "two"))
    split = split_of("viability", apart, "cell_type")

    assert (split.n_groups, split.leaking_groups) == (2, 0)


@pytest.mark.parametrize(
    ("target", "kind", "words"),
    [
        ("tg", "source", "one source"),
        ("tg", "cell_type", "no cells"),
        ("tg", "time", "carry no date"),
        ("viability", "cluster", "no single structure"),
        ("viability", "cell_type", "one cell type"),
    ],
)
def test_a_kind_that_does_not_apply_says_why(made_up_tg, made_up_viability, target, kind, words):
    rows = made_up_tg.assign(source="only") if target == "tg" else made_up_viability

    assert words in why_not(target, rows, kind)
    with pytest.raises(InputError, match=words):
        split_of(target, rows, kind)


def test_an_unknown_kind_is_refused_with_those_there_are(made_up_tg):
    with pytest.raises(InputError, match="there are random, compound"):
        split_of("tg", made_up_tg, "nonsense")


def test_the_checksum_follows_rows_and_folds_but_not_values(made_up_tg):
    plain = split_of("tg", made_up_tg, "compound", seed=1).sha256

    assert plain == split_of("tg", made_up_tg.assign(value=1.0), "compound", seed=1).sha256
    assert plain != split_of("tg", made_up_tg, "compound", seed=2).sha256
    assert plain != split_of("tg", made_up_tg.assign(name="other"), "random", seed=1).sha256


def test_every_kind_has_a_title():
    assert list(KINDS) == ["random", "compound", "cluster", "scaffold", "source", "cell_type", "time"]
    assert all(kind.title for kind in KINDS.values())
