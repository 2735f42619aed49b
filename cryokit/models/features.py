"""From row frames to numeric matrices: which features a target has, and their values."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cryokit.chemistry import conformers, descriptors, sugar_stereo
from cryokit.domain import target_named
from cryokit.errors import InputError
from cryokit.models.columns import canonical_smiles, numbers
from cryokit.models.recipe_features import PROTOCOL, recipe_columns, recipe_matrix, recipe_vocabulary
from cryokit.models.targets import FEATURE_SCHEMA_VERSION

BLOCKS = ("graph", "stereo", "shape", "pairs", "getaway", "mixture")
"""Blocks of features; the word before the colon in a name, or ``graph`` without one."""
NOT_STATED = "not stated"
"""Cell or assay of literature rows that do not tell it: a category of its own, never merged with another."""


@dataclass(frozen=True)
class FeatureSchema:
    """
    Names, units and order of the features of one model, and the words it learned from its training rows.

    Everything is plain data, so that it can be stored with the model and compared.
    """

    target: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    vocabulary: dict[str, list]
    """``components`` (pairs of key and name), ``cell`` and ``assay`` of recipes; empty for molecules."""
    version: tuple[int, ...] = (FEATURE_SCHEMA_VERSION, descriptors.SCHEMA_VERSION)

    def as_json(self) -> dict:
        """Plain data."""
        return {name: list(item) if isinstance(item, tuple) else item for name, item in asdict(self).items()}

    def columns(self, blocks: Sequence[str]) -> tuple[int, ...]:
        """Return the places of the features of some blocks."""
        of_name = [next((block for block in BLOCKS if name.startswith(f"{block}: ")), "graph") for name in self.names]
        return tuple(place for place, block in enumerate(of_name) if block in blocks)


def feature_schema(target: str, rows: pd.DataFrame | None = None) -> FeatureSchema:
    """
    Learn the features of a target from training rows.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame, optional
        Training rows; needed for recipes, whose rows carry ``components``.

    Returns
    -------
    FeatureSchema
        For molecules always the same; for recipes with the components, cells and assays of `rows`.

    Examples
    --------
    >>> feature_schema("iri").names[-1]
    'log10 concentration_millimolar'
    """
    if target_named(target).subject == "recipe":
        vocabulary = recipe_vocabulary(rows)
        columns = recipe_columns(vocabulary)
        return FeatureSchema(target, tuple(name for name, _ in columns), tuple(unit for _, unit in columns), vocabulary)
    if target == "tg":
        fast = descriptors.FAST_DESCRIPTORS
        return FeatureSchema(target, tuple(item.name for item in fast), tuple(map(_compressed_unit, fast)), {})
    names = [descriptor.name for descriptor in descriptors.DESCRIPTORS]
    units = [descriptor.unit for descriptor in descriptors.DESCRIPTORS]
    if target != "iri":
        return FeatureSchema(target, tuple(names), tuple(units), {})
    in_space = (*sugar_stereo.STEREO_DESCRIPTORS, *conformers.SHAPE_DESCRIPTORS)
    names += [*(descriptor.name for descriptor in in_space), "log10 concentration_millimolar"]
    units += [*(descriptor.unit for descriptor in in_space), "log10(mmol/L)"]
    version = (*FeatureSchema.version, sugar_stereo.SCHEMA_VERSION, conformers.SCHEMA_VERSION)
    return FeatureSchema(target, tuple(names), tuple(units), {}, version)


def feature_matrix(schema: FeatureSchema, rows: pd.DataFrame) -> NDArray[np.float64]:
    """
    Compute the features of rows.

    Parameters
    ----------
    schema : FeatureSchema
        Names and words learned in training.
    rows : DataFrame of n rows
        Checked row frame (see `checked_rows`).

    Returns
    -------
    ndarray of shape (n, len(schema.names))
        NaN where an optional condition or the shape of a molecule is not known.

    Raises
    ------
    InputError
        If a structure cannot be read.

    Examples
    --------
    >>> rows = pd.DataFrame({"smiles": ["OCCO", "C(O)CO"]})
    >>> matrix = feature_matrix(feature_schema("tg"), rows)
    >>> bool((matrix[0] == matrix[1]).all())
    True
    """
    if target_named(schema.target).subject == "recipe":
        return recipe_matrix(schema.vocabulary, rows)
    structures = canonical_smiles(rows)
    if schema.target == "tg":
        return compressed(descriptors.fast_descriptors(structures))
    matrix = descriptors.descriptors(structures)
    if schema.target == "iri":
        in_space = sugar_stereo.stereo_counts(structures), conformers.shape_descriptors(structures)
        matrix = np.column_stack([matrix, *in_space, np.log10(numbers(rows, "concentration_millimolar"))])
    return matrix


def compressed(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Bring features to a logarithmic scale that keeps 0 and the sign.

    Counts and sizes act by their ratios: the step from one hydroxyl group to two weighs more than that from
    seven to eight.

    Parameters
    ----------
    matrix : ndarray of any shape
        Features.

    Returns
    -------
    ndarray of the same shape
        sign(x) ln(1 + abs(x)).

    Examples
    --------
    >>> compressed(np.array([0.0, 1.0, -1.0])).round(3).tolist()
    [0.0, 0.693, -0.693]
    """
    return np.sign(matrix) * np.log1p(np.abs(matrix))


