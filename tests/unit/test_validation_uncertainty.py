"""Intervals of scores, scores by range, and the noise of measurement against closed forms."""

import math

import numpy as np
import pandas as pd
import pytest

from cryokit.errors import InputError
from cryokit.validation.metrics import interval_score, scores
from cryokit.validation.uncertainty import noise_floor, score_intervals, scores_by_range

NORMAL = np.random.default_rng(2).normal(size=400)


def table_of(errors: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": range(len(errors)),
            "repeat": 0,
            "measured": np.arange(len(errors), dtype=float),
            "value": np.arange(len(errors)) + errors,
            "lower": np.arange(len(errors)) - 1.645,
            "upper": np.arange(len(errors)) + 1.645,
        }
    )


def test_the_interval_of_the_error_has_the_width_of_theory():
    lower, upper = score_intervals(table_of(NORMAL), np.arange(400))["mae"]
    expected = 2 * 1.96 * np.abs(NORMAL).std() / math.sqrt(400)

    assert lower < np.abs(NORMAL).mean() < upper
    assert upper - lower == pytest.approx(expected, rel=0.2)


def test_rows_of_one_group_are_resampled_together():
    """Ten equal rows a group hold no more than one: the interval stays as wide."""
    often = table_of(np.tile(NORMAL[:40], 10))
    ends = score_intervals(often, np.tile(np.arange(40), 10))["mae"]
    once = score_intervals(table_of(NORMAL[:40]), np.arange(40))["mae"]

    assert np.diff(ends)[0] == pytest.approx(np.diff(once)[0], rel=0.05)


def test_few_groups_give_no_interval():
    assert score_intervals(table_of(NORMAL[:40]), np.arange(40) % 4)["mae"] == [None, None]


def test_ranges_split_at_given_edges_or_terciles():
    table = table_of(NORMAL[:9])

    assert [item["n"] for item in scores_by_range(table)] == [3, 3, 3]
    assert [(item["from"], item["to"], item["n"]) for item in scores_by_range(table, [2.0])] == [
        (None, 2.0, 2),
        (2.0, None, 7),
    ]
    with pytest.raises(InputError, match="must rise"):
        scores_by_range(table, [3.0, 1.0])


def test_a_miss_is_fined_twenty_times_its_distance():
    one = np.array([0.0])

    assert interval_score(one, one + 1.0, one + 3.0) == pytest.approx(2.0 + 20.0 * 1.0)
    assert math.isnan(interval_score(np.empty(0), np.empty(0), np.empty(0)))


def test_thresholds_add_areas_under_the_curve_and_keep_the_other_scores():
    one = np.array([10.0, 90.0])

    assert scores(one, one, one, one, (50.0,)) == scores(one, one, one, one) | {"auc_50": 1.0}


def rows_of_five(**columns: object) -> pd.DataFrame:
    smiles = ["CO", "CCO", "CCCO", "CCCCO", "CCCCCO"]
    return pd.DataFrame({"smiles": smiles, "value": [1.0, 5.0, 9.0, 13.0, 17.0]} | columns)


def test_the_noise_is_pooled_by_degrees_of_freedom():
    found = noise_floor("tg", rows_of_five(spread=[1.0, 3.0, 3.0, 3.0, np.nan], count=[11, 2, 2, 2, 1]))

    assert found["sd"] == pytest.approx(math.sqrt((10 * 1 + 3 * 9) / 13))
    assert found["n"] == 4


def test_a_mean_of_four_has_half_the_noise():
    found = noise_floor("tg", rows_of_five(spread=2.0, count=4))

    assert found["rmse"] == pytest.approx(1.0)
    assert found["mae"] == pytest.approx(math.sqrt(2 / math.pi))
    assert found["r2"] == pytest.approx(1 - 1 / 32)


def test_repeats_under_equal_conditions_tell_the_noise_and_others_do_not():
    twice = pd.concat([rows_of_five(), rows_of_five(value=[3.0, 7.0, 11.0, 15.0, 19.0])], ignore_index=True)

    assert noise_floor("tg", twice)["sd"] == pytest.approx(math.sqrt(2))
    assert noise_floor("tg", twice.assign(conditions=[*"abcdefghij"]))["sd"] is None
    assert "too few" in noise_floor("tg", rows_of_five())["basis"]
