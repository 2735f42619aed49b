"""Tables as JSON and back: plain numbers, null for what is missing, the same text for the same rows."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd


def plain(value: object) -> Any:
    """Return a value as JSON knows it; not-a-number and infinities, which it does not know, become null."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if isinstance(value, str | int | bool):
        return value
    return str(value)


def json_text(value: object) -> str:
    """Return a value as JSON, always the same text for the same content."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries of plain values."""
    columns = {str(name): [plain(item) for item in frame[name]] for name in frame}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def sha256_of(value: object) -> str:
    """Return the checksum of a value's JSON text."""
    return hashlib.sha256(json_text(value).encode()).hexdigest()


def frame_of(rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> pd.DataFrame:
    """Return rows as a table that has all its columns even when it has no rows; identifiers become text."""
    return pd.DataFrame([[_shown(row[name]) for name in columns] for row in rows], columns=list(columns))


def _shown(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value
