"""Columns of row frames: numbers as arrays of floats, structures in their canonical form."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.chemistry.molecules import parse

CONNECTIVITY = "connectivity"
"""Column of rows whose structures were read already: their SMILES are canonical, and this is the first block of the
InChIKey, empty where it is known beforehand that no training molecule has it (see `chemistry.skeletons`)."""


def numbers(rows: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a column as floats, NaN where it is empty or the column is missing."""
    if column not in rows:
        return np.full(len(rows), np.nan)
    return pd.to_numeric(rows[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def canonical_smiles(rows: pd.DataFrame) -> list[str]:
    """Return the canonical structure of each row."""
    return list(rows["smiles"]) if CONNECTIVITY in rows else [parse(smiles).smiles for smiles in rows["smiles"]]


def connectivities(rows: pd.DataFrame) -> list[str]:
    """Return by which constitution each row is recognised."""
    return (
        list(rows[CONNECTIVITY]) if CONNECTIVITY in rows else [parse(smiles).connectivity for smiles in rows["smiles"]]
    )
