"""The skill gate: out of noise, on enough groups, against every baseline."""

import numpy as np
import pytest

from cryokit.domain import INSUFFICIENT_SKILL
from cryokit.validation.gate import SKILL, paired_difference, verdict

GROUP = np.arange(40)
NOISE = np.random.default_rng(0).normal(size=40)


def test_a_model_that_beats_all_baselines_has_skill():
    baselines = {"mean": 3.0 + NOISE, "nearest neighbour": 2.5 + NOISE}

    assert verdict(np.full(40, 1.0), baselines, GROUP) == SKILL


def test_a_model_that_loses_to_one_baseline_has_not():
    baselines = {"mean": 3.0 + NOISE, "nearest neighbour": np.full(40, 0.5)}

    assert verdict(np.full(40, 1.0), baselines, GROUP) == INSUFFICIENT_SKILL


def test_an_advantage_within_noise_is_not_skill():
    assert verdict(np.full(40, 1.0), {"mean": 1.05 + NOISE}, GROUP) == INSUFFICIENT_SKILL


def test_few_groups_are_not_enough_however_many_rows():
    assert verdict(np.zeros(40), {"mean": np.ones(40)}, GROUP % 4) == INSUFFICIENT_SKILL


def test_a_baseline_counts_only_where_it_predicts():
    partly = np.where(GROUP < 20, 2.0, np.nan)
    result = paired_difference(np.full(40, 0.5), partly, GROUP)

    assert (result["n"], result["difference"]) == (20, 1.5)


def test_without_any_baseline_nothing_is_shown():
    assert verdict(np.zeros(40), {"0.7*Tm": np.full(40, np.nan)}, GROUP) == INSUFFICIENT_SKILL


def test_the_interval_of_a_mean_is_about_two_standard_errors_wide():
    result = paired_difference(np.zeros(40), NOISE, GROUP, seed=1)
    standard_error = NOISE.std() / np.sqrt(40)

    assert result["upper"] - result["lower"] == pytest.approx(2 * 1.96 * standard_error, rel=0.1)


def test_repeats_of_one_group_do_not_narrow_the_interval():
    once = paired_difference(np.zeros(40), NOISE, GROUP, seed=2)
    thrice = paired_difference(np.zeros(120), np.tile(NOISE, 3), np.tile(GROUP, 3), seed=2)

    assert thrice["lower"] == pytest.approx(once["lower"])
