"""Predictions of one part of a library, as a worker makes them: plain data in, plain columns out."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from cryokit.chemistry.atoms import QUIET
from cryokit.chemistry.molecules import canonical, formula, parse
from cryokit.chemistry.skeletons import Skeletons
from cryokit.domain import THRESHOLDS, probability_column, target_named
from cryokit.errors import InputError
from cryokit.models import artifacts
from cryokit.models.columns import CONNECTIVITY
from cryokit.models.fitted import FittedModel
from cryokit.models.probability import half_widths, probability_at_most

NUMBERS = ("value", "lower", "upper")
FLAGS = ("in_domain", "in_training")
REASONS = "domain_reasons"

MeltingPoint = Callable[[str, str], tuple[float, str] | None]
"""Gives the melting point of an InChIKey and a name, in K, and where it is from; None if it is not known."""

Substances = Callable[[], Iterable[tuple[str, str]]]
"""Gives formula and SMILES of every substance of which a melting point may be known."""

_MODELS = 4
_ROWS_AT_ONCE = 1000
"""Few enough that what was found out about a structure is still remembered when it is needed again."""


@dataclass(frozen=True)
class Question:
    """What is asked of each molecule: a target, by which model, under which conditions."""

    target: str
    artifact_sha256: str
    conditions: Mapping[str, object] = field(default_factory=dict)
    trained_on: tuple[str, ...] = ()
    """SMILES of all training molecules, by which others are told apart cheaply; without them InChIKeys are compared."""
    errors: tuple[float, ...] = ()
    """Signed out-of-fold errors of the model under these conditions, each over the half width of its own interval."""


def screened(
    entries: Sequence[tuple[str, str]],
    questions: Sequence[Question],
    artifacts_dir: str,
    melting_point: MeltingPoint,
    with_melting_point: Substances,
) -> dict[str, list]:
    """
    Predict all questions for one part of a library.

    Parameters
    ----------
    entries : sequence of (str, str), length n
        SMILES and name of each row.
    questions : sequence of Question
        At most one for each target.
    artifacts_dir : str
        Folder of models; each is opened once in a process and checked against its sha256.
    melting_point : callable
        Measured melting points, for targets that use one.
    with_melting_point : callable
        The substances that `melting_point` may know; asked once in a process.

    Returns
    -------
    dict of str to list of length n
        ``name``, ``smiles``, ``canonical_smiles``, for each target ``<target>_value``, ``_lower``, ``_upper`` (unit of
        the target), ``_in_domain``, ``_domain_reasons``, ``_in_training``, for targets with thresholds
        ``_probability_at_most_<threshold>`` (None without errors enough), and ``error``: None, or why the row has no
        prediction. The rows keep their order; equal rows give equal results.

    Raises
    ------
    ModelError
        If a model is missing or was changed.

    References
    ----------
    .. [1] Lei, J. et al. (2018). J. Am. Stat. Assoc. 113, 1094-1111. 10.1080/01621459.2017.1307116
    """
    parts = [
        _part(entries[begin : begin + _ROWS_AT_ONCE], questions, artifacts_dir, melting_point, with_melting_point)
        for begin in range(0, len(entries), _ROWS_AT_ONCE)
    ]
    return {name: [item for part in parts for item in part[name]] for name in parts[0]}


def _part(
    entries: Sequence[tuple[str, str]],
    questions: Sequence[Question],
    artifacts_dir: str,
    melting_point: MeltingPoint,
    with_melting_point: Substances,
) -> dict[str, list]:
    known = [_training_skeletons(item.artifact_sha256, artifacts_dir, item.trained_on) for item in questions]
    if any(question.target == "tg" for question in questions):
        known.append(_melting_skeletons(with_melting_point))
    structures, errors = _read(entries, known)
    rows = [index for index, structure in enumerate(structures) if structure is not None]
    columns: dict[str, list] = {
        "name": [_storable(name) for _, name in entries],
        "smiles": [_storable(smiles) for smiles, _ in entries],
        "canonical_smiles": [structure and structure.smiles for structure in structures],
    }
    good, names = [structures[row] for row in rows], [entries[row][1] for row in rows]
    for question in questions:
        asked = _frame(question, good, names, melting_point)
        predictions, problems = _predicted(_model(question.artifact_sha256, artifacts_dir), asked)
        for position, problem in problems.items():
            errors[rows[position]] = _joined(errors[rows[position]], f"{question.target}: {problem}")
        columns |= _columns(question, predictions, rows, problems, len(entries))
    return columns | {"error": errors}


@dataclass(frozen=True)
class _Structure:
    """A canonical SMILES and, where the molecule may be a known one, its InChIKey."""

    smiles: str
    inchikey: str = ""


def _frame(
    question: Question, structures: Sequence[_Structure], names: Sequence[str], melting_point: MeltingPoint
) -> pd.DataFrame:
    texts = pd.Series([structure.smiles for structure in structures], dtype=object)
    rows = pd.DataFrame({"smiles": texts}).assign(**question.conditions)
    rows[CONNECTIVITY] = pd.Series([structure.inchikey[:14] for structure in structures], dtype=object)
    if question.target == "tg":
        pairs = zip(structures, names, strict=True)
        found = (melting_point(item.inchikey, name) if item.inchikey else None for item, name in pairs)
        rows["tm_kelvin"] = [point[0] if point else math.nan for point in found]
    return rows


@lru_cache(maxsize=_MODELS)
def _model(sha256: str, artifacts_dir: str) -> FittedModel:
    return artifacts.load(sha256, Path(artifacts_dir))


@lru_cache(maxsize=_MODELS)
def _training_skeletons(sha256: str, artifacts_dir: str, trained_on: tuple[str, ...]) -> Skeletons | None:
    """Return the skeletons of the training molecules, None if those given are not all of them."""
    identities = {item for series in _model(sha256, artifacts_dir).series.values() for item in series.identities}
    if not identities <= {parse(smiles).connectivity for smiles in trained_on}:
        return None
    return Skeletons((formula(smiles), smiles) for smiles in trained_on)


@lru_cache(maxsize=1)
def _melting_skeletons(substances: Substances) -> Skeletons:
    return Skeletons(substances())


def _read(
    entries: Sequence[tuple[str, str]], known: Sequence[Skeletons | None]
) -> tuple[list[_Structure | None], list[str | None]]:
    """Return the structure of each row, or why there is none."""
    structures: list[_Structure | None] = []
    errors: list[str | None] = []
    with QUIET:
        for smiles, name in entries:
            try:
                _check_text(smiles + name)
                structures.append(_structure(canonical(smiles), known))
                errors.append(None)
            except (ValueError, RuntimeError) as error:  # RDKit raises these two for a structure that it cannot treat
                structures.append(None)
                errors.append(str(error))
    return structures, errors


def _structure(smiles: str, known: Sequence[Skeletons | None]) -> _Structure:
    if any(skeletons is None or skeletons.may_hold(smiles) for skeletons in known):
        return _Structure(smiles, parse(smiles).inchikey)
    return _Structure(smiles)


def _check_text(text: str) -> None:
    if "\x00" in text or _storable(text) != text:
        msg = "the row must be plain UTF-8 text, without NUL and bytes that are no text; save the file as UTF-8"
        raise InputError(msg)


def _storable(text: str) -> str:
    """Return a text in which bytes that were no UTF-8 stand as question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _predicted(model: FittedModel, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, str]]:
    """Predict all rows at once or, where one of them spoils that, the halves apart, down to the row at fault."""
    try:
        return model.predict(rows), {}
    except (ValueError, RuntimeError) as error:  # RDKit raises these two for a structure that it cannot treat
        if len(rows) == 1:
            return pd.DataFrame(index=rows.index), {int(rows.index[0]): str(error)}
    half = len(rows) // 2
    (first, problems), (second, more) = _predicted(model, rows[:half]), _predicted(model, rows[half:])
    return pd.concat([first, second]), problems | more


