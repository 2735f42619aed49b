"""The helper of a target: learned from molecules of the offline tables that none of its rows holds."""

import contextlib
import hashlib
from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

import cryokit
from cryokit.db.tables import records, sha256_of
from cryokit.errors import ModelError
from cryokit.models.targets import RECIPES, Recipe
from cryokit.sources import bundled
from cryokit.sources.melting_table import measured_melting_points

if TYPE_CHECKING:
    from cryokit.models.estimators import Ensemble

_KEPT = 4
_KEPT_IN_FILES = 8
_fitted: "OrderedDict[str, Ensemble]" = OrderedDict()

_SCIENCE = ("chemistry/*.py", "models/*.py", "validation/*.py", "sources/melting*.py", "domain.py")
"""Code on which helpers and evaluations depend."""


def helper_for(
    target: str, rows: pd.DataFrame, folder: Path, seed: int = 0, recipe: Recipe | None = None
) -> "Ensemble | None":
    """
    Return what predicts the melting point of molecules for `target`, None if its recipe or so few rows need no helper.

    It has seen neither a row of `rows` nor one of the bundled table. Fitting takes half a minute, so the last few are
    kept, here and in files of `folder`, for the next evaluation of the same molecules.
    """
    from cryokit.models.artifacts import library_versions

    recipe = recipe or RECIPES[target]
    if not recipe.helper_members or len(rows) < recipe.minimum_rows:
        return None
    columns = [name for name in ("smiles", "name") if name in rows]
    excluded = pd.concat([rows[columns], bundled.bundled_rows(target)[columns]], ignore_index=True)
    excluded = excluded.drop_duplicates().sort_values(columns, ignore_index=True)
    facts = [seed, repr(recipe.helper_members), records(excluded), library_versions(), code_sha256()]
    key = sha256_of(facts)
    if key not in _fitted:
        _fitted[key] = _read_or_fitted(folder / f"helper-{key}.skops", recipe, excluded, seed)
    _fitted.move_to_end(key)
    while len(_fitted) > _KEPT:
        _fitted.popitem(last=False)
    return _fitted[key]


def _read_or_fitted(path: Path, recipe: Recipe, excluded: pd.DataFrame, seed: int) -> "Ensemble":
    """Read the helper whose file this is, or fit and keep it."""
    from cryokit.models import artifacts
    from cryokit.models.helpers import fitted_helper

    with contextlib.suppress(ModelError, FileNotFoundError):  # damaged or not there: made anew below
        return artifacts.load_ensemble(path)
    fitted = fitted_helper(recipe, measured_melting_points(), excluded, seed)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    artifacts.save_ensemble(fitted, path)
    with contextlib.suppress(FileNotFoundError):  # another process removed one meanwhile
        for old in sorted(path.parent.glob("helper-*.skops"), key=lambda file: file.stat().st_mtime)[:-_KEPT_IN_FILES]:
            old.unlink()
    return fitted


@cache
def code_sha256() -> str:
    """Checksum of the code that evaluates, so that what older code found is never taken for what this one finds."""
    root = Path(cryokit.__file__).parent
    files = [path for pattern in _SCIENCE for path in root.glob(pattern)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()
