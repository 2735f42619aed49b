"""What a prediction costs, as ratios within one run."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import pytest

from cryokit.models.fitted import FittedModel, fit
from cryokit.sources.bundled import bundled_rows

ROUNDS = 7


@pytest.fixture(scope="module")
def model() -> FittedModel:
    """The Tg model of the bundled figures."""
    rows = bundled_rows("tg")
    return fit("tg", rows[rows["is_curated"]].reset_index(drop=True))


def seconds(act: Callable[[], object]) -> float:
    """Median of a few runs after one that is not counted."""
    act()
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        act()
        times.append(perf_counter() - began)
    return median(times)


def test_a_batch_is_much_cheaper_than_its_rows_one_by_one(model, measured):
    rows = bundled_rows("tg").head(50)
    batch = seconds(lambda: model.predict(rows))
    single = seconds(lambda: model.predict(rows.head(1))) * len(rows)
    measured(cost_one_by_one_over_batch=single / batch)

    assert single / batch >= 5
