"""Tables as JSON."""

import math
from typing import Any

import numpy as np
import pandas as pd


def json_value(value: Any) -> Any:
    """Return `value` as plain JSON types; NaN, NaT and infinities become None."""
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [json_value(item) for item in value]
    if isinstance(value, pd.DataFrame):
        return records(value)
    if isinstance(value, np.generic):
        return json_value(value.item())
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bool, int, str)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `frame` as JSON objects."""
    names = [str(name) for name in frame.columns]
    return [
        {name: json_value(value) for name, value in zip(names, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]
