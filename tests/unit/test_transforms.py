"""The logit of fractions: there and back, values beyond 1, and intervals that include what they must."""

import numpy as np
import pandas as pd
import pytest

from cryokit.errors import InputError
from cryokit.models import artifacts
from cryokit.models.fitted import PLAIN, fit
from cryokit.models.targets import RECIPES
from cryokit.models.transforms import AS_MEASURED, Transform

SQUEEZED = Transform("logit")


def test_fractions_come_back():
    values = np.linspace(0.0, 1.0, 21)

    assert SQUEEZED.inverse(SQUEEZED.forward(values)) == pytest.approx(values)


def test_the_squeeze_is_the_published_one():
    expected = (0.3 * 49 + 0.5) / 50

    assert SQUEEZED.forward(np.array([0.3])) == pytest.approx(np.log(expected / (1 - expected)))


def test_an_interval_that_reaches_the_end_includes_what_lies_beyond():
    top = SQUEEZED.forward(np.array([1.25]))
    lower, upper = SQUEEZED.interval(top - 1, top)

    assert 0 < lower[0] < 1
    assert np.isinf(upper[0])


def test_logarithms_come_back_and_refuse_what_has_none():
    scale = Transform("log")
    lower, upper = scale.interval(np.log([100.0]), np.log([400.0]))

    assert scale.inverse(scale.forward(np.array([50.0, 600.0]))) == pytest.approx([50.0, 600.0])
    assert (lower[0], upper[0]) == pytest.approx((100.0, 400.0))
    with pytest.raises(InputError, match="0 has no logarithm"):
        scale.forward(np.array([0.0, 1.0]))


def test_each_target_learns_on_its_scale():
    assert {target: recipe.transform.kind for target, recipe in RECIPES.items()} == {
        "tg": "log",
        "iri": "identity",
        "viability": "logit",
    }


def test_as_measured_changes_nothing():
    values = np.array([-1.0, 250.0])

    assert AS_MEASURED.forward(values) is values
    assert AS_MEASURED.inverse(values) is values


def test_values_above_one_are_kept_and_covered(made_up_viability, few_trees):
    rows = made_up_viability.assign(value=made_up_viability["value"] + 0.25)
    predicted = fit("viability", rows, recipe=few_trees("viability")).predict(rows)
    inside = (predicted["lower"] <= rows["value"]) & (rows["value"] <= predicted["upper"])

    assert rows["value"].max() == predicted["upper"].max() == 1.25
    assert predicted["value"].max() <= 1.0
    assert inside.mean() >= 0.85


def test_predictions_of_fractions_stay_fractions(small_viability, made_up_viability):
    predicted = small_viability.predict(made_up_viability)

    assert predicted[["value", "lower", "upper"]].stack().between(0.0, 1.0).all()
    assert (predicted["upper"] > predicted["lower"]).all()


def test_the_scale_is_stored_with_the_model(small_viability, made_up_viability, tmp_path):
    loaded = artifacts.load(artifacts.save(small_viability, tmp_path), tmp_path)

    assert loaded.series["exposure_survival"].views[PLAIN].transform == SQUEEZED
    pd.testing.assert_frame_equal(loaded.predict(made_up_viability), small_viability.predict(made_up_viability))
