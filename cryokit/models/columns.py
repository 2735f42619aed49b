"""Columns of row frames as arrays of floats."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def numbers(rows: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a column as floats, NaN where it is empty or the column is missing."""
    if column not in rows:
        return np.full(len(rows), np.nan)
    return pd.to_numeric(rows[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
