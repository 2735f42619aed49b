"""Importance, contributions and nearest examples, on rows where the right answer is known."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cryokit.domain import Component
from cryokit.errors import InputError
from cryokit.models.explanation import contributions, feature_groups, nearest_measured, permutation_importance
from cryokit.models.fitted import FittedModel, fit
from cryokit.validation.splits import grouped_folds

CHAIN = pd.DataFrame(
    {
        "name": [f"alcohol {count}" for count in range(1, 25)],
        "smiles": ["C" * count + "O" for count in range(1, 25)],
        "value": [100.0 + 8.0 * count for count in range(1, 25)],
        "source": "own DSC",
    }
)


@pytest.fixture(scope="module")
def learned(few_trees) -> Callable[[pd.DataFrame], FittedModel]:
    return lambda rows: fit("tg", rows, 0, few_trees("tg"))


@pytest.fixture(scope="module")
def model(learned) -> FittedModel:
    return learned(CHAIN)


@pytest.fixture(scope="module")
def importance(learned) -> pd.DataFrame:
    folds = grouped_folds("tg", CHAIN, 2, 1, 0)
    return permutation_importance("tg", CHAIN, folds, learned, repeats=3)


def test_features_that_say_the_same_are_one_group():
    drawing = np.random.default_rng(0)
    mass, charge = drawing.normal(size=40), drawing.normal(size=40)
    matrix = np.column_stack([mass, charge, 3 * mass + 0.01 * charge, np.full(40, 7.0)])

    assert feature_groups(["mass", "charge", "atoms", "constant"], matrix) == {"mass": [0, 2], "charge": [1]}


def test_the_length_of_the_chain_is_what_matters(importance):
    first = importance.iloc[0]

    assert "molar_mass" in first["features"]
    assert first["importance"] > 10.0
    assert (importance["spread"] >= 0).all()
    assert (importance["n"] == len(CHAIN)).all()


def test_a_feature_that_never_varies_is_not_in_the_list(importance):
    assert "nitrogens" not in {name for features in importance["features"] for name in features}


def test_importance_is_the_same_for_the_same_seed(importance, learned):
    folds = grouped_folds("tg", CHAIN, 2, 1, 0)
    again = permutation_importance("tg", CHAIN, folds, learned, repeats=3)

    pd.testing.assert_frame_equal(importance, again)


def test_a_spread_needs_two_repeats(learned):
    with pytest.raises(InputError, match="at least 2 repeats"):
        permutation_importance("tg", CHAIN, grouped_folds("tg", CHAIN, 2), learned, repeats=1)


def test_a_long_chain_adds_and_a_short_one_takes_away(model):
    table = contributions(model, pd.DataFrame({"smiles": ["C" * 23 + "O", "CO"]}), CHAIN)
    largest = table.groupby("row").first()

    assert largest.loc[0, "contribution"] > 10.0
    assert largest.loc[1, "contribution"] < -10.0
    assert "molar_mass" in largest.loc[0, "features"]


def test_the_spread_of_a_contribution_is_that_over_training_rows(model):
    table = contributions(model, pd.DataFrame({"smiles": ["C" * 23 + "O"]}), CHAIN)
    first = table.iloc[0]

    # A chain of 24 is compared with chains of 1 to 24, 8 K each, whose standard deviation is 55 K.
    assert 15.0 < first["spread"] < 80.0
    assert (table["spread"] >= 0).all()
    other = contributions(model, pd.DataFrame({"smiles": ["C" * 23 + "O"]}), CHAIN, draws=40, seed=1)
    pd.testing.assert_frame_equal(table.drop(columns="spread"), other.drop(columns="spread"))
    assert first["spread"] != other.iloc[0]["spread"]


def test_the_spread_of_a_contribution_needs_two_draws(model):
    with pytest.raises(InputError, match="at least 2 draws"):
        contributions(model, pd.DataFrame({"smiles": ["CCO"]}), CHAIN, draws=1)


def test_contributions_do_not_depend_on_the_batch(model):
    one = contributions(model, pd.DataFrame({"smiles": ["CCO"]}), CHAIN)
    both = contributions(model, pd.DataFrame({"smiles": ["CCO", "CCCCCCO"]}), CHAIN)

    pd.testing.assert_frame_equal(one, both[both["row"] == 0].reset_index(drop=True))


def test_the_nearest_measured_molecule_comes_with_value_and_source():
    found = nearest_measured("tg", pd.DataFrame({"smiles": ["OCC", "OCCCCCC"]}), CHAIN, 2)

    assert found.groupby("row")["smiles"].first().tolist() == ["CCO", "CCCCCCO"]
    assert found.groupby("row")["similarity"].first().tolist() == [1.0, 1.0]
    assert set(found["source"]) == {"own DSC"}
    assert found["value"].iloc[0] == 116.0


def test_formulations_are_near_by_amounts_and_only_inside_their_series():
    def recipe(amount: float, endpoint: str) -> dict:
        return {"recipe": "x", "components": (Component("dmso", amount, "M"),), "endpoint": endpoint, "value": amount}

    known = pd.DataFrame([recipe(1.0, "viability"), recipe(2.0, "viability"), recipe(1.9, "recovery")])
    found = nearest_measured("viability", pd.DataFrame([recipe(1.8, "viability")]), known, 3)

    assert found["value"].tolist() == [2.0, 1.0]
    assert found["similarity"].tolist() == pytest.approx([0.9, 1.0 / 1.8])
