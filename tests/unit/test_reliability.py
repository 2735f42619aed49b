"""Coverage at every level, and the figures that show where a model errs."""

import numpy as np
import pandas as pd
import pytest

from cryokit.errors import InputError
from cryokit.figures import diagnostics
from cryokit.validation.reliability import LEVELS, coverage_curve


def rows_with(errors, half_width=1.0):
    """Return evaluation rows with these errors in ten folds."""
    count = len(errors)
    measured = 200.0 + np.asarray(errors)
    width = np.broadcast_to(half_width, count)
    table = {"row": range(count), "repeat": 0, "fold": np.arange(count) % 10, "name": "x", "smiles": "C"}
    return pd.DataFrame(table | {"measured": measured, "value": 200.0, "lower": 200 - width, "upper": 200 + width})


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(size=600)


def test_intervals_sized_by_other_folds_hold_what_they_promise(noise):
    curve = coverage_curve(rows_with(noise))

    assert curve["level"].tolist() == list(LEVELS)
    assert (curve["coverage"] - curve["level"]).abs().max() < 0.05


def test_too_few_rows_say_nothing():
    assert coverage_curve(rows_with(np.zeros(19))).empty
    assert "too few rows" in diagnostics.reliability_text(rows_with(np.zeros(19)))


@pytest.mark.parametrize("levels", [(0.0,), (1.0,), (1.5,)])
def test_a_level_outside_of_its_range_is_refused(noise, levels):
    with pytest.raises(InputError, match="between 0 and 1"):
        coverage_curve(rows_with(noise), levels)


def test_missing_columns_are_named(noise):
    with pytest.raises(InputError, match="lacks lower, upper"):
        coverage_curve(rows_with(noise).drop(columns=["lower", "upper"]))


def test_one_sided_errors_are_called_so(noise):
    assert "neither too low nor too high" in diagnostics.residuals_text(rows_with(noise), "tg")
    assert "rather too low" in diagnostics.residuals_text(rows_with(noise + 3), "tg")
    assert "rather too high" in diagnostics.residuals_text(rows_with(noise - 3), "tg")


def test_normal_errors_lie_on_the_line_of_normal_quantiles(noise):
    points = diagnostics.normal_quantiles(rows_with(noise, 10.0), "tg")
    data = pd.concat([element.dframe() for element in points.traverse(lambda item: item, ["Points"])])

    assert np.abs(data["expected"] - data["residual"]).median() < 0.1


def test_width_and_error_in_step_are_told(noise):
    rows = rows_with(noise, np.abs(noise) + 0.1)

    assert "rank correlation 1.00" in diagnostics.width_against_error_text(rows, "tg")
    assert diagnostics.width_against_error_text(rows_with(noise), "tg") == "All intervals are equally wide."


def test_the_histogram_counts_every_row(noise):
    [bars] = diagnostics.residual_histogram(rows_with(noise), "tg").traverse(lambda item: item, ["Histogram"])

    assert bars.dframe()["rows"].sum() == len(noise)
