"""Rows of the public sets, from the mirror that is set, from the one beside the checkout, or from their addresses."""

from pathlib import Path

import pandas as pd

from cryokit.config import load_settings
from cryokit.sources import upstream

MIRROR = Path(__file__).resolve().parents[3] / "shared" / "data" / "upstream"


def all_rows(name: str, folder: Path) -> pd.DataFrame:
    """Return all rows of a public set, with the reason why one is excluded."""
    mirror = load_settings().data_mirror or (MIRROR if MIRROR.is_dir() else None)
    return upstream.load(name, upstream.fetch(name, folder, mirror, progress=False))


def usable_rows(name: str, folder: Path) -> pd.DataFrame:
    """Return the rows of a public set that its loader does not exclude."""
    rows = all_rows(name, folder)
    return rows[rows["excluded"] == ""].reset_index(drop=True)