def _compressed_unit(descriptor: descriptors.Descriptor) -> str:
    return f"log1p({descriptor.unit})"


def checked_rows(target: str, rows: pd.DataFrame, needs_value: bool) -> pd.DataFrame:
    """
    Check that rows hold what a model needs, and renumber them from 0.

    Parameters
    ----------
    target : str
        Name of the target.
    rows : DataFrame
        Row frame of the target.
    needs_value : bool
        Whether a measured value is needed in every row.

    Returns
    -------
    DataFrame
        The same rows with index 0, 1, 2 ...

    Raises
    ------
    InputError
        If a column is missing, or a value or condition is missing or impossible; the message counts rows from 0.

    Examples
    --------
    >>> len(checked_rows("tg", pd.DataFrame({"smiles": ["OCCO"], "value": [150.0]}), needs_value=True))
    1
    """
    rows = rows.reset_index(drop=True)
    spec = target_named(target)
    texts = [condition.name for condition in spec.conditions if condition.kind is str]
    subject = "components" if spec.subject == "recipe" else spec.subject
    required = [subject, *texts, *(["value"] if needs_value else [])]
    required += ["concentration_millimolar"] if target == "iri" else []
    if missing := [name for name in required if name not in rows]:
        msg = f"rows for {target} lack {', '.join(missing)}; they need {', '.join(required)}"
        raise InputError(msg)
    rows = rows.assign(**{name: [_text_or_not_stated(text) for text in rows[name]] for name in texts})
    for name in spec.series:
        _refuse(rows[name] == NOT_STATED, name, "empty", "a text")
    if needs_value:
        _refuse(~np.isfinite(numbers(rows, "value")), "value", "not a finite number", f"a number in {spec.unit}")
    if target == "iri":
        amount = numbers(rows, "concentration_millimolar")
        _refuse(~(np.isfinite(amount) & (amount > 0)), "concentration_millimolar", "not above 0", "a number in mmol/L")
    if target == "tg":
        melting = numbers(rows, "tm_kelvin")
        _refuse(np.isinf(melting) | (melting <= 0), "tm_kelvin", "not above 0", "a number in K, or empty")
    if target == "viability":
        _check_protocol(rows)
    return rows


def _text_or_not_stated(text: object) -> str:
    return text.strip() or NOT_STATED if isinstance(text, str) else NOT_STATED


def _check_protocol(rows: pd.DataFrame) -> None:
    exposed = (rows["endpoint"] == "exposure_survival").to_numpy()
    for name in PROTOCOL:
        _refuse(exposed & ~np.isfinite(numbers(rows, name)), name, "missing", "a number for exposure_survival")


def _refuse(bad: Sequence[bool], column: str, fault: str, allowed: str) -> None:
    where = np.flatnonzero(np.asarray(bad, dtype=bool))
    if len(where):
        more = f" and {len(where) - 5} more" if len(where) > 5 else ""
        listed = ", ".join(map(str, where[:5])) + more
        msg = f"{column} is {fault} in row {listed} (counted from 0); it must be {allowed}"
        raise InputError(msg)
