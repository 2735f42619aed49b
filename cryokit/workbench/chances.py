"""How likely a measured value lies at or below a threshold, from the version's own out-of-fold errors.

Functions that count import SciPy themselves: it takes long, and most commands do without.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.db.registry import Registry
from cryokit.domain import THRESHOLDS

_LEAST_HALF_WIDTH = 1e-9

Errors = dict[str, NDArray[np.float64]]
"""For each series: signed errors, each over the half width of its own interval."""


def column_name(threshold: float) -> str:
    """Return the name of the column of one threshold."""
    return f"probability_at_most_{threshold:g}"


def errors_of(registry: Registry, target: str, version: dict, kind: str) -> Errors:
    """Return the errors of a version's newest evaluation on the rows that it learned from; none without one."""
    from cryokit.models.groups import series_of

    known = registry.evaluations(target)
    known = known[(known["version"] == version["version"]) & (known["kind"] == kind)]
    if known.empty:
        return {}
    rows = registry.evaluation(str(known.iloc[-1]["id"]))["rows"]
    series = np.array(series_of(target, registry.snapshot(version["dataset_snapshot_id"])))[rows["row"]]
    half_width = _half_width(rows)
    errors = ((rows["measured"] - rows["value"]) / half_width).to_numpy(dtype=np.float64)
    usable = np.isfinite(errors)
    return {str(name): errors[usable & (series == name)] for name in np.unique(series)}


def with_probabilities(target: str, predictions: pd.DataFrame, series: pd.Series, errors: Errors) -> pd.DataFrame:
    """Add a column for each threshold of the target: NaN for a series with too few errors."""
    from cryokit.models.probability import probability_at_most

    columns = {}
    for threshold in THRESHOLDS.get(target, ()):
        found = np.full(len(predictions), np.nan)
        for name, known in errors.items():
            here = (series == name).to_numpy()
            value, half_width = predictions.loc[here, "value"], _half_width(predictions[here])
            found[here] = probability_at_most(value.to_numpy(), half_width.to_numpy(), threshold, known)
        columns[column_name(threshold)] = found
    return predictions.assign(**columns)


def _half_width(rows: pd.DataFrame) -> pd.Series:
    return ((rows["upper"] - rows["lower"]) / 2).clip(lower=_LEAST_HALF_WIDTH)
