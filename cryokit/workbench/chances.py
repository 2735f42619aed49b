"""How likely a measured value lies at or below a threshold, from the version's own out-of-fold errors.

Functions that count import SciPy themselves: it takes long, and most commands do without.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.db.registry import Registry
from cryokit.domain import THRESHOLDS, probability_column

Errors = dict[str, NDArray[np.float64]]
"""For each series: signed errors, each over the half width of its own interval."""


def errors_of(registry: Registry, target: str, version: dict, kind: str) -> Errors:
    """Return the errors of a version's newest evaluation on the rows that it learned from; none without one."""
    from cryokit.models.groups import series_of
    from cryokit.models.probability import half_widths

    known = registry.evaluations(target)
    known = known[(known["version"] == version["version"]) & (known["kind"] == kind)]
    if known.empty:
        return {}
    rows = registry.evaluation(str(known.iloc[-1]["id"]))["rows"]
    series = np.array(series_of(target, registry.snapshot(version["dataset_snapshot_id"])))[rows["row"]]
    scale = half_widths(rows["lower"], rows["upper"])
    errors = ((rows["measured"] - rows["value"]) / scale).to_numpy(dtype=np.float64)
    usable = np.isfinite(errors)
    return {str(name): errors[usable & (series == name)] for name in np.unique(series)}


def with_probabilities(target: str, predictions: pd.DataFrame, series: pd.Series, errors: Errors) -> pd.DataFrame:
    """Add a column for each threshold of the target: NaN for a series with too few errors."""
    from cryokit.models.probability import half_widths, probability_at_most

    columns = {}
    for threshold in THRESHOLDS.get(target, ()):
        found = np.full(len(predictions), np.nan)
        for name, known in errors.items():
            here = (series == name).to_numpy()
            asked = predictions[here]
            scale = half_widths(asked["lower"], asked["upper"])
            found[here] = probability_at_most(asked["value"].to_numpy(), scale, threshold, known)
        columns[probability_column(threshold)] = found
    return predictions.assign(**columns)
