"""Where predictions stand among the known cryoprotectants of the bundled tables."""

from functools import cache

import numpy as np
import pandas as pd

from cryokit.sources import bundled
from cryokit.workbench.core import with_components


def with_standing(target: str, predictions: pd.DataFrame, questions: pd.DataFrame) -> pd.DataFrame:
    """Add which fraction of the comparable known cryoprotectants lies below each prediction, and how many those are."""
    from cryokit.models.standing import COLUMNS, known_standing  # with SciPy, which takes long to load

    if predictions.empty:
        return predictions.reindex(columns=[*predictions, *COLUMNS])
    values = predictions["value"].to_numpy(dtype=np.float64)
    return pd.concat([predictions, known_standing(target, questions, values, _known(target))], axis=1)


@cache
def _known(target: str) -> pd.DataFrame:
    return with_components(target, bundled.known_cryoprotectants(target))