def _columns(
    question: Question, predictions: pd.DataFrame, rows: Sequence[int], problems: Mapping[int, str], count: int
) -> dict[str, list]:
    """Return the predictions of the good rows as columns of all rows."""
    kept = [(position, row) for position, row in enumerate(rows) if position not in problems]
    target, columns = question.target, {}
    predictions, chances = _with_chances(question, predictions)
    for name in (*NUMBERS, *FLAGS, REASONS, *chances):
        whole: list = [None] * count
        if kept:
            values = predictions[name].tolist()
            for position, row in kept:
                whole[row] = values[position]
        columns[f"{target}_{name}"] = whole
    columns[f"{target}_{REASONS}"] = [
        item if item is None else "; ".join(item) for item in columns[f"{target}_{REASONS}"]
    ]
    return columns


def _with_chances(question: Question, predictions: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Add how likely each value is at or below each threshold of the target; None where that cannot be said."""
    names = [probability_column(threshold) for threshold in THRESHOLDS.get(question.target, ())]
    if not names or "value" not in predictions:
        return predictions, names
    known = predictions.dropna(subset=list(NUMBERS))
    value, scale = known["value"].to_numpy(np.float64), half_widths(known["lower"], known["upper"])
    errors = np.array(question.errors, dtype=np.float64)
    for name, threshold in zip(names, THRESHOLDS[question.target], strict=True):
        chance = pd.Series(probability_at_most(value, scale, threshold, errors), index=known.index)
        chance = chance.reindex(predictions.index).astype(object)
        predictions = predictions.assign(**{name: chance.where(chance.notna(), None)})
    return predictions, names


def _joined(first: str | None, second: str) -> str:
    return f"{first}; {second}" if first else second


def screening_targets(names: Sequence[str]) -> list[str]:
    """
    Return targets that molecules can be screened for, or say which can.

    Examples
    --------
    >>> screening_targets(["tg", "iri"])
    ['tg', 'iri']
    """
    for name in names:
        if target_named(name).subject != "smiles":
            msg = f"{name} is predicted for formulations, not for molecules; screen for tg, iri or both"
            raise InputError(msg)
    if not names or len(set(names)) != len(names):
        msg = f"the targets are {', '.join(names) or 'none'}; name each target once, such as tg,iri"
        raise InputError(msg)
    return list(names)
