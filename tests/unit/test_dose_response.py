"""Dose-response: known curves are found, flat and incomplete ones are labelled, bad input is refused."""

import numpy as np
import pytest

from cryokit.errors import InputError
from cryokit.models.dose_response import ABOVE, BELOW, FOUND, dose_response

DOSES = np.repeat([0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0], 3)


def curve(tc50: float, hill: float, top: float = 1.0, bottom: float = 0.0) -> np.ndarray:
    return bottom + (top - bottom) / (1 + (DOSES / tc50) ** hill)


def noise(seed: int, deviation: float = 0.05) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, deviation, len(DOSES))


@pytest.mark.parametrize(("tc50", "hill", "top"), [(3.0, 4.0, 1.0), (1.5, 2.0, 1.2), (5.0, 8.0, 0.9)])
def test_a_known_curve_without_noise_is_found(tc50, hill, top):
    found = dose_response(DOSES, curve(tc50, hill, top), "mol/kg")

    assert found.label == FOUND
    assert found.tc50 == pytest.approx(tc50, rel=1e-3)
    assert (found.hill, found.top) == pytest.approx((hill, top), rel=0.01)
    assert found.p_flat < 1e-6


def test_the_tc50_is_where_survival_is_half_of_the_top_also_above_a_bottom():
    found = dose_response(DOSES, curve(3.0, 4.0, bottom=0.2), "mol/kg")
    expected = 3.0 * (0.8 / 0.3 - 1) ** 0.25

    assert found.tc50 == pytest.approx(expected, rel=1e-3)
    assert found.bottom == pytest.approx(0.2, abs=0.01)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    found = [dose_response(DOSES, curve(3.0, 4.0) + noise(seed), "mol/kg") for seed in range(10)]
    covered = [item.lower <= 3.0 <= item.upper for item in found]

    assert all(item.lower < item.tc50 < item.upper for item in found)
    assert 7 <= sum(covered) <= 10
    assert sum(item.upper - item.lower for item in found) / 10 < 0.6


@pytest.mark.parametrize(("level", "label"), [(0.98, ABOVE), (0.03, BELOW)])
def test_flat_survival_has_no_tc50(level, label):
    found = dose_response(DOSES, level + noise(3, 0.02), "mol/kg")

    assert (found.label, found.tc50, found.lower, found.upper) == (label, None, None, None)
    assert found.p_flat > 0.05


def test_a_curve_that_levels_off_above_half_has_no_tc50():
    found = dose_response(DOSES, curve(2.0, 4.0, bottom=0.7) + noise(1, 0.02), "mol/kg")

    assert (found.label, found.tc50) == (ABOVE, None)
    assert found.text.startswith("TC50 > 8 mol/kg")


def test_a_curve_that_is_not_finished_is_not_extrapolated():
    found = dose_response(DOSES, curve(20.0, 2.0) + noise(2, 0.02), "mol/kg")

    assert (found.label, found.tc50) == (ABOVE, None)
    assert found.p_flat < 0.05


def test_a_curve_that_is_over_at_the_first_dose_is_not_extrapolated():
    found = dose_response(DOSES, curve(0.1, 3.0) + noise(4, 0.01), "mol/kg")

    assert (found.label, found.tc50) == (BELOW, None)
    assert found.text.startswith("TC50 < 0.5 mol/kg")


def test_an_interval_that_leaves_the_tested_range_has_an_open_end():
    found = dose_response(DOSES, curve(7.5, 3.0) + noise(5, 0.12), "mol/kg")

    assert found.label == FOUND
    assert found.upper is None
    assert "> 8" in found.text


def test_survival_that_rises_with_the_dose_has_no_tc50():
    found = dose_response(DOSES, 0.6 + 0.05 * DOSES, "mol/kg")

    assert (found.label, found.tc50) == (ABOVE, None)


def test_the_order_of_wells_does_not_matter():
    values = curve(3.0, 4.0) + noise(7)
    first, second = dose_response(DOSES, values, "M"), dose_response(DOSES[::-1], values[::-1], "M")

    assert first.tc50 == pytest.approx(second.tc50, rel=1e-5)


@pytest.mark.parametrize(
    ("doses", "responses", "reason"),
    [
        ([0, 1, 2, 3, 3, 3], [1.0] * 6, "3 different doses above 0 came; at least 4"),
        ([1, 2, 3, 4, 5], [1.0] * 5, "5 readings came; at least 6"),
        ([0, 1, 2, 3, 4, 5], [1.0] * 5, "one response for each dose"),
        ([-1, 1, 2, 3, 4, 5], [1.0] * 6, "negative"),
        ([0, 1, 2, 3, 4, 5], [1.0] * 5 + [float("nan")], "not a finite number"),
    ],
)
def test_bad_readings_are_refused(doses, responses, reason):
    with pytest.raises(InputError, match=reason):
        dose_response(doses, responses, "mol/kg")
