"""Comparison of two models, and recipes read back."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cryokit.errors import InputError, ModelError
from cryokit.models.stored_recipe import stored_recipe
from cryokit.models.targets import RECIPES
from cryokit.models.transforms import AS_MEASURED
from cryokit.validation.comparison import compared, is_not_worse

GROUP = np.arange(12)
ONE_SERIES = np.full(12, "all")


def predicted(error: float, repeats: int = 1) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"row": GROUP, "repeat": repeat, "fold": GROUP % 3, "measured": GROUP * 1.0})
        for repeat in range(repeats)
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(value=table["measured"] + error, lower=table["measured"] - 5, upper=table["measured"] + 5)


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [(3.0, 1.0, "better"), (1.0, 3.0, "worse"), (1.0, 1.0, "no difference out of noise")],
)
def test_the_smaller_error_is_better(first, second, outcome):
    result = compared(predicted(first), predicted(second), GROUP, ONE_SERIES)

    assert result["second_is"] == outcome
    assert result["paired"]["difference"] == pytest.approx(first - second)
    assert (result["first"]["mae"], result["second"]["mae"]) == (pytest.approx(first), pytest.approx(second))


def test_rows_that_one_model_does_not_predict_count_for_neither():
    missing = predicted(1.0)
    missing.loc[:3, "value"] = np.nan

    result = compared(predicted(2.0), missing, GROUP, ONE_SERIES)

    assert (result["paired"]["n"], result["first"]["n"], result["second"]["n"]) == (8, 8, 8)


def test_one_repeat_may_be_compared_with_three():
    assert compared(predicted(2.0), predicted(1.0, repeats=3), GROUP, ONE_SERIES)["paired"]["n"] == 12


def test_being_worse_in_one_series_is_being_worse():
    series = np.where(GROUP < 6, "small", "large")
    second = predicted(1.0)
    second.loc[second["row"] < 6, "value"] += 5.0
    first = predicted(6.0)
    first.loc[first["row"] < 6, "value"] -= 5.0

    result = compared(first, second, GROUP, series)

    assert result["series"]["large"]["second_is"] == "better"
    assert result["series"]["small"]["second_is"] == "worse"
    assert not is_not_worse(result)


def test_without_common_rows_nothing_can_be_told():
    first, second = predicted(1.0), predicted(1.0)

    result = compared(first[first["row"] < 6], second[second["row"] >= 6], GROUP, ONE_SERIES)

    assert result["second_is"] == "cannot be told"
    assert not is_not_worse(result)


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="lack upper"):
        compared(predicted(1.0).drop(columns="upper"), predicted(1.0), GROUP, ONE_SERIES)


@pytest.mark.parametrize("target", list(RECIPES))
def test_a_stored_recipe_is_read_back_equal(target):
    assert stored_recipe(json.loads(json.dumps(RECIPES[target].as_json()))) == RECIPES[target]


def test_settings_that_came_later_take_their_default():
    recipe = replace(RECIPES["tg"], transform=AS_MEASURED)
    older = recipe.as_json()
    del older["transform"]

    assert stored_recipe(older) == recipe


@pytest.mark.parametrize("change", [{"magic": 1}, {"members": [{"kind": "svr", "wand": 3}]}])
def test_a_recipe_of_an_unknown_kind_is_refused(change):
    with pytest.raises(ModelError, match="train a new version"):
        stored_recipe(RECIPES["tg"].as_json() | change)


def test_a_recipe_that_lacks_a_part_is_refused():
    with pytest.raises(ModelError, match="cannot be read by this release"):
        stored_recipe({"target": "tg"})
